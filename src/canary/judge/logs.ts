/** log(e^a + e^b) without overflow; -Infinity is log 0. */
export function logAdd(a: number, b: number): number {
  const [high, low] = a >= b ? [a, b] : [b, a];
  return high === -Infinity ? -Infinity : high + Math.log1p(Math.exp(low - high));
}

/** log Σ w_i e^(x_i). */
export const logMix = (logs: readonly number[], weights: readonly number[]): number =>
  logs.reduce((sum, log, index) => logAdd(sum, log + Math.log(weights[index] ?? 0)), -Infinity);
