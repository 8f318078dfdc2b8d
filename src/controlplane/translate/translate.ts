import type { Resource } from '../model/resources.ts';
import { egressCluster, ingressCluster, passthroughCluster } from './cluster.ts';
import { backendsOf, egressChains, egressRouteName, egressRoutes, groupByPort, type PortGroup } from './egress.ts';
import { loadAssignment } from './endpoint.ts';
import { ingressChains, ingressRoutes } from './ingress.ts';
import { apiListener, egressListener, ingressListener, loopback } from './listener.ts';
import { portsOf } from './ports.ts';
import type { Target } from './route.ts';
import type { MeshLookup, ProtoJson, Proxy, ProxyResources } from './types.ts';

const byName = (resources: readonly ProtoJson[], field = 'name'): Map<string, ProtoJson> =>
  new Map(resources.map((resource) => [String(resource[field]), resource]));

/** The clusters of all targets (a node on a port, once), and the endpoints of those that are served by EDS. */
function reach(mesh: MeshLookup, targets: readonly Target[], client: Proxy['client']): { clusters: ProtoJson[]; endpoints: ProtoJson[] } {
  const clusters = new Map<string, ProtoJson>();
  const endpoints = new Map<string, ProtoJson>();
  for (const { node, port } of targets) {
    const cluster = egressCluster(mesh, node, port, client);
    const name = String(cluster['name']);
    clusters.set(name, cluster);
    if (cluster['type'] === 'EDS') endpoints.set(name, loadAssignment(name, mesh.endpoints(node.name) ?? []));
  }
  return { clusters: [...clusters.values()], endpoints: [...endpoints.values()] };
}

interface Egress {
  readonly groups: readonly PortGroup[];
  readonly chains: ReadonlyMap<PortGroup, readonly ProtoJson[]>;
  readonly routes: readonly ProtoJson[];
  readonly clusters: readonly ProtoJson[];
  readonly endpoints: readonly ProtoJson[];
}

function translateEgress(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): Egress {
  const groups = groupByPort(backendsOf(mesh, node, proxy));
  const chained = groups.map((group) => egressChains(mesh, group, proxy, node.spec.logging));
  const routed = groups.filter(({ http }) => http.length > 0).map((group) => egressRoutes(mesh, group, proxy));
  return {
    groups,
    chains: new Map(groups.map((group, index) => [group, chained[index]?.chains ?? []])),
    routes: routed.map(({ resource }) => resource),
    ...reach(mesh, [...chained, ...routed].flatMap(({ targets }) => targets), proxy.client),
  };
}

/** A sidecar: traffic of the node is intercepted both ways. */
function sidecar(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const egress = translateEgress(mesh, node, proxy);
  const inbound = ingressChains(node, node.spec.logging);
  const options = {
    allowAll: mesh.mesh().spec.egressFilter?.type === 'ALLOW_ALL',
    inspectHttp: [...egress.chains.values()].some((chains) => chains.length > 1),
  };
  const outbound = egressListener(egress.groups.flatMap((group) => egress.chains.get(group) ?? []), options);
  return {
    listener: byName(inbound.length > 0 ? [ingressListener(inbound), outbound] : [outbound]),
    route: byName([...ingressRoutes(node), ...egress.routes]),
    cluster: byName([...portsOf(node.spec.listeners).map((port) => ingressCluster(node, port)), ...egress.clusters, passthroughCluster]),
    endpoint: byName(egress.endpoints, 'cluster_name'),
  };
}

/** An Envoy that listens on loopback for its backends, and intercepts nothing. */
function loopbackProxy(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const egress = translateEgress(mesh, node, proxy);
  const listeners = egress.groups.flatMap((group) => (egress.chains.get(group) ?? []).map((chain) => loopback(group.listenPort, chain)));
  return { listener: byName(listeners), route: byName(egress.routes), cluster: byName(egress.clusters), endpoint: byName(egress.endpoints, 'cluster_name') };
}

/** A proxyless gRPC client finds each backend under its own name, with and without the port. */
function grpcClient(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const egress = translateEgress(mesh, node, proxy);
  const listeners = egress.groups.flatMap((group) =>
    group.http.flatMap(({ name }) => [`${name}:${group.listenPort}`, name].map((target) => apiListener(target, egressRouteName(group, proxy)))),
  );
  // The name alone means the service's first port, so the first listener of a name wins.
  return {
    listener: byName(listeners.reverse()),
    route: byName(egress.routes),
    cluster: byName(egress.clusters),
    endpoint: byName(egress.endpoints, 'cluster_name'),
  };
}

/**
 * Everything one proxy is to be sent, from the mesh as it is. Pure.
 * Undefined when the proxy's own resource is not in the mesh. Virtual gateways have no translation yet.
 */
export function translate(mesh: MeshLookup, proxy: Proxy): ProxyResources | undefined {
  if (proxy.kind === 'virtualGateway') return undefined;
  const node = mesh.virtualNode(proxy.name);
  if (node === undefined) return undefined;
  if (proxy.client === 'grpc') return grpcClient(mesh, node, proxy);
  return proxy.listen === undefined ? sidecar(mesh, node, proxy) : loopbackProxy(mesh, node, proxy);
}
