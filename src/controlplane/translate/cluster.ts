import type { ConnectionPool, Listener } from './specs.ts';
import type { Resource } from '../model/resources.ts';
import { healthChecks } from './health-check.ts';
import { ipPreference } from './ip-preference.ts';
import { allowAllCluster, awsCluster, clusterName } from './names.ts';
import { any, compact, duration, isAddress, overAds, socketAddress } from './proto.ts';
import { upstreamTls } from './tls.ts';
import type { MeshLookup, Port, Protocol, ProtoJson, Proxy, Way } from './types.ts';

const UNLIMITED = 4_294_967_295;

const tcpOf = (pool: ConnectionPool | undefined) => (pool !== undefined && 'tcp' in pool ? pool.tcp : undefined);

const limitsOf = (pool: ConnectionPool | undefined): ProtoJson =>
  compact({
    max_connections: pool?.http?.maxConnections ?? tcpOf(pool)?.maxConnections,
    max_pending_requests: pool?.http?.maxPendingRequests,
    max_requests: pool?.http2?.maxRequests ?? pool?.grpc?.maxRequests,
  });

/** No limits of Envoy's own (1,024 each): only those that a listener's connection pool sets. */
const circuitBreakers = (pool?: ConnectionPool): ProtoJson => ({
  thresholds: ['DEFAULT', 'HIGH'].map((priority) => ({
    priority,
    max_connections: UNLIMITED,
    max_pending_requests: UNLIMITED,
    max_requests: UNLIMITED,
    max_retries: UNLIMITED,
    ...limitsOf(pool),
  })),
});

/** HTTP/2 upstream where the listener speaks it; Envoy's default is HTTP/1.1. */
const protocolOptions = (protocol: Protocol): ProtoJson | undefined =>
  protocol === 'http2' || protocol === 'grpc'
    ? {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any('extensions.upstreams.http.v3.HttpProtocolOptions', {
          explicit_http_config: { http2_protocol_options: {} },
        }),
      }
    : undefined;

/** Server errors in a row, as App Mesh counts them; Envoy's statistics across hosts are switched off. */
const outlierDetection = (outlier: Listener['outlierDetection']): ProtoJson | undefined =>
  outlier &&
  compact({
    consecutive_5xx: outlier.maxServerErrors,
    interval: duration(outlier.interval),
    base_ejection_time: duration(outlier.baseEjectionDuration),
    max_ejection_percent: outlier.maxEjectionPercent,
    enforcing_success_rate: 0,
  });

const FAMILY: Readonly<Record<string, string>> = {
  IPv4_ONLY: 'V4_ONLY',
  IPv4_PREFERRED: 'V4_PREFERRED',
  IPv6_ONLY: 'V6_ONLY',
  IPv6_PREFERRED: 'AUTO',
};

const oneEndpoint = (name: string, host: string, port: number): ProtoJson => ({
  cluster_name: name,
  endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(host, port) } }] }],
});

const byEds = (name: string): ProtoJson => ({ type: 'EDS', eds_cluster_config: { eds_config: overAds, service_name: name } });

const LOCALHOST = /(?:^|\.)localhost$/i;

/** The trailing dot keeps the resolver from trying the search domains. The names of this machine (RFC 6761) are known to it without one only. */
const toResolve = (hostname: string): string => (isAddress(hostname) || hostname.endsWith('.') || LOCALHOST.test(hostname) ? hostname : `${hostname}.`);

