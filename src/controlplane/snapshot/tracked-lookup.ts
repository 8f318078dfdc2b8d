import type { Endpoint, MeshView, Resource } from '../model/resources.ts';
import type { MeshLookup } from '../translate/types.ts';

type Child = Resource<'route'> | Resource<'gatewayRoute'>;

const grouped = new WeakMap<ReadonlyMap<string, Child>, Map<string, Child[]>>();

/** Routes by their router, gateway routes by their gateway; grouped once per state of them. */
function byParent<R extends Child>(children: ReadonlyMap<string, R>): Map<string, R[]> {
  const known = grouped.get(children);
  if (known !== undefined) return known as Map<string, R[]>;
  const groups = new Map<string, R[]>();
  for (const child of children.values()) {
    const parent = child.parent ?? '';
    const siblings = groups.get(parent);
    if (siblings === undefined) groups.set(parent, [child]);
    else siblings.push(child);
  }
  grouped.set(children, groups);
  return groups;
}

/** Names a source of a snapshot: `route/router/name`, `virtualNode/name`, `routes/router`, `endpoints/node`, … */
export const sourceKey = (kind: string, ...names: string[]): string => [kind, ...names].join('/');

/** Where the workloads of a mesh's nodes are, as far as anybody said. */
export interface Reachable {
  endpoints(virtualNode: string): readonly Endpoint[] | undefined;
  instances(virtualNode: string): readonly string[] | undefined;
}

/** A lookup that remembers what was asked for, absent things included: a change of any of it makes the snapshot out of date. */
export function trackedLookup(view: MeshView, reach: Reachable): { lookup: MeshLookup; sources: Map<string, number> } {
  const sources = new Map<string, number>();
  const seen = <R extends Resource>(resource: R | undefined, ...key: [string, ...string[]]): R | undefined => {
    sources.set(sourceKey(...key), resource?.metadata.version ?? 0);
    return resource;
  };
  const childrenOf = <R extends Child>(kind: R['kind'], children: ReadonlyMap<string, R>, parent: string): readonly R[] => {
    sources.set(sourceKey(`${kind}s`, parent), 0);
    const found = byParent(children).get(parent) ?? [];
    for (const child of found) seen(child, kind, parent, child.name);
    return found;
  };
  const lookup: MeshLookup = {
    mesh: () => {
      seen(view.mesh, 'mesh', view.mesh.name);
      return view.mesh;
    },
    virtualNode: (name) => seen(view.virtualNodes.get(name), 'virtualNode', name),
    virtualService: (name) => seen(view.virtualServices.get(name), 'virtualService', name),
    virtualRouter: (name) => seen(view.virtualRouters.get(name), 'virtualRouter', name),
    virtualGateway: (name) => seen(view.virtualGateways.get(name), 'virtualGateway', name),
    routesOf: (router) => childrenOf('route', view.routes, router),
    gatewayRoutesOf: (gateway) => childrenOf('gatewayRoute', view.gatewayRoutes, gateway),
    endpoints: (node) => {
      sources.set(sourceKey('endpoints', node), 0);
      return reach.endpoints(node);
    },
    instances: (node) => {
      sources.set(sourceKey('endpoints', node), 0);
      return reach.instances(node);
    },
  };
  return { lookup, sources };
}
