import { ConditionFailed, type DocumentStore } from '../../../store/port.ts';
import type { MeshChange } from '../../model/resources.ts';
import type { ChangeLog } from '../../peers/change-log.ts';
import { createSharedRuns } from '../../peers/shared-runs.ts';
import type { MeshMemory } from './mesh-memory.ts';
import { readMesh } from './read-meshes.ts';

/** Brings memory back to what the store holds. */
export interface Mending {
  /** Whether memory may not be what the store holds: nothing may be decided from it. */
  readonly isOutOfDate: (mesh: string) => boolean;
  /** Notes that a write of a mesh did not succeed: the store alone knows what holds, as it may have been made, or somebody else's. */
  readonly distrust: (mesh: string, error: unknown) => void;
  /** Resolves once memory may be trusted again. */
  readonly refreshed: (mesh: string) => Promise<void>;
  /** Takes over what others changed until now, in their order. */
  readonly catchUp: (mesh: string) => Promise<void>;
  /** Reads a mesh anew, whole. */
  readonly reload: (mesh: string) => Promise<void>;
}

export interface MendingOptions {
  readonly store: DocumentStore;
  readonly changes: ChangeLog | undefined;
  readonly memory: MeshMemory;
  readonly tell: (change: MeshChange) => void;
}

export function createMending({ store, changes, memory, tell }: MendingOptions): Mending {
  /** With the reading that mends it, once it is under way. */
  const outOfDate = new Map<string, Promise<void> | undefined>();
  /** Of these somebody else's change is in the log, and nothing else is wrong. */
  const behind = new Set<string>();

  const reload = async (mesh: string): Promise<void> => {
    for (let isTaken = false; !isTaken; ) {
      const { state, sequence } = await readMesh(store, changes, mesh, memory.sequenceOf(mesh));
      isTaken = memory.replace(mesh, sequence, state);
      if (isTaken) tell({ mesh, kind: 'mesh', name: mesh, change: state === undefined ? 'deleted' : 'updated' });
    }
  };
  const repeatLog = async (mesh: string): Promise<void> => {
    const from = memory.sequenceOf(mesh);
    const entries = (await changes?.after(mesh, from)) ?? [];
    // The log no longer goes back to where memory is.
    if (entries[0] !== undefined && entries[0].sequence > from + 1) {
      await reload(mesh);
      return;
    }
    for (const { sequence, ...noted } of entries) {
      const announcement = memory.take(mesh, sequence, noted);
      if (announcement !== undefined) tell(announcement);
    }
  };
  const catchUp = createSharedRuns(repeatLog);
  const mend = async (mesh: string): Promise<void> => {
    await (behind.has(mesh) ? catchUp(mesh) : reload(mesh));
    outOfDate.delete(mesh);
    behind.delete(mesh);
  };

  return {
    isOutOfDate: (mesh) => outOfDate.has(mesh),
    distrust: (mesh, error) => {
      const isBehind = error instanceof ConditionFailed && changes?.isHead(error.key) === true;
      if (!isBehind) behind.delete(mesh);
      else if (!outOfDate.has(mesh)) behind.add(mesh);
      outOfDate.set(mesh, undefined);
    },
    refreshed: async (mesh) => {
      if (!outOfDate.has(mesh)) return;
      const reading = outOfDate.get(mesh) ?? mend(mesh);
      outOfDate.set(mesh, reading);
      try {
        await reading;
      } catch (error) {
        // The next one reads again.
        if (outOfDate.get(mesh) === reading) outOfDate.set(mesh, undefined);
        throw error;
      }
    },
    catchUp,
    reload,
  };
}
