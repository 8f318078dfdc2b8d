import type { Endpoint, MeshView, Resource } from '../model/resources.ts';
import type { MeshLookup } from '../translate/types.ts';

const byRouter = new WeakMap<MeshView['routes'], Map<string, Resource<'route'>[]>>();

/** Routes by their router; grouped once per state of the mesh's routes. */
function routesByRouter(routes: MeshView['routes']): Map<string, Resource<'route'>[]> {
  const known = byRouter.get(routes);
  if (known !== undefined) return known;
  const grouped = new Map<string, Resource<'route'>[]>();
  for (const route of routes.values()) {
    const router = route.parent ?? '';
    const siblings = grouped.get(router);
    if (siblings === undefined) grouped.set(router, [route]);
    else siblings.push(route);
  }
  byRouter.set(routes, grouped);
  return grouped;
}

/** Names a source of a snapshot: `route/router/name`, `virtualNode/name`, `routes/router`, `endpoints/node`, … */
export const sourceKey = (kind: string, ...names: string[]): string => [kind, ...names].join('/');

/** A lookup that remembers what was asked for, absent things included: a change of any of it makes the snapshot out of date. */
export function trackedLookup(view: MeshView, endpointsOf: (virtualNode: string) => readonly Endpoint[] | undefined): { lookup: MeshLookup; sources: Map<string, number> } {
  const sources = new Map<string, number>();
  const seen = <R extends Resource>(resource: R | undefined, ...key: [string, ...string[]]): R | undefined => {
    sources.set(sourceKey(...key), resource?.metadata.version ?? 0);
    return resource;
  };
  const lookup: MeshLookup = {
    mesh: () => {
      seen(view.mesh, 'mesh', view.mesh.name);
      return view.mesh;
    },
    virtualNode: (name) => seen(view.virtualNodes.get(name), 'virtualNode', name),
    virtualService: (name) => seen(view.virtualServices.get(name), 'virtualService', name),
    virtualRouter: (name) => seen(view.virtualRouters.get(name), 'virtualRouter', name),
    routesOf: (router) => {
      sources.set(sourceKey('routes', router), 0);
      const routes = routesByRouter(view.routes).get(router) ?? [];
      for (const route of routes) seen(route, 'route', router, route.name);
      return routes;
    },
    endpoints: (node) => {
      sources.set(sourceKey('endpoints', node), 0);
      return endpointsOf(node);
    },
  };
  return { lookup, sources };
}
