import type { Resource } from '../model/resources.ts';
import { compact, seconds } from './proto.ts';
import type { HealthCheckPolicy } from './specs.ts';
import { discoveredName } from './tls.ts';
import type { ProtoJson } from './types.ts';

const byHttp = ({ path, protocol }: HealthCheckPolicy, host: string): ProtoJson => ({
  http_health_check: { host, path: path ?? '/', codec_client_type: protocol === 'http2' ? 'HTTP2' : 'HTTP1' },
});

/** The API reference: grpc means the GRPC Health Checking Protocol. */
const BY_PROTOCOL: Readonly<Record<string, (policy: HealthCheckPolicy, host: string) => ProtoJson>> = {
  http: byHttp,
  http2: byHttp,
  grpc: (_policy, host) => ({ grpc_health_check: { authority: host } }),
  tcp: () => ({ tcp_health_check: {} }),
};

/**
 * The active health checks by which callers of a node tell its instances apart. They go to the port that traffic goes to, and start before the
 * first request does (Envoy would check an idle cluster once a minute only).
 */
export function healthChecks(node: Resource<'virtualNode'>, policy: HealthCheckPolicy | undefined): readonly ProtoJson[] | undefined {
  if (policy === undefined) return undefined;
  const { timeoutMillis, intervalMillis, healthyThreshold, unhealthyThreshold, protocol } = policy;
  const how = BY_PROTOCOL[protocol ?? ''];
  if (timeoutMillis === undefined || intervalMillis === undefined || how === undefined) return undefined;
  return [
    compact({
      timeout: seconds(timeoutMillis),
      interval: seconds(intervalMillis),
      no_traffic_interval: seconds(intervalMillis),
      healthy_threshold: healthyThreshold,
      unhealthy_threshold: unhealthyThreshold,
      ...how(policy, discoveredName(node) ?? node.name),
    }),
  ];
}
