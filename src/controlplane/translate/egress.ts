import type { Resource } from '../model/resources.ts';
import { accessLog } from './access-log.ts';
import { httpFilter } from './http-connection-manager.ts';
import { allowAllCluster, EGRESS_STAT_PREFIX, loopbackListener, routeConfigName } from './names.ts';
import { isHttp, servicePorts } from './ports.ts';
import { duration } from './proto.ts';
import type { Reach } from './reach.ts';
import { httpRoutes, tcpRoute, weightedClusters } from './route.ts';
import type { ClientPolicyTls, Logging } from './specs.ts';
import { tcpProxy } from './tcp-proxy.ts';
import type { Caller, MeshLookup, Port, Protocol, ProtoJson, Proxy } from './types.ts';

/** A backend of the proxy on one of its ports. */
export interface Backend {
  readonly name: string;
  readonly service: Resource<'virtualService'> | undefined;
  readonly port: Port;
  /** Where the proxy listens for it: the service's port unless the node's metadata says otherwise. */
  readonly listenPort: number;
  /** What its client policy, or else the node's default one, demands. */
  readonly tls: ClientPolicyTls | undefined;
}

/** Backends that share a listening port. */
export interface PortGroup {
  readonly listenPort: number;
  readonly http: readonly Backend[];
  readonly tcp: readonly Backend[];
}

/** The backends by name, with the client policy that holds for each: its own, or the node's default. */
const policiesOf = ({ spec }: Resource<'virtualNode'>): ReadonlyMap<string, ClientPolicyTls | undefined> =>
  new Map(
    (spec.backends ?? []).flatMap(({ virtualService }) => {
      const { virtualServiceName, clientPolicy } = virtualService ?? {};
      return virtualServiceName === undefined ? [] : [[virtualServiceName, (clientPolicy ?? spec.backendDefaults?.clientPolicy)?.tls] as const];
    }),
  );

function listenPortsOf(proxy: Proxy, name: string, port: Port): number[] {
  if (proxy.client === 'grpc' || proxy.listen === undefined || proxy.listen === true) return [port.port];
  const chosen = proxy.listen[name];
  return chosen === undefined ? [] : [chosen];
}

/** Every backend of a node on every port it is reached on. A service on several ports has only its first on a chosen loopback port. */
export function backendsOf(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): Backend[] {
  const single = proxy.client === 'envoy' && proxy.listen !== undefined && proxy.listen !== true;
  return [...policiesOf(node)].flatMap(([name, tls]) => {
    const service = mesh.virtualService(name);
    const ports = servicePorts(mesh, service);
    return (single ? ports.slice(0, 1) : ports).flatMap((port) =>
      listenPortsOf(proxy, name, port).map((listenPort) => ({ name, service, port, listenPort, tls })),
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

const callerFor = (reach: Reach, { name, tls }: Backend): Caller => reach.caller({ label: name, tls });

/** Whether traffic to no backend may leave. */
export const allowsAll = (mesh: MeshLookup): boolean => mesh.mesh().spec.egressFilter?.type === 'ALLOW_ALL';

/** A request on a port of the backends that is for none of them goes where it was addressed, for as long as it takes. */
const stranger = (mesh: string): ProtoJson => ({
  name: 'mesh-allow-all',
  domains: ['*'],
  routes: [{ match: { prefix: '/' }, route: { cluster: allowAllCluster(mesh), timeout: '0s' } }],
});

/**
 * The route configuration of all HTTP backends of a port: a virtual host each, without routes where the service has no provider.
 * Envoy refuses a domain twice, and takes `a`, `A` and (of a service named so) `a:80` for equal: the first backend keeps it.
 */
export function egressRoutes(reach: Reach, group: PortGroup, proxy: Proxy, { letsStrangersOut }: { letsStrangersOut: boolean }): ProtoJson {
  const catchAll = group.http.length === 1 && proxy.client === 'envoy' && proxy.listen !== undefined && proxy.listen !== true;
  const taken = new Set<string>();
  const hosts = group.http.flatMap((backend) => {
    const domains = domainsOf(backend, catchAll).filter((domain) => taken.size < taken.add(domain.toLowerCase()).size);
    return domains.length === 0 ? [] : [{ name: backend.name, domains, routes: httpRoutes(callerFor(reach, backend), backend.service, backend.port) }];
  });
  // A route may name a cluster that Envoy refused: better that route fails than all of them.
  return { name: egressRouteName(group, proxy), virtual_hosts: letsStrangersOut && !taken.has('*') ? [...hosts, stranger(proxy.mesh)] : hosts, validate_clusters: false };
}

function tcpFilter(reach: Reach, backend: Backend, logging: Logging | undefined): ProtoJson | undefined {
  const caller = callerFor(reach, backend);
  const { route, targets } = tcpRoute(caller.mesh, backend.service, backend.port);
  if (targets.length === 0) return undefined;
  return tcpProxy({
    stat_prefix: backend.name,
    weighted_clusters: weightedClusters(caller, targets),
    idle_timeout: duration(route?.timeout?.idle),
    access_log: accessLog(logging),
  });
}

function firstTcpFilter(reach: Reach, backends: readonly Backend[], logging: Logging | undefined): ProtoJson | undefined {
  for (const backend of backends) {
    const filter = tcpFilter(reach, backend, logging);
    if (filter !== undefined) return filter;
  }
  return undefined;
}

/**
 * The filter chains of one port. A port told apart by nothing but its number can carry one TCP service: the first that has targets.
 * Where it carries HTTP as well, HTTP is recognised by its application protocol.
 */
export function egressChains(reach: Reach, group: PortGroup, proxy: Proxy, logging: Logging | undefined): ProtoJson[] {
  const intercepted = proxy.listen === undefined;
  const hasHttp = group.http.length > 0;
  const tcp = intercepted || !hasHttp ? firstTcpFilter(reach, group.tcp, logging) : undefined;
  const match = intercepted ? { filter_chain_match: { destination_port: group.listenPort } } : {};
  const chains: ProtoJson[] = [];
  if (hasHttp) {
    const only = tcp === undefined ? match : { filter_chain_match: { destination_port: group.listenPort, application_protocols: ['http/1.0', 'http/1.1', 'h2c'] } };
    const statPrefix = intercepted ? EGRESS_STAT_PREFIX : loopbackListener(group.listenPort);
    chains.push({ ...only, filters: [httpFilter({ statPrefix, routes: egressRouteName(group, proxy), logging })] });
  }
  if (tcp !== undefined) chains.push({ ...match, filters: [tcp] });
  return chains;
}
