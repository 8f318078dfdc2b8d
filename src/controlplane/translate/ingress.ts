import type { Resource } from '../model/resources.ts';
import { accessLog } from './access-log.ts';
import { listenerOf } from './cluster.ts';
import { httpFilter } from './http-connection-manager.ts';
import { clusterName, ingressStatPrefix, routeConfigName } from './names.ts';
import { isHttp, portsOf } from './ports.ts';
import { compact, duration } from './proto.ts';
import type { Listener } from './specs.ts';
import { tcpProxy } from './tcp-proxy.ts';
import { withTls } from './tls-chains.ts';
import type { Port, ProtoJson } from './types.ts';

const timeoutOf = (listener: Listener | undefined) => listener?.timeout?.http ?? listener?.timeout?.http2 ?? listener?.timeout?.grpc;

const localCluster = (node: Resource<'virtualNode'>, { protocol, port }: Port): string => clusterName('ingress', node.mesh, node.name, protocol, port);

const statPrefixOf = (node: Resource<'virtualNode'>, port: Port): string => ingressStatPrefix(port, portsOf(node.spec.listeners).length);

const tcpFilter = (node: Resource<'virtualNode'>, port: Port): ProtoJson =>
  tcpProxy({
    stat_prefix: statPrefixOf(node, port),
    cluster: localCluster(node, port),
    idle_timeout: duration(listenerOf(node, port)?.timeout?.tcp?.idle),
    access_log: accessLog(node.spec.logging),
  });

function filterOf(node: Resource<'virtualNode'>, port: Port): ProtoJson {
  if (!isHttp(port.protocol)) return tcpFilter(node, port);
  return httpFilter({ statPrefix: statPrefixOf(node, port), routes: routeConfigName('ingress', port.protocol, port.port), logging: node.spec.logging });
}

/** The filter chains of the node's ports: one each, two where a port takes both TLS and plain text. */
export const ingressChains = (node: Resource<'virtualNode'>): ProtoJson[] =>
  portsOf(node.spec.listeners).flatMap((port) =>
    withTls({ filters: [filterOf(node, port)] }, { destination_port: port.port }, listenerOf(node, port)?.tls, port.protocol),
  );

/** Everything that comes in on an HTTP port goes to the application beside the sidecar. */
export const ingressRoutes = (node: Resource<'virtualNode'>): ProtoJson[] =>
  portsOf(node.spec.listeners)
    .filter(({ protocol }) => isHttp(protocol))
    .map((port) => {
      const timeout = timeoutOf(listenerOf(node, port));
      const action = compact({ cluster: localCluster(node, port), timeout: duration(timeout?.perRequest) ?? '15s', idle_timeout: duration(timeout?.idle) });
      return {
        name: routeConfigName('ingress', port.protocol, port.port),
        virtual_hosts: [{ name: node.name, domains: ['*'], routes: [{ match: { prefix: '/' }, route: action }] }],
        validate_clusters: false,
      };
    });
