import type { DocumentStore, Write } from '../../store/port.ts';
import type { Stored } from '../api/kinds.ts';

/** A change of one resource, as it is noted for others: the resource as it was put, or as it was before it was removed. */
export interface Noted {
  readonly kind: 'put' | 'remove';
  readonly stored: Stored;
}

interface Entry extends Noted {
  readonly sequence: number;
}

/**
 * What several control planes over one store tell each other. Each topic (a mesh, or the endpoints) has a head: a document whose version is the number of
 * its last change. A change of a mesh is written together with the head, on condition that the head is as it was when the change was decided, so changes of a mesh
 * are one after another whoever makes them; and with an entry that holds it whole, so others repeat it in the same order without reading the mesh anew.
 */
export interface ChangeLog {
  /** The writes that go along with the `sequence`th change of a mesh, the head's first: refused where another one was it. */
  note(mesh: string, sequence: number, change: Noted): Write[];
  /** Whether a write that was refused is that of a head: somebody else was quicker. */
  isHead(key: { readonly pk: string }): boolean;
  /** The writes that go along with any change of what has no order. */
  touch(topic: string): Write[];
  /** The number of the last change, by topic. */
  heads(): Promise<ReadonlyMap<string, number>>;
  head(topic: string): Promise<number>;
  /** Changes of a mesh after the `sequence`th, in order. */
  after(mesh: string, sequence: number): Promise<Entry[]>;
}

const HEADS = 'head#';
const LOG = 'log#';
/** Who follows is behind by seconds; one that was away for longer reads the mesh anew. */
const KEPT_SECONDS = 24 * 3600;

const MESH = 'mesh/';
export const meshTopic = (mesh: string): string => `${MESH}${mesh}`;
export const isMeshTopic = (topic: string): boolean => topic.startsWith(MESH);
export const meshOfTopic = (topic: string): string => topic.slice(MESH.length);
export const ENDPOINTS_TOPIC = 'endpoints';

const sortKey = (sequence: number): string => String(sequence).padStart(15, '0');

/** @param clock epoch milliseconds */
export function openChangeLog(store: DocumentStore, clock: () => number): ChangeLog {
  return {
    note: (mesh, sequence, change) => [
      { kind: 'put', pk: HEADS, sk: meshTopic(mesh), value: null, if: sequence === 1 ? 'absent' : { version: sequence - 1 } },
      { kind: 'put', pk: `${LOG}${mesh}`, sk: sortKey(sequence), value: change, expiresAt: Math.ceil(clock() / 1000) + KEPT_SECONDS },
    ],
    isHead: ({ pk }) => pk === HEADS,
    touch: (topic) => [{ kind: 'put', pk: HEADS, sk: topic, value: null }],
    heads: async () => new Map((await store.query(HEADS)).map(({ sk, version }) => [sk, version])),
    head: async (topic) => (await store.get({ pk: HEADS, sk: topic }))?.version ?? 0,
    after: async (mesh, sequence) =>
      (await store.query(`${LOG}${mesh}`, { after: sortKey(sequence) })).map(({ sk, value }) => ({ sequence: Number(sk), ...(value as Noted) })),
  };
}