/** How the node is found: endpoints its workloads registered, else DNS by its own spec. What Cloud Map knows comes as endpoints, too. */
function discovery(mesh: MeshLookup, node: Resource<'virtualNode'>, port: Port, name: string, client: Proxy['client']): ProtoJson {
  const dns = node.spec.serviceDiscovery?.dns;
  if (dns?.hostname === undefined || mesh.endpoints(node.name) !== undefined) return byEds(name);
  if (isAddress(dns.hostname) && client === 'envoy') return { type: 'STATIC', load_assignment: oneEndpoint(name, dns.hostname, port.port) };
  const preference = ipPreference(mesh, node) ?? 'IPv4_PREFERRED';
  return {
    // gRPC clients refuse STRICT_DNS.
    type: dns.responseType === 'ENDPOINTS' && client === 'envoy' ? 'STRICT_DNS' : 'LOGICAL_DNS',
    dns_lookup_family: FAMILY[preference],
    load_assignment: oneEndpoint(name, toResolve(dns.hostname), port.port),
  };
}

export const listenerOf = (node: Resource<'virtualNode'>, { port }: Port): Listener | undefined =>
  node.spec.listeners?.find(({ portMapping }) => portMapping?.port === port);

/** A proxy's configuration needs something that this kind of client cannot be given. */
class NotTranslatable extends Error {
  override readonly name = 'NotTranslatable';
}

/** What only Envoy knows: a gRPC client has no health checks, no consecutive errors, and counts for us only when the cluster says so. */
function forClient(node: Resource<'virtualNode'>, port: Port, way: Way, client: Proxy['client']): ProtoJson {
  const listener = listenerOf(node, port);
  const transportSocket = upstreamTls(node, port, way.tls);
  if (client === 'envoy') {
    const checks = healthChecks(node, listener?.healthCheck);
    return {
      transport_socket: transportSocket,
      health_checks: checks,
      // Who is no longer among the endpoints is gone, whatever its last check said.
      ignore_health_on_host_removal: checks === undefined ? undefined : true,
      outlier_detection: outlierDetection(listener?.outlierDetection),
    };
  }
  if (transportSocket === undefined) return { lrs_server: { self: {} } };
  throw new NotTranslatable(
    `virtual node ${node.name}, port ${port.port}: needs TLS, which a proxyless gRPC client cannot be given by certificate files or an SDS socket`,
  );
}

/** The cluster through which a caller reaches one port of a virtual node. */
export const egressCluster = (mesh: MeshLookup, name: string, node: Resource<'virtualNode'>, port: Port, way: Way, client: Proxy['client']): ProtoJson =>
  compact({
    name,
    ...discovery(mesh, node, port, name, client),
    connect_timeout: '1s',
    circuit_breakers: circuitBreakers(way.pool),
    typed_extension_protocol_options: protocolOptions(port.protocol),
    ...forClient(node, port, way, client),
  });

/**
 * The cluster through which a sidecar hands traffic to the application beside it. The connection pool of the node's listener bounds it
 * (the user guide: it protects the local application).
 * @param address the application's
 */
export function ingressCluster(node: Resource<'virtualNode'>, port: Port, address: string): ProtoJson {
  const name = clusterName('ingress', node.mesh, node.name, port.protocol, port.port);
  return compact({
    name,
    type: 'STATIC',
    load_assignment: oneEndpoint(name, address, port.port),
    connect_timeout: '0.25s',
    circuit_breakers: circuitBreakers(listenerOf(node, port)?.connectionPool),
    typed_extension_protocol_options: protocolOptions(port.protocol),
  });
}

const EITHER_HTTP: ProtoJson = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any('extensions.upstreams.http.v3.HttpProtocolOptions', {
    use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
  }),
};

const originalDestination = (name: string): ProtoJson => ({
  name,
  type: 'ORIGINAL_DST',
  lb_policy: 'CLUSTER_PROVIDED',
  connect_timeout: '1s',
  circuit_breakers: circuitBreakers(),
});

/** Traffic goes on to where it was addressed: to AWS's endpoints in every mesh, elsewhere where the mesh lets it. */
export const passthroughClusters = (mesh: string, allowAll: boolean): readonly ProtoJson[] => [
  originalDestination(awsCluster(mesh)),
  ...(allowAll ? [{ ...originalDestination(allowAllCluster(mesh)), typed_extension_protocol_options: EITHER_HTTP }] : []),
];
