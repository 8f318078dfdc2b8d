/**
 * Log e-values of one interval's counts. Under its null hypothesis the mean of each e-value is at most 1 whatever came before, so the product over
 * intervals exceeds 1/α with a probability of at most α however often one looks (Ville's inequality).
 */

/** Requests that ended within one interval, and how many of them were bad. */
export interface Counts {
  readonly total: number;
  readonly bad: number;
}

export interface Pair {
  readonly canary: Counts;
  readonly stable: Counts;
}

/** The test can be trusted with no factor closer to 0 than this. */
const SMALLEST_FACTOR = 1e-9;
const BISECTIONS = 60;

/**
 * Null: p1 ≤ ρ·p0. The bad requests of both sides, split between them: given their number, the canary's is binomial with odds o = ρ·nC/nS, so p0
 * and whatever moves both sides together cancels. log E = xC·ln r − (xC + xS)·ln((1 + r·o)/(1 + o)) for the alternative r times those odds
 * (Robbins' mixture on the conditional binomial).
 */
export function ratioLogE({ canary, stable }: Pair, rho: number, r: number): number {
  const odds = (rho * canary.total) / stable.total;
  return canary.bad * Math.log(r) - (canary.bad + stable.bad) * Math.log((1 + r * odds) / (1 + odds));
}

/** Null: p1 on the other side of `bound` than the alternative t. log E = xC·ln(t/bound) + (nC − xC)·ln((1 − t)/(1 − bound)): the likelihood ratio. */
export const boundLogE = ({ canary }: Pair, bound: number, t: number): number =>
  canary.bad * Math.log(t / bound) + (canary.total - canary.bad) * (Math.log1p(-t) - Math.log1p(-bound));

/**
 * The point (h0 + m, h0) of the null's border that is nearest in nC·KL(t1‖h0 + m) + nS·KL(t0‖h0) to the alternative (t1, t0). The derivative rises in
 * h0 and changes its sign between the two ends, so bisection finds it.
 */
function project(nC: number, nS: number, t1: number, t0: number, margin: number): number {
  let [low, high] = t1 > t0 + margin ? [t0, t1 - margin] : [Math.max(t1 - margin, 0), t0];
  for (let i = 0; i < BISECTIONS; i += 1) {
    const h0 = (low + high) / 2;
    const h1 = h0 + margin;
    const slope = (nC * (h1 - t1)) / (h1 * (1 - h1)) + (nS * (h0 - t0)) / (h0 * (1 - h0));
    if (slope < 0) low = h0;
    else high = h0;
  }
  return (low + high) / 2;
}

/**
 * Null: p1 ≤ p0 + m (for t1 > t0 + m) or p1 ≥ p0 + m (for t1 < t0 + m). Two-sample e-value (Turner, Ly & Grünwald): with (h1, h0) the projection of
 * (t1, t0) onto h1 = h0 + m, A = (t1 − h1)/(h1(1 − h1)), B = −nC·A/nS,
 * e = (1 + A(1 − h1))^xC · (1 − A·h1)^(nC − xC) · (1 + B(1 − h0))^xS · (1 − B·h0)^(nS − xS).
 * Its mean is at most exp(nC·A·(p1 − p0 − m)) ≤ 1 for any p0, even with an imprecise projection, as long as the factors are positive.
 */
export function marginLogE({ canary, stable }: Pair, margin: number, t1: number, t0: number): number {
  const h0 = project(canary.total, stable.total, t1, t0, margin);
  const h1 = h0 + margin;
  const a = (t1 - h1) / (h1 * (1 - h1));
  const b = (-canary.total * a) / stable.total;
  const factors = [a * (1 - h1), -a * h1, b * (1 - h0), -b * h0];
  // Decided before the bad requests are looked at: a factor of 1 is an e-value too.
  if (factors.some((factor) => !(1 + factor > SMALLEST_FACTOR))) return 0;
  const counts = [canary.bad, canary.total - canary.bad, stable.bad, stable.total - stable.bad];
  return factors.reduce((sum, factor, index) => sum + (counts[index] ?? 0) * Math.log1p(factor), 0);
}
