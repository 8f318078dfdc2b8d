import type { Logging } from './specs.ts';
import type { Resource } from '../model/resources.ts';
import { httpFilter } from './http-connection-manager.ts';
import { loopbackListener, routeConfigName } from './names.ts';
import { isHttp, servicePorts } from './ports.ts';
import { any, compact, duration } from './proto.ts';
import { httpRoutes, tcpRoute, weightedClusters, type Target } from './route.ts';
import type { MeshLookup, Port, Protocol, ProtoJson, Proxy } from './types.ts';

/** A backend of the proxy on one of its ports. */
export interface Backend {
  readonly name: string;
  readonly service: Resource<'virtualService'> | undefined;
  readonly port: Port;
  /** Where the proxy listens for it: the service's port unless the node's metadata says otherwise. */
  readonly listenPort: number;
}

/** Backends that share a listening port. */
export interface PortGroup {
  readonly listenPort: number;
  readonly http: readonly Backend[];
  readonly tcp: readonly Backend[];
}

/** A filter chain or route configuration in the making, with the nodes it sends to. */
export interface WithTargets {
  readonly resource: ProtoJson;
  readonly targets: readonly Target[];
}

const backendNames = (node: Resource<'virtualNode'>): string[] => [
  ...new Set((node.spec.backends ?? []).flatMap(({ virtualService }) => virtualService?.virtualServiceName ?? [])),
];

function listenPortsOf(proxy: Proxy, name: string, port: Port): number[] {
  if (proxy.client === 'grpc' || proxy.listen === undefined || proxy.listen === true) return [port.port];
  const chosen = proxy.listen[name];
  return chosen === undefined ? [] : [chosen];
}

/** Every backend of a node on every port it is reached on. A service on several ports has only its first on a chosen loopback port. */
export function backendsOf(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): Backend[] {
  const single = proxy.client === 'envoy' && proxy.listen !== undefined && proxy.listen !== true;
  return backendNames(node).flatMap((name) => {
    const service = mesh.virtualService(name);
    const ports = servicePorts(mesh, service);
    return (single ? ports.slice(0, 1) : ports).flatMap((port) =>
      listenPortsOf(proxy, name, port).map((listenPort) => ({ name, service, port, listenPort })),
    );
  });
}

/** By listening port, in the order of ports. */
export function groupByPort(backends: readonly Backend[]): PortGroup[] {
  const ports = [...new Set(backends.map(({ listenPort }) => listenPort))].sort((a, b) => a - b);
  return ports.map((listenPort) => {
    const here = backends.filter((backend) => backend.listenPort === listenPort);
    return {
      listenPort,
      http: here.filter(({ port }) => isHttp(port.protocol)),
      tcp: here.filter(({ port }) => !isHttp(port.protocol)),
    };
  });
}

/** One port takes HTTP of either version: it is named after its protocol, or `http` where backends differ. */
const protocolOf = (backends: readonly Backend[]): Protocol => {
  const protocols = new Set(backends.map(({ port }) => port.protocol));
  const [only] = protocols;
  return protocols.size === 1 && only !== undefined ? only : 'http';
};

export const egressRouteName = (group: PortGroup, proxy: Proxy): string =>
  routeConfigName(proxy.client === 'envoy' && proxy.listen !== undefined ? 'loopback' : 'egress', protocolOf(group.http), group.listenPort);

/** Any authority will do where a chosen loopback port leads to one service only. */
const domainsOf = ({ name, port, listenPort }: Backend, catchAll: boolean): string[] =>
  catchAll ? ['*'] : [...new Set([name, `${name}:${port.port}`, `${name}:${listenPort}`])];

/** The route configuration of all HTTP backends of a port: a virtual host each, without routes where the service has no provider. */
export function egressRoutes(mesh: MeshLookup, group: PortGroup, proxy: Proxy): WithTargets {
  const catchAll = group.http.length === 1 && proxy.client === 'envoy' && proxy.listen !== undefined && proxy.listen !== true;
  const hosts = group.http.map((backend) => {
    const { routes, targets } = httpRoutes(mesh, backend.service, backend.port, proxy.client);
    return { host: { name: backend.name, domains: domainsOf(backend, catchAll), routes }, targets };
  });
  return {
    // A route may name a cluster that Envoy refused: better that route fails than all of them.
    resource: { name: egressRouteName(group, proxy), virtual_hosts: hosts.map(({ host }) => host), validate_clusters: false },
    targets: hosts.flatMap(({ targets }) => targets),
  };
}

const TCP_PROXY = 'extensions.filters.network.tcp_proxy.v3.TcpProxy';

function tcpFilter(mesh: MeshLookup, { name, service, port }: Backend): WithTargets | undefined {
  const { route, targets } = tcpRoute(mesh, service, port);
  if (targets.length === 0) return undefined;
  const config = compact({ stat_prefix: name, weighted_clusters: weightedClusters(targets), idle_timeout: duration(route?.timeout?.idle) });
  return { resource: { name: 'envoy.filters.network.tcp_proxy', typed_config: any(TCP_PROXY, config) }, targets };
}

/**
 * The filter chains of one port. A port told apart by nothing but its number can carry one TCP service: the first that has targets.
 * Where it carries HTTP as well, HTTP is recognised by its application protocol.
 */
export function egressChains(mesh: MeshLookup, group: PortGroup, proxy: Proxy, logging: Logging | undefined): { chains: ProtoJson[]; targets: Target[] } {
  const tcp = group.tcp.map((backend) => tcpFilter(mesh, backend)).find((filter) => filter !== undefined);
  const intercepted = proxy.listen === undefined;
  const match = intercepted ? { filter_chain_match: { destination_port: group.listenPort } } : {};
  const chains: ProtoJson[] = [];
  if (group.http.length > 0) {
    const name = egressRouteName(group, proxy);
    const only = tcp === undefined || !intercepted ? match : { filter_chain_match: { destination_port: group.listenPort, application_protocols: ['http/1.0', 'http/1.1', 'h2c'] } };
    chains.push({ ...only, filters: [httpFilter(intercepted ? `egress_${group.listenPort}` : loopbackListener(group.listenPort), name, logging)] });
  }
  if (tcp !== undefined && (intercepted || chains.length === 0)) chains.push({ ...match, filters: [tcp.resource] });
  return { chains, targets: [...(tcp?.targets ?? [])] };
}
