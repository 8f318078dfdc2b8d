import type { Noted } from '../../peers/change-log.ts';
import type { Stored } from '../kinds.ts';
import { announcementOf, type Change } from './change.ts';
import { buildState, findIn, isMesh, withoutResource, withResource, type MeshState } from './mesh-state.ts';
import type { SortedMap } from './sorted-map.ts';
import type { MeshChange } from '../../model/resources.ts';

/** Every mesh in memory, and by how many changes it came to be what it is. */
export interface MeshMemory {
  readonly meshes: () => SortedMap<MeshState>;
  sequenceOf(mesh: string): number;
  /** Makes the `sequence`th change of a mesh, and gives what listeners are told of it; nothing where it is in memory already. */
  take(mesh: string, sequence: number, change: Noted): MeshChange | undefined;
  /** Puts a mesh that was read anew in the place of what is in memory (undefined: there is none); answers false where memory holds more. */
  replace(mesh: string, sequence: number, state: MeshState | undefined): boolean;
}

/** All meshes after a change of one resource. */
function withChange(meshes: SortedMap<MeshState>, { kind, stored }: Noted, before: Stored | undefined): SortedMap<MeshState> {
  const state = meshes.get(stored.mesh);
  if (state === undefined) return kind === 'put' && isMesh(stored) ? meshes.with(stored.mesh, buildState(stored, [])) : meshes;
  if (kind === 'put') return meshes.with(stored.mesh, withResource(state, stored, before));
  if (isMesh(stored)) return meshes.without(stored.mesh);
  return before === undefined ? meshes : meshes.with(stored.mesh, withoutResource(state, before));
}

const toChange = ({ kind, stored }: Noted, before: Stored | undefined): Change => (kind === 'put' ? { kind, next: stored, before } : { kind, gone: stored });

/** A mesh's state after a change that was noted of it. */
export function repeated(meshes: SortedMap<MeshState>, noted: Noted): SortedMap<MeshState> {
  return withChange(meshes, noted, findIn(meshes.get(noted.stored.mesh), noted.stored));
}

export function openMeshMemory(initial: SortedMap<MeshState>, sequences: ReadonlyMap<string, number>): MeshMemory {
  let meshes = initial;
  const changes = new Map(sequences);
  const sequenceOf = (mesh: string): number => changes.get(mesh) ?? 0;
  return {
    meshes: () => meshes,
    sequenceOf,
    take: (mesh, sequence, noted) => {
      if (sequence <= sequenceOf(mesh)) return undefined;
      const before = findIn(meshes.get(mesh), noted.stored);
      meshes = withChange(meshes, noted, before);
      changes.set(mesh, sequence);
      return announcementOf(toChange(noted, before));
    },
    replace: (mesh, sequence, state) => {
      if (sequence < sequenceOf(mesh)) return false;
      meshes = state === undefined ? meshes.without(mesh) : meshes.with(mesh, state);
      changes.set(mesh, sequence);
      return true;
    },
  };
}
