import { Client, credentials } from '@grpc/grpc-js';
import type { RouteSpec } from '../../src/contracts/rollout.ts';
import { targetsOf } from '../../src/canary/weights.ts';
import { encode } from '../../src/controlplane/xds/codec.ts';
import { clusterName } from '../../src/controlplane/translate/names.ts';
import type { CrashingRuntime } from './runtime.ts';

const LRS = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';
const REPORT_MS = 100;
const REQUESTS = 100;
const identity = (bytes: Buffer): Buffer => bytes;

/** Reports requests as a sidecar does, by the weights of the route as it is, for as long as the runtime lives. */
export function reportLoad({ url, xdsPort }: CrashingRuntime, errorRateOf: (virtualNode: string) => number): () => void {
  const client = new Client(`127.0.0.1:${xdsPort}`, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(LRS, identity, identity);
  // The runtime is killed while it is told.
  call.on('error', () => undefined);
  call.on('data', () => undefined);
  const statsOf = ({ virtualNode = '', weight = 0 }: { virtualNode: string | undefined; weight: number | undefined }): object => {
    const errors = Math.round(REQUESTS * (weight / 100) * errorRateOf(virtualNode));
    return { cluster_name: clusterName('egress', 'm', virtualNode, 'http2', 80), upstream_locality_stats: [{ total_successful_requests: String(Math.round((REQUESTS * weight) / 100) - errors), total_error_requests: String(errors) }] };
  };
  const report = async (): Promise<void> => {
    const answer = await fetch(`${url}/v20190125/meshes/m/virtualRouter/r/routes/r`);
    const { spec } = (await answer.json()) as { spec: RouteSpec };
    call.write(Buffer.from(encode('envoy.service.load_stats.v3.LoadStatsRequest', { node: { id: 'mesh/m/virtualNode/caller' }, cluster_stats: targetsOf(spec).map(statsOf) })));
  };
  const timer = setInterval(() => void report().catch(() => undefined), REPORT_MS);
  return () => {
    clearInterval(timer);
    call.cancel();
    client.close();
  };
}
