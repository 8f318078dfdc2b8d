import type { Log } from '../../../contracts/log.ts';
import { ConditionFailed, type DocumentStore, type Write } from '../../../store/port.ts';
import type { MeshChange, MeshReader, Resource } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import type { ResourceId, Stored } from '../kinds.ts';
import { documentKey, fromDocument, MESHES, partitionOf, toDocument } from './documents.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { buildState, findIn, isMesh, withoutResource, withResource, type MeshState } from './mesh-state.ts';
import { SortedMap } from './sorted-map.ts';

/**
 * Every mesh in memory, and how it changes: written to the store first, then swapped in, then told to the listeners.
 * Changes are made inside `serially`, so that what a rule saw still holds when its change is committed.
 */
export interface MeshStore {
  readonly reader: MeshReader;
  meshes(): SortedMap<MeshState>;
  find(id: ResourceId): Stored | undefined;
  serially<T>(mesh: string, task: () => Promise<T>): Promise<T>;
  /** Creates (no `before`) or replaces a resource, together with other writes; all or nothing. */
  put(next: Resource, before: Stored | undefined, also?: readonly Write[]): Promise<Stored>;
  remove(gone: Stored): Promise<void>;
}

const changeOf = ({ kind, mesh, name, parent }: ResourceId, change: MeshChange['change']): MeshChange => ({
  mesh,
  kind,
  name,
  ...(parent === undefined ? {} : { parent }),
  change,
});

async function loadMesh(store: DocumentStore, mesh: Stored<'mesh'>): Promise<MeshState> {
  return buildState(mesh, (await store.query(partitionOf(mesh.name))).map(fromDocument));
}

async function loadAll(store: DocumentStore): Promise<SortedMap<MeshState>> {
  const states: [string, MeshState][] = [];
  for (const mesh of (await store.query(MESHES)).map(fromDocument)) if (isMesh(mesh)) states.push([mesh.name, await loadMesh(store, mesh)]);
  return SortedMap.from(states);
}

/** Loads everything the store holds. Only one process may write meshes to a store; if another did, its changes are taken over when a write collides. */
export async function openMeshStore(store: DocumentStore, log: Log): Promise<MeshStore> {
  let meshes = await loadAll(store);
  const listeners = new Set<(change: MeshChange) => void>();
  const serially = createKeyedLock();

  const tell = (change: MeshChange): void => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        log('error', 'a listener to mesh changes threw', { ...change, error: String(error) });
      }
    }
  };

  /** After a write that did not succeed the store alone knows what holds: the write may have been made, or somebody else's. */
  const reload = async (mesh: string): Promise<void> => {
    const document = await store.get({ pk: MESHES, sk: mesh });
    const resource = document === undefined ? undefined : fromDocument(document);
    meshes = resource !== undefined && isMesh(resource) ? meshes.with(mesh, await loadMesh(store, resource)) : meshes.without(mesh);
    tell({ mesh, kind: 'mesh', name: mesh, change: resource === undefined ? 'deleted' : 'updated' });
  };

  const write = async (mesh: string, writes: readonly Write[]): Promise<void> => {
    try {
      await store.write(writes);
    } catch (error) {
      await reload(mesh);
      if (error instanceof ConditionFailed)
        throw new ApiError('ConflictException', `Mesh ${mesh} was changed by another writer meanwhile; read it and try again`, { cause: error });
      throw error;
    }
  };

  const find = (id: ResourceId): Stored | undefined => findIn(meshes.get(id.mesh), id);

  const swap = (next: Stored, before: Stored | undefined): void => {
    const state = meshes.get(next.mesh);
    if (state !== undefined) meshes = meshes.with(next.mesh, withResource(state, next, before));
    else if (isMesh(next)) meshes = meshes.with(next.mesh, buildState(next, []));
  };

  return {
    meshes: () => meshes,
    find,
    serially,
    put: async (next, before, also = []) => {
      const condition = before === undefined ? 'absent' : { version: before.revision };
      await write(next.mesh, [{ kind: 'put', ...documentKey(next), value: toDocument(next), if: condition }, ...also]);
      const stored: Stored = { ...next, revision: (before?.revision ?? 0) + 1 };
      swap(stored, before);
      if (before?.spec !== next.spec) tell(changeOf(next, before === undefined ? 'created' : 'updated'));
      return stored;
    },
    remove: async (gone) => {
      await write(gone.mesh, [{ kind: 'delete', ...documentKey(gone), if: { version: gone.revision } }]);
      const state = meshes.get(gone.mesh);
      if (state !== undefined) meshes = isMesh(gone) ? meshes.without(gone.mesh) : meshes.with(gone.mesh, withoutResource(state, gone));
      tell(changeOf(gone, 'deleted'));
    },
    reader: {
      meshNames: () => [...meshes.keys()],
      view: (mesh) => meshes.get(mesh)?.view,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}
