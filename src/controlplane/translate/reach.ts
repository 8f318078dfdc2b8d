import type { Endpoint, Resource } from '../model/resources.ts';
import { egressCluster } from './cluster.ts';
import { loadAssignment } from './endpoint.ts';
import { clusterName, variantName } from './names.ts';
import { upstreamTls } from './tls.ts';
import type { Caller, MeshLookup, Port, ProtoJson, Proxy, Way } from './types.ts';

/** The clusters of a proxy as its routes come to name them, and their endpoints. */
export interface Reach {
  /** One who names clusters and reaches them in a way of its own. */
  caller(way: Way): Caller;
  readonly clusters: ReadonlyMap<string, ProtoJson>;
  readonly endpoints: ReadonlyMap<string, ProtoJson>;
}

/** Registered endpoints as they are; instances of Cloud Map are reached on the node's own port. */
const endpointsOf = (mesh: MeshLookup, node: Resource<'virtualNode'>, { port }: Port): readonly Endpoint[] =>
  mesh.endpoints(node.name) ?? (mesh.instances(node.name) ?? []).map((ip) => ({ ip, port }));

const sameWay = (node: Resource<'virtualNode'>, port: Port, a: Way, b: Way): boolean =>
  JSON.stringify([upstreamTls(node, port, a.tls), a.pool]) === JSON.stringify([upstreamTls(node, port, b.tls), b.pool]);

/** Starts with nothing. The first way to a node's port gives the cluster its plain name; another way makes another cluster. */
export function createReach(mesh: MeshLookup, client: Proxy['client']): Reach {
  const clusters = new Map<string, ProtoJson>();
  const endpoints = new Map<string, ProtoJson>();
  const ways = new Map<string, Way>();

  const name = (node: Resource<'virtualNode'>, port: Port, way: Way): string => {
    const plain = clusterName('egress', node.mesh, node.name, port.protocol, port.port);
    const first = ways.get(plain);
    const chosen = first === undefined || sameWay(node, port, first, way) ? plain : variantName(plain, way.label);
    if (clusters.has(chosen)) return chosen;
    ways.set(chosen, way);
    const cluster = egressCluster(mesh, chosen, node, port, way, client);
    clusters.set(chosen, cluster);
    if (cluster['type'] === 'EDS') endpoints.set(chosen, loadAssignment(chosen, endpointsOf(mesh, node, port)));
    return chosen;
  };

  return { clusters, endpoints, caller: (way) => ({ mesh, client, cluster: (node, port) => name(node, port, way) }) };
}
