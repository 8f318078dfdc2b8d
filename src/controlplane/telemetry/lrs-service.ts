import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ProtoJson } from '../translate/types.ts';
import { seconds } from '../translate/proto.ts';
import type { Grant } from '../access/grants.ts';
import { identifyProxy } from '../access/identify-proxy.ts';
import { refuseFor } from '../access/refuse-stream.ts';
import { decode, encode, textOf } from '../xds/codec.ts';
import { withoutField } from '../xds/wire.ts';
import { countsOf } from './load-report.ts';
import type { Telemetry } from './telemetry.ts';

const REQUEST = 'envoy.service.load_stats.v3.LoadStatsRequest';
const RESPONSE = 'envoy.service.load_stats.v3.LoadStatsResponse';
const NODE_FIELD = 1;

/**
 * The load reporting service. The first message, which alone is known to hold the node, is answered once: a second answer would
 * restart the client's timer. `send_all_clusters`, as gRPC loses the first of a named list.
 */
export function createLrsService(telemetry: Telemetry, intervalMs: number): (call: ServerDuplexStream<Buffer, Buffer>, grant?: Grant) => void {
  // grpc-js writes Buffers only.
  const answer = Buffer.from(encode(RESPONSE, { send_all_clusters: true, load_reporting_interval: seconds(intervalMs) }));

  return (call, grant) => {
    let mesh: string | undefined;
    let refused = false;
    call.on('error', () => (refused = true));
    for (const event of ['end', 'cancelled', 'error', 'close']) call.on(event, () => telemetry.leave(call));
    call.on('end', () => call.end());

    const admit = (report: ProtoJson): void => {
      ({ mesh } = identifyProxy(textOf(report['node'], 'id'), grant));
      call.write(answer);
    };
    call.on('data', (bytes: Buffer) => {
      if (refused) return;
      try {
        const report = decode(REQUEST, mesh === undefined ? bytes : withoutField(bytes, NODE_FIELD));
        if (mesh === undefined) admit(report);
        if (mesh !== undefined) telemetry.report(mesh, countsOf(mesh, report), call);
      } catch (error) {
        refuseFor(call, error);
      }
    });
  };
}
