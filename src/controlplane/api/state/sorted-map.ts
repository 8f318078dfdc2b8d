type Entry<V> = readonly [string, V];
type Chunk<V> = readonly Entry<V>[];

/** Chunks split above this; an edit copies one chunk and the list of chunks, so at 10,000 entries some 200 + 100 pointers. */
const MAX_CHUNK = 128;

/** How many items of a sorted list are before the key, by binary search. */
function countBefore<T>(items: readonly T[], keyOf: (item: T) => string, key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && keyOf(item) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const firstOf = <V>(entry: Entry<V>): string => entry[0];
const lastKey = <V>(chunk: Chunk<V>): string => chunk[chunk.length - 1]?.[0] ?? '';

/**
 * An immutable map in key order (by code unit). An edit gives a new map that shares all but one chunk with the old one,
 * so that a view of a large mesh costs no copy of the mesh, and a list goes on after a name without sorting.
 */
export class SortedMap<V> implements ReadonlyMap<string, V> {
  readonly size: number;
  readonly #chunks: readonly Chunk<V>[];

  private constructor(chunks: readonly Chunk<V>[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  static empty<V>(): SortedMap<V> {
    return new SortedMap<V>([], 0);
  }

  static from<V>(entries: Iterable<Entry<V>>): SortedMap<V> {
    const sorted = [...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1));
    const chunks: Entry<V>[][] = [];
    for (let at = 0; at < sorted.length; at += MAX_CHUNK / 2) chunks.push(sorted.slice(at, at + MAX_CHUNK / 2));
    return new SortedMap<V>(chunks, sorted.length);
  }

  /** The chunk that holds the key or would, the place in it, and whether it is there. */
  #locate(key: string): { readonly chunk: number; readonly place: number; readonly found: Entry<V> | undefined } {
    const chunk = Math.min(countBefore(this.#chunks, lastKey, key), Math.max(0, this.#chunks.length - 1));
    const entries = this.#chunks[chunk] ?? [];
    const place = countBefore(entries, firstOf, key);
    const entry = entries[place];
    return { chunk, place, found: entry?.[0] === key ? entry : undefined };
  }

  get(key: string): V | undefined {
    return this.#locate(key).found?.[1];
  }

  has(key: string): boolean {
    return this.#locate(key).found !== undefined;
  }

  with(key: string, value: V): SortedMap<V> {
    const { chunk, place, found } = this.#locate(key);
    const entries = (this.#chunks[chunk] ?? []).toSpliced(place, found === undefined ? 0 : 1, [key, value]);
    const half = entries.length >>> 1;
    const pieces = entries.length > MAX_CHUNK ? [entries.slice(0, half), entries.slice(half)] : [entries];
    return new SortedMap(this.#chunks.toSpliced(chunk, 1, ...pieces), this.size + (found === undefined ? 1 : 0));
  }

  without(key: string): SortedMap<V> {
    const { chunk, place, found } = this.#locate(key);
    if (found === undefined) return this;
    const entries = (this.#chunks[chunk] ?? []).toSpliced(place, 1);
    return new SortedMap(this.#chunks.toSpliced(chunk, 1, ...(entries.length === 0 ? [] : [entries])), this.size - 1);
  }

  /** Entries in order, those after `after` (exclusive) only. */
  *entriesAfter(after: string): Generator<[string, V], undefined> {
    const start = this.#locate(after);
    for (let chunk = start.chunk; chunk < this.#chunks.length; chunk += 1) {
      const entries = this.#chunks[chunk] ?? [];
      for (let at = chunk === start.chunk ? start.place : 0; at < entries.length; at += 1) {
        const entry = entries[at];
        if (entry !== undefined && entry[0] > after) yield [entry[0], entry[1]];
      }
    }
  }

  entries(): Generator<[string, V], undefined> {
    return this.entriesAfter('');
  }

  *keys(): Generator<string, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.entries();
  }

  forEach(callback: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}
