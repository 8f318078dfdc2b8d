import type { DocumentStore } from '../../../store/port.ts';
import { isMeshTopic, meshOfTopic, meshTopic, type ChangeLog } from '../../peers/change-log.ts';
import type { Stored } from '../kinds.ts';
import { fromDocument, MESHES, partitionOf } from './documents.ts';
import { repeated } from './mesh-memory.ts';
import { buildState, isMesh, type MeshState } from './mesh-state.ts';
import { SortedMap } from './sorted-map.ts';

/** A mesh as it is in the store (undefined: there is none), and by how many changes it came to be so. */
export interface MeshReading {
  readonly state: MeshState | undefined;
  readonly sequence: number;
}

async function readResources(store: DocumentStore, mesh: Stored<'mesh'>): Promise<MeshState> {
  return buildState(mesh, (await store.query(partitionOf(mesh.name))).map(fromDocument));
}

async function readState(store: DocumentStore, mesh: string): Promise<MeshState | undefined> {
  const document = await store.get({ pk: MESHES, sk: mesh });
  const resource = document === undefined ? undefined : fromDocument(document);
  return resource !== undefined && isMesh(resource) ? await readResources(store, resource) : undefined;
}

/** Documents are read one after another, while others change them. Repeating the changes made since before the first was read leads to one moment for all. */
async function upToDate(changes: ChangeLog, mesh: string, state: MeshState | undefined, sequence: number): Promise<MeshReading> {
  const entries = await changes.after(mesh, sequence);
  const before = SortedMap.from<MeshState>(state === undefined ? [] : [[mesh, state]]);
  const after = entries.reduce(repeated, before);
  return { state: after.get(mesh), sequence: entries.at(-1)?.sequence ?? sequence };
}

/** Reads one mesh anew. Where nobody else writes, its changes are not numbered in the store, and `known` is their number. */
export async function readMesh(store: DocumentStore, changes: ChangeLog | undefined, mesh: string, known: number): Promise<MeshReading> {
  if (changes === undefined) return { state: await readState(store, mesh), sequence: known };
  const sequence = await changes.head(meshTopic(mesh));
  return await upToDate(changes, mesh, await readState(store, mesh), sequence);
}

/** Reads everything the store holds. */
export async function readMeshes(store: DocumentStore, changes: ChangeLog | undefined): Promise<ReadonlyMap<string, MeshReading>> {
  const heads = (await changes?.heads()) ?? new Map<string, number>();
  // Of a mesh that was removed the number is kept: one that is made anew by its name goes on from there.
  const readings = new Map<string, MeshReading>([...heads].filter(([topic]) => isMeshTopic(topic)).map(([topic, sequence]) => [meshOfTopic(topic), { state: undefined, sequence }]));
  for (const mesh of (await store.query(MESHES)).map(fromDocument)) {
    if (!isMesh(mesh)) continue;
    const state = await readResources(store, mesh);
    const sequence = heads.get(meshTopic(mesh.name)) ?? 0;
    readings.set(mesh.name, changes === undefined ? { state, sequence } : await upToDate(changes, mesh.name, state, sequence));
  }
  return readings;
}
