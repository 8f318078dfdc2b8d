import type { Log } from '../../../contracts/log.ts';
import { ConditionFailed, type Decided, type DocumentStore } from '../../../store/port.ts';
import type { MeshReader } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import type { ResourceId, Stored } from '../kinds.ts';
import { createAnnouncements } from './announcements.ts';
import { announcementOf, storedBy, writesOf, type Change } from './change.ts';
import { fromDocument, MESHES, partitionOf } from './documents.ts';
import { buildState, findIn, isMesh, withoutResource, withResource, type MeshState } from './mesh-state.ts';
import { SortedMap } from './sorted-map.ts';

/**
 * Every mesh in memory, and how it changes: decided from memory, applied to the store, swapped in, then told to the listeners.
 * Changes of one mesh are decided one after another, each from what the one before it made, so that what a rule saw still holds.
 * None waits for the disk: who answers for a change awaits `durable` after it.
 */
export interface MeshStore {
  readonly reader: MeshReader;
  meshes(): SortedMap<MeshState>;
  find(id: ResourceId): Stored | undefined;
  /**
   * Makes a change, and gives the resource as it was put or removed. Where another writer was quicker, it is decided anew from what holds now.
   * @throws what `decide` throws; ConditionFailed where a write that goes along is refused; ApiError ConflictException where others are always quicker
   */
  change(mesh: string, decide: () => Change): Promise<Stored>;
  /** Resolves once all changes so far outlive the machine. */
  durable(): Promise<void>;
}

/** How often a change is decided before its caller hears of the others. */
const MOST_ATTEMPTS = 10;

interface Made {
  readonly change: Change;
  readonly stored: Stored;
}

/** A change cannot be decided, as memory is being read anew. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

async function loadMesh(store: DocumentStore, mesh: Stored<'mesh'>): Promise<MeshState> {
  return buildState(mesh, (await store.query(partitionOf(mesh.name))).map(fromDocument));
}

async function loadAll(store: DocumentStore): Promise<SortedMap<MeshState>> {
  const states: [string, MeshState][] = [];
  for (const mesh of (await store.query(MESHES)).map(fromDocument)) if (isMesh(mesh)) states.push([mesh.name, await loadMesh(store, mesh)]);
  return SortedMap.from(states);
}

/** All meshes after a change of one resource. */
function withChange(meshes: SortedMap<MeshState>, change: Change, stored: Stored): SortedMap<MeshState> {
  const state = meshes.get(stored.mesh);
  if (state === undefined) return change.kind === 'put' && isMesh(stored) ? meshes.with(stored.mesh, buildState(stored, [])) : meshes;
  if (change.kind === 'put') return meshes.with(stored.mesh, withResource(state, stored, change.before));
  return isMesh(stored) ? meshes.without(stored.mesh) : meshes.with(stored.mesh, withoutResource(state, stored));
}

/** Whether a write beside the change was refused, so that memory is right. */
function isRefusedBeside(error: unknown, change: Change): boolean {
  if (!(error instanceof ConditionFailed) || change.kind === 'remove') return false;
  const { pk, sk } = error.key;
  return change.also?.some((write) => write.pk === pk && write.sk === sk) === true;
}

/** Loads everything the store holds. Only one process may write meshes to a store; if another did, its changes are taken over when a write collides. */
export async function openMeshStore(store: DocumentStore, log: Log): Promise<MeshStore> {
  let meshes = await loadAll(store);
  const { tell, onChange } = createAnnouncements(log);
  /** Meshes of which memory may not be what the store holds: nothing is decided from it. With the reading that mends it, once it is under way. */
  const outOfDate = new Map<string, Promise<void> | undefined>();

  const reload = async (mesh: string): Promise<void> => {
    const document = await store.get({ pk: MESHES, sk: mesh });
    const resource = document === undefined ? undefined : fromDocument(document);
    meshes = resource !== undefined && isMesh(resource) ? meshes.with(mesh, await loadMesh(store, resource)) : meshes.without(mesh);
    outOfDate.delete(mesh);
    tell({ mesh, kind: 'mesh', name: mesh, change: resource === undefined ? 'deleted' : 'updated' });
  };
  /** After a write that did not succeed the store alone knows what holds: the write may have been made, or somebody else's. */
  const refreshed = async (mesh: string): Promise<void> => {
    if (!outOfDate.has(mesh)) return;
    const reading = outOfDate.get(mesh) ?? reload(mesh);
    outOfDate.set(mesh, reading);
    try {
      await reading;
    } catch (error) {
      // The next one reads again.
      if (outOfDate.get(mesh) === reading) outOfDate.set(mesh, undefined);
      throw error;
    }
  };

  const decideOn = (mesh: string, decide: () => Change): Decided<Made> => {
    if (outOfDate.has(mesh)) throw new Overtaken(`mesh ${mesh} is being read anew`);
    const change = decide();
    return {
      writes: writesOf(change),
      applied: () => {
        const stored = storedBy(change);
        meshes = withChange(meshes, change, stored);
        return { change, stored };
      },
      undone: (error) => {
        if (!isRefusedBeside(error, change)) outOfDate.set(mesh, undefined);
      },
    };
  };
  const attempt = async (mesh: string, decide: () => Change): Promise<Stored | undefined> => {
    try {
      await refreshed(mesh);
      const { change, stored } = await store.applyInTurn(mesh, () => decideOn(mesh, decide));
      const announcement = announcementOf(change);
      if (announcement !== undefined) tell(announcement);
      return stored;
    } catch (error) {
      if (!outOfDate.has(mesh)) throw error;
      await refreshed(mesh);
      if (error instanceof Overtaken || error instanceof ConditionFailed) return undefined;
      throw error;
    }
  };

  return {
    meshes: () => meshes,
    find: (id) => findIn(meshes.get(id.mesh), id),
    change: async (mesh, decide) => {
      for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
        const stored = await attempt(mesh, decide);
        if (stored !== undefined) return stored;
      }
      throw new ApiError('ConflictException', `Mesh ${mesh} is changed by other writers all the time; try again`);
    },
    durable: () => store.durable(),
    reader: {
      meshNames: () => [...meshes.keys()],
      view: (mesh) => meshes.get(mesh)?.view,
      onChange,
    },
  };
}
