import type { Log } from '../../../contracts/log.ts';
import { ConditionFailed, type Decided, type DocumentStore } from '../../../store/port.ts';
import type { MeshChange, MeshReader } from '../../model/resources.ts';
import { isMeshTopic, meshOfTopic, meshTopic, type ChangeLog } from '../../peers/change-log.ts';
import { ApiError } from '../errors.ts';
import type { ResourceId, Stored } from '../kinds.ts';
import { createAnnouncements } from './announcements.ts';
import { storedBy, writesOf, type Change } from './change.ts';
import { createMending } from './mend-meshes.ts';
import { openMeshMemory } from './mesh-memory.ts';
import { findIn, type MeshState } from './mesh-state.ts';
import { readMeshes } from './read-meshes.ts';
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
  /** Where other processes change meshes too: how their changes come in. */
  readonly shared?: SharedMeshes;
}

export interface SharedMeshes {
  /** Takes over what others changed of one mesh until now. */
  readonly catchUp: (mesh: string) => Promise<void>;
  /** As `catchUp`, of the meshes that others changed since, by the heads of all. */
  catchUpWith(heads: ReadonlyMap<string, number>): Promise<void>;
  /** As `catchUp`, of all meshes. */
  catchUpAll(): Promise<void>;
}

/** How often a change is tried before its caller hears of the others: at two writers that never rest, each try has about an even chance. */
const MOST_ATTEMPTS = 30;

/** A change cannot be decided, as memory is being read anew. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** Whether a write beside the change was refused, so that memory is right. */
function isRefusedBeside(error: unknown, change: Change): boolean {
  if (!(error instanceof ConditionFailed) || change.kind === 'remove') return false;
  const { pk, sk } = error.key;
  return change.also?.some((write) => write.pk === pk && write.sk === sk) === true;
}

interface Made {
  readonly stored: Stored;
  readonly announcement: MeshChange | undefined;
}

/**
 * Loads everything the store holds.
 * @param changes how several processes that write to one store hear of each other. Without it only one may write meshes; if another did, its changes are taken over when a write collides.
 */
export async function openMeshStore(store: DocumentStore, log: Log, changes?: ChangeLog): Promise<MeshStore> {
  const readings = [...(await readMeshes(store, changes))];
  const memory = openMeshMemory(
    SortedMap.from(readings.flatMap(([mesh, { state }]) => (state === undefined ? [] : [[mesh, state] as const]))),
    new Map(readings.map(([mesh, { sequence }]) => [mesh, sequence])),
  );
  const { tell, onChange } = createAnnouncements(log);
  const { isOutOfDate, distrust, refreshed, catchUp, reload } = createMending({ store, changes, memory, tell });

  const decideOn = (mesh: string, decide: () => Change): Decided<Made> => {
    if (isOutOfDate(mesh)) throw new Overtaken(`mesh ${mesh} is being read anew`);
    const change = decide();
    const noted = { kind: change.kind, stored: storedBy(change) };
    const sequence = memory.sequenceOf(mesh) + 1;
    return {
      writes: [...(changes?.note(mesh, sequence, noted) ?? []), ...writesOf(change)],
      applied: () => ({ stored: noted.stored, announcement: memory.take(mesh, sequence, noted) }),
      undone: (error) => {
        if (!isRefusedBeside(error, change)) distrust(mesh, error);
      },
    };
  };
  const attempt = async (mesh: string, decide: () => Change): Promise<Stored | 'lost' | 'overtaken'> => {
    try {
      await refreshed(mesh);
      const { stored, announcement } = await store.applyInTurn(mesh, () => decideOn(mesh, decide));
      if (announcement !== undefined) tell(announcement);
      return stored;
    } catch (error) {
      if (!isOutOfDate(mesh)) throw error;
      await refreshed(mesh);
      if (error instanceof Overtaken) return 'overtaken';
      if (error instanceof ConditionFailed) return 'lost';
      throw error;
    }
  };

  const sharing = (log: ChangeLog): SharedMeshes => ({
    catchUp,
    catchUpWith: async (heads) => {
      const isAhead = (mesh: string): boolean => (heads.get(meshTopic(mesh)) ?? 0) > memory.sequenceOf(mesh);
      for (const mesh of [...heads.keys()].filter(isMeshTopic).map(meshOfTopic).filter(isAhead)) {
        await catchUp(mesh);
        // The log no longer has what memory lacks.
        if (isAhead(mesh)) await reload(mesh);
      }
    },
    catchUpAll: async () => sharing(log).catchUpWith(await log.heads()),
  });

  return {
    meshes: memory.meshes,
    find: (id) => findIn(memory.meshes().get(id.mesh), id),
    change: async (mesh, decide) => {
      for (let lost = 0; lost < MOST_ATTEMPTS; ) {
        const outcome = await attempt(mesh, decide);
        if (typeof outcome === 'object') return outcome;
        if (outcome === 'lost') lost += 1;
      }
      throw new ApiError('ConflictException', `Mesh ${mesh} is changed by other writers all the time; try again`);
    },
    durable: () => store.durable(),
    reader: {
      meshNames: () => [...memory.meshes().keys()],
      view: (mesh) => memory.meshes().get(mesh)?.view,
      onChange,
    },
    ...(changes === undefined ? {} : { shared: sharing(changes) }),
  };
}
