import type { Endpoint, Kind, MeshChange, MeshReader, MeshView, Resource, SpecOf } from '../../src/controlplane/model/resources.ts';
import type { EndpointReader } from '../../src/controlplane/snapshot/publisher.ts';

/** A mesh written by hand: specs by name, routes by `router/route`, gateway routes by `gateway/route`. */
export interface MeshSpecs {
  readonly name: string;
  readonly spec?: SpecOf['mesh'];
  readonly virtualNodes?: Readonly<Record<string, SpecOf['virtualNode']>>;
  readonly virtualRouters?: Readonly<Record<string, SpecOf['virtualRouter']>>;
  readonly routes?: Readonly<Record<string, SpecOf['route']>>;
  readonly virtualServices?: Readonly<Record<string, SpecOf['virtualService']>>;
  readonly virtualGateways?: Readonly<Record<string, SpecOf['virtualGateway']>>;
  readonly gatewayRoutes?: Readonly<Record<string, SpecOf['gatewayRoute']>>;
  readonly endpoints?: Readonly<Record<string, readonly Endpoint[]>>;
  /** What Cloud Map knows, by virtual node. */
  readonly instances?: Readonly<Record<string, readonly string[]>>;
}

function resource<K extends Kind>(kind: K, mesh: string, key: string, spec: SpecOf[K], version = 1): Resource<K> {
  const [name = '', parent] = key.split('/').reverse();
  const metadata = { arn: `arn:aws:appmesh:us-east-1:000000000000:mesh/${mesh}/${kind}/${key}`, uid: key, version, createdAt: 0, lastUpdatedAt: 0, meshOwner: '', resourceOwner: '' };
  return { kind, mesh, name, ...(parent === undefined ? {} : { parent }), spec, status: 'ACTIVE', metadata, tags: [] };
}

const all = <K extends Kind>(kind: K, mesh: string, specs: Readonly<Record<string, SpecOf[K]>> = {}): Map<string, Resource<K>> =>
  new Map(Object.entries(specs).map(([key, spec]) => [key, resource(kind, mesh, key, spec)]));

/** The view of a mesh written by hand, past any validation. */
export const viewOf = (mesh: MeshSpecs): MeshView => ({
  mesh: resource('mesh', mesh.name, mesh.name, mesh.spec ?? {}),
  virtualNodes: all('virtualNode', mesh.name, mesh.virtualNodes),
  virtualRouters: all('virtualRouter', mesh.name, mesh.virtualRouters),
  routes: all('route', mesh.name, mesh.routes),
  virtualServices: all('virtualService', mesh.name, mesh.virtualServices),
  virtualGateways: all('virtualGateway', mesh.name, mesh.virtualGateways),
  gatewayRoutes: all('gatewayRoute', mesh.name, mesh.gatewayRoutes),
});

const FIELD = {
  virtualNode: 'virtualNodes',
  virtualRouter: 'virtualRouters',
  route: 'routes',
  virtualService: 'virtualServices',
  virtualGateway: 'virtualGateways',
  gatewayRoute: 'gatewayRoutes',
} as const;
type Changeable = keyof typeof FIELD;

/** A mesh that a test changes as it likes, told to whoever reads it. */
export interface EditableMesh {
  readonly reader: MeshReader;
  readonly endpoints: EndpointReader;
  view(): MeshView;
  /** Creates or replaces; without a spec, deletes. */
  set<K extends Changeable>(kind: K, key: string, spec: SpecOf[K] | undefined): void;
  setEndpoints(virtualNode: string, endpoints: readonly Endpoint[] | undefined): void;
}

export function editableMesh(specs: MeshSpecs): EditableMesh {
  let view = viewOf(specs);
  const endpoints = new Map(Object.entries(specs.endpoints ?? {}));
  const meshListeners = new Set<(change: MeshChange) => void>();
  const endpointListeners = new Set<(mesh: string, virtualNode: string) => void>();
  const listen = <L>(listeners: Set<L>, listener: L) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    reader: {
      meshNames: () => [specs.name],
      view: (name) => (name === specs.name ? view : undefined),
      onChange: (listener) => listen(meshListeners, listener),
    },
    endpoints: { of: (_mesh, node) => endpoints.get(node), instancesOf: (_mesh, node) => specs.instances?.[node], onChange: (listener) => listen(endpointListeners, listener) },
    view: () => view,
    set: (kind, key, spec) => {
      const before: ReadonlyMap<string, Resource> = view[FIELD[kind]];
      const known = before.get(key);
      const next = new Map(before);
      if (spec === undefined) next.delete(key);
      else next.set(key, resource(kind, specs.name, key, spec, (known?.metadata.version ?? 0) + 1));
      view = { ...view, [FIELD[kind]]: next };
      const [name = '', parent] = key.split('/').reverse();
      const change = spec === undefined ? 'deleted' : known === undefined ? 'created' : 'updated';
      for (const listener of meshListeners) listener({ mesh: specs.name, kind, name, ...(parent === undefined ? {} : { parent }), change });
    },
    setEndpoints: (node, list) => {
      if (list === undefined) endpoints.delete(node);
      else endpoints.set(node, list);
      for (const listener of endpointListeners) listener(specs.name, node);
    },
  };
}
