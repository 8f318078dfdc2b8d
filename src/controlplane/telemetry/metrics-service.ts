import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Log } from '../../contracts/log.ts';
import type { Grant } from '../access/grants.ts';
import { identifyProxy } from '../access/identify-proxy.ts';
import { refuseFor } from '../access/refuse-stream.ts';
import { decode, textOf } from '../xds/codec.ts';
import { fieldsOf } from '../xds/wire.ts';
import { latenciesOf } from './latency-report.ts';
import type { Telemetry } from './telemetry.ts';

const IDENTIFIER = 'envoy.service.metrics.v3.StreamMetricsMessage.Identifier';
const IDENTIFIER_FIELD = 1;

/** The node id of a stream's first message, which alone holds it. */
function nodeIdOf(message: Uint8Array): string {
  const bytes = fieldsOf(message).find(({ number }) => number === IDENTIFIER_FIELD)?.content;
  return bytes === undefined ? '' : textOf(decode(IDENTIFIER, bytes)['node'], 'id');
}

/** Envoy's metrics service: takes the histograms of how long requests took. A proxy says nothing else here; what it says besides is not looked at. */
export function createMetricsService(telemetry: Telemetry, log: Log): (call: ServerDuplexStream<Buffer, Buffer>, grant?: Grant) => void {
  return (call, grant) => {
    let mesh: string | undefined;
    let refused = false;
    let warned = false;
    call.on('error', () => (refused = true));
    call.on('end', () => {
      // The one answer that there is: an empty StreamMetricsResponse.
      if (!refused) call.write(Buffer.alloc(0));
      call.end();
    });

    const take = (from: string, message: Uint8Array): void => {
      const latencies = latenciesOf(from, message);
      if (latencies !== undefined) telemetry.reportLatency(from, latencies);
      else if (!warned) {
        warned = true;
        log('warn', "a proxy's latencies are not counted: its histograms have other bounds than `meshshift mesh bootstrap` gives", { mesh: from });
      }
    };
    call.on('data', (message: Buffer) => {
      if (refused) return;
      try {
        mesh ??= identifyProxy(nodeIdOf(message), grant).mesh;
        take(mesh, message);
      } catch (error) {
        refuseFor(call, error);
      }
    });
  };
}
