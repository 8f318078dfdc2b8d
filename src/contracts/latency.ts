import * as z from 'zod/mini';

/**
 * Bounds, in milliseconds, by which the mesh counts how long requests took; one table for Envoy's bootstrap, the telemetry and the metrics of a definition.
 * Each has two significant digits, as Envoy's histograms have: with more it would count by the nearest bound it knows.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000];

/**
 * Requests by how long they took: the first number counts those below the first bound, each next one those from the bound before on, the one after the
 * last bound all others. Trailing zeros are left out.
 */
export type LatencyCounts = readonly number[];

/** Counts of both together. */
export const addLatency = (one: LatencyCounts, other: LatencyCounts): LatencyCounts =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, index) => (one[index] ?? 0) + (other[index] ?? 0));

/** How many were counted, and how many of them took as long as a bound of the table, or longer. */
export function slowerThan(counts: LatencyCounts, boundMs: number): { readonly total: number; readonly slow: number } {
  const sum = (list: LatencyCounts): number => list.reduce((all, count) => all + count, 0);
  return { total: sum(counts), slow: sum(counts.slice(LATENCY_BOUNDS_MS.indexOf(boundMs) + 1)) };
}

const toMs = (text: string): number => {
  const [, number = 'NaN', unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  return Math.round(Number(number) * (unit === 's' ? 1000 : 1));
};
const words = LATENCY_BOUNDS_MS.map((bound) => (bound < 1000 ? `${bound}ms` : `${bound / 1000}s`));
const BOUND_RULE = `must be one of the bounds by which the mesh counts: ${words.join(', ')}`;

/** `300ms` or `1.5s` → milliseconds; one of the table's bounds. */
export const latencyBound = z.pipe(z.string(BOUND_RULE).check(z.refine((text) => LATENCY_BOUNDS_MS.includes(toMs(text)), BOUND_RULE)), z.transform(toMs));
