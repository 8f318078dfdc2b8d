import { createHash } from 'node:crypto';
import type { Json } from '../../json.ts';

/** What a function that is not pure may use; passed in, so that a test repeats itself. */
export interface Randomness {
  /** In [0, 1). */
  readonly random: () => number;
  readonly uuid: () => string;
}

type Implementation = (...args: never[]) => unknown;

const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

/** Step Functions allows at most so many items of $range. */
const MAX_RANGE = 1000;

function partition(items: Json[] | undefined, size: number): Json[][] {
  if (!Number.isInteger(size) || size < 1) throw new Error('$partition: the chunk size must be a positive integer');
  const array = items ?? [];
  return Array.from({ length: Math.ceil(array.length / size) }, (_, index) => array.slice(index * size, (index + 1) * size));
}

function range(first: number, last: number, step: number): number[] {
  if (![first, last, step].every(Number.isInteger) || step === 0) throw new Error('$range: start, end and a step other than 0 must be integers');
  const length = Math.max(Math.floor((last - first) / step) + 1, 0);
  if (length > MAX_RANGE) throw new Error(`$range: ${length} items, at most ${MAX_RANGE} are allowed`);
  return Array.from({ length }, (_, index) => first + index * step);
}

function hash(text: string, algorithm: string): string {
  const name = HASHES[algorithm];
  if (name === undefined) throw new Error(`$hash: the algorithm must be one of ${Object.keys(HASHES).join(', ')}`);
  return createHash(name).update(text).digest('hex');
}

/** mulberry32: a seed gives the same number each time, as $random(seed) promises. */
function seeded(seed: number): number {
  let state = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}

/** The functions Step Functions adds to JSONata, by name, with their JSONata signature. */
export const stateFunctions = ({ random, uuid }: Randomness): Readonly<Record<string, { readonly signature?: string; readonly run: Implementation }>> => ({
  partition: { signature: '<an:a>', run: partition },
  range: { signature: '<nnn:a>', run: range },
  hash: { signature: '<ss:s>', run: hash },
  random: { signature: '<n?:n>', run: (seed?: number) => (seed === undefined ? random() : seeded(seed)) },
  uuid: { signature: '<:s>', run: () => uuid() },
  parse: { signature: '<s:x>', run: (text: string) => JSON.parse(text) as Json },
  eval: {
    run: () => {
      throw new Error('$eval is not supported; use $parse');
    },
  },
});
