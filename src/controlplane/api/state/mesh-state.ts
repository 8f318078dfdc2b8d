import type { Kind, MeshView } from '../../model/resources.ts';
import { collectionOf, keyOf, type Collection, type ResourceId, type Stored } from '../kinds.ts';
import { referencesOf } from '../rules/references.ts';
import { createReferenceIndex, type ReferenceIndex } from './reference-index.ts';
import { SortedMap } from './sorted-map.ts';

/** One mesh in memory: the view that readers hold, and the index that deletes ask. */
export interface MeshState {
  readonly view: MeshView;
  readonly references: ReferenceIndex;
}

const COLLECTIONS: readonly Collection[] = ['virtualNodes', 'virtualRouters', 'routes', 'virtualServices', 'virtualGateways', 'gatewayRoutes'];

const viewOf = (mesh: Stored<'mesh'>, collections: Readonly<Record<Collection, SortedMap<Stored>>>): MeshView =>
  ({ mesh, ...collections }) as unknown as MeshView;

/** A view's collection as what it is: every map of a view is one of ours. */
export const resourcesOf = (view: MeshView, kind: Exclude<Kind, 'mesh'>): SortedMap<Stored> =>
  view[collectionOf(kind)] as unknown as SortedMap<Stored>;

export const isMesh = (resource: Stored): resource is Stored<'mesh'> => resource.kind === 'mesh';

/** A mesh from all it holds, in any order. */
export function buildState(mesh: Stored<'mesh'>, children: readonly Stored[]): MeshState {
  const references = createReferenceIndex();
  for (const child of children) references.move(child.kind, keyOf(child), [], referencesOf(child));
  const grouped = Object.fromEntries(
    COLLECTIONS.map((collection) => [
      collection,
      SortedMap.from(
        children.filter(({ kind }) => kind !== 'mesh' && collectionOf(kind) === collection).map((child) => [keyOf(child), child] as const),
      ),
    ]),
  ) as Record<Collection, SortedMap<Stored>>;
  return { view: viewOf(mesh, grouped), references };
}

/** The state after a resource was put; the view before it stays as it was. */
export function withResource(state: MeshState, next: Stored, before: Stored | undefined): MeshState {
  if (isMesh(next)) return { ...state, view: { ...state.view, mesh: next } };
  const kind = next.kind as Exclude<Kind, 'mesh'>;
  state.references.move(kind, keyOf(next), before === undefined ? [] : referencesOf(before), referencesOf(next));
  return { ...state, view: { ...state.view, [collectionOf(kind)]: resourcesOf(state.view, kind).with(keyOf(next), next) } };
}

/** The state after a child resource was removed. */
export function withoutResource(state: MeshState, gone: Stored): MeshState {
  const kind = gone.kind as Exclude<Kind, 'mesh'>;
  state.references.move(kind, keyOf(gone), referencesOf(gone), []);
  return { ...state, view: { ...state.view, [collectionOf(kind)]: resourcesOf(state.view, kind).without(keyOf(gone)) } };
}

export const findIn = (state: MeshState | undefined, id: ResourceId): Stored | undefined => {
  if (state === undefined) return undefined;
  return id.kind === 'mesh' ? (state.view.mesh as Stored<'mesh'>) : resourcesOf(state.view, id.kind).get(keyOf(id));
};
