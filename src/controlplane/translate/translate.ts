import type { Resource } from '../model/resources.ts';
import { ingressCluster, passthroughClusters } from './cluster.ts';
import { allowsAll, backendsOf, egressChains, egressRouteName, egressRoutes, groupByPort, type PortGroup } from './egress.ts';
import { gatewayListeners, gatewayRouteConfigs } from './gateway.ts';
import { ingressChains, ingressRoutes } from './ingress.ts';
import { ipPreference, localAddress } from './ip-preference.ts';
import { apiListener, egressListener, ingressListener, loopback } from './listener.ts';
import { portsOf } from './ports.ts';
import { createReach, type Reach } from './reach.ts';
import { inspectsTls } from './tls-chains.ts';
import type { MeshLookup, ProtoJson, Proxy, ProxyResources } from './types.ts';

const byName = (resources: readonly ProtoJson[]): Map<string, ProtoJson> => new Map(resources.map((resource) => [String(resource['name']), resource]));

interface Egress {
  readonly groups: readonly PortGroup[];
  readonly chains: ReadonlyMap<PortGroup, readonly ProtoJson[]>;
  readonly routes: readonly ProtoJson[];
  readonly reach: Reach;
}

function translateEgress(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): Egress {
  const groups = groupByPort(backendsOf(mesh, node, proxy));
  const reach = createReach(mesh, proxy.client);
  const chains = new Map(groups.map((group) => [group, egressChains(reach, group, proxy, node.spec.logging)]));
  const letsStrangersOut = proxy.client === 'envoy' && proxy.listen === undefined && allowsAll(mesh);
  return { groups, chains, routes: groups.filter(({ http }) => http.length > 0).map((group) => egressRoutes(reach, group, proxy, { letsStrangersOut })), reach };
}

/** A sidecar: traffic of the node is intercepted both ways. */
function sidecar(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const { groups, chains, routes, reach } = translateEgress(mesh, node, proxy);
  const { listeners } = node.spec;
  const inbound = ingressChains(node);
  const allowAll = allowsAll(mesh);
  const preference = ipPreference(mesh, node);
  const outbound = egressListener([...chains.values()].flat(), {
    mesh: node.mesh,
    allowAll,
    inspectHttp: groups.some((group) => (chains.get(group)?.length ?? 0) > 1),
    preference,
  });
  const local = portsOf(listeners).map((port) => ingressCluster(node, port, localAddress(preference)));
  return {
    listener: byName(inbound.length > 0 ? [ingressListener(inbound, { inspectTls: inspectsTls(listeners), preference }), outbound] : [outbound]),
    route: byName([...ingressRoutes(node), ...routes]),
    cluster: byName([...local, ...reach.clusters.values(), ...passthroughClusters(node.mesh, allowAll)]),
    endpoint: reach.endpoints,
  };
}

/** An Envoy that listens on loopback for its backends, and intercepts nothing. */
function loopbackProxy(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const { groups, chains, routes, reach } = translateEgress(mesh, node, proxy);
  const listeners = groups.flatMap((group) => (chains.get(group) ?? []).map((chain) => loopback(group.listenPort, chain)));
  return { listener: byName(listeners), route: byName(routes), cluster: reach.clusters, endpoint: reach.endpoints };
}

/** A proxyless gRPC client finds each backend under its own name, with and without the port. */
function grpcClient(mesh: MeshLookup, node: Resource<'virtualNode'>, proxy: Proxy): ProxyResources {
  const { groups, routes, reach } = translateEgress(mesh, node, proxy);
  const listeners = groups.flatMap((group) =>
    group.http.flatMap(({ name }) => [`${name}:${group.listenPort}`, name].map((target) => apiListener(target, egressRouteName(group, proxy)))),
  );
  // The name alone means the service's first port, so the first listener of a name wins.
  return { listener: byName(listeners.reverse()), route: byName(routes), cluster: reach.clusters, endpoint: reach.endpoints };
}

/** An Envoy at the edge: traffic comes to ports of its own, and leaves to whatever its gateway routes lead to. */
function gatewayProxy(mesh: MeshLookup, gateway: Resource<'virtualGateway'>): ProxyResources {
  const reach = createReach(mesh, 'envoy');
  const routes = gatewayRouteConfigs(mesh, gateway, reach);
  return { listener: byName(gatewayListeners(mesh, gateway)), route: byName(routes), cluster: reach.clusters, endpoint: reach.endpoints };
}

/**
 * Everything one proxy is to be sent, from the mesh as it is. Pure.
 * Undefined when the proxy's own resource is not in the mesh. A gRPC client cannot be a gateway.
 * @throws NotTranslatable naming what a client of this kind cannot be given.
 */
export function translate(mesh: MeshLookup, proxy: Proxy): ProxyResources | undefined {
  if (proxy.kind === 'virtualGateway') {
    const gateway = proxy.client === 'envoy' ? mesh.virtualGateway(proxy.name) : undefined;
    return gateway && gatewayProxy(mesh, gateway);
  }
  const node = mesh.virtualNode(proxy.name);
  if (node === undefined) return undefined;
  if (proxy.client === 'grpc') return grpcClient(mesh, node, proxy);
  return proxy.listen === undefined ? sidecar(mesh, node, proxy) : loopbackProxy(mesh, node, proxy);
}
