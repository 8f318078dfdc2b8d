/** A seeded source of randomness (mulberry32): the same seed draws the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from `low` to `high`, both included. */
export const between = (random: () => number, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));

/** How many of `n` trials succeed with probability `p`. */
export function binomial(random: () => number, n: number, p: number): number {
  if (p <= 0) return 0;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  // One draw tells how many trials it takes to the next success.
  const failing = Math.log1p(-p);
  const next = (): number => Math.floor(Math.log1p(-random()) / failing) + 1;
  let count = 0;
  for (let trial = next(); trial <= n; trial += next()) count += 1;
  return count;
}
