import type { Listener, Logging } from './specs.ts';
import type { Resource } from '../model/resources.ts';
import { httpFilter } from './http-connection-manager.ts';
import { clusterName, routeConfigName } from './names.ts';
import { isHttp, portsOf } from './ports.ts';
import { any, compact, duration } from './proto.ts';
import type { Port, ProtoJson } from './types.ts';

const timeoutOf = (listener: Listener | undefined) => listener?.timeout?.http ?? listener?.timeout?.http2 ?? listener?.timeout?.grpc;

const listenerOf = (node: Resource<'virtualNode'>, port: Port): Listener | undefined =>
  node.spec.listeners?.find(({ portMapping }) => portMapping?.port === port.port);

const localCluster = (node: Resource<'virtualNode'>, { protocol, port }: Port): string => clusterName('ingress', node.mesh, node.name, protocol, port);

function tcpFilter(node: Resource<'virtualNode'>, port: Port): ProtoJson {
  const config = compact({
    stat_prefix: `ingress_${port.port}`,
    cluster: localCluster(node, port),
    idle_timeout: duration(listenerOf(node, port)?.timeout?.tcp?.idle),
  });
  return { name: 'envoy.filters.network.tcp_proxy', typed_config: any('extensions.filters.network.tcp_proxy.v3.TcpProxy', config) };
}

/** One filter chain per port of the node. */
export const ingressChains = (node: Resource<'virtualNode'>, logging: Logging | undefined): ProtoJson[] =>
  portsOf(node.spec.listeners).map((port) => ({
    filter_chain_match: { destination_port: port.port },
    filters: [isHttp(port.protocol) ? httpFilter(`ingress_${port.port}`, routeConfigName('ingress', port.protocol, port.port), logging) : tcpFilter(node, port)],
  }));

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
