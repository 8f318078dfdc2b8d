/** Random numbers from a seed, so that a run can be repeated. */
export interface Random {
  /** In [0, 1). */
  uniform(): number;
  binomial(n: number, p: number): number;
  /** With mean 1 and this variance. */
  gamma(variance: number): number;
  /** 1, 2, … with this mean. */
  geometric(mean: number): number;
  poisson(mean: number): number;
}

/** Mulberry32. */
function uniformOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What Stirling's formula lacks of log k!. */
const TAIL = [0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037650, 0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287];
function stirlingTail(k: number): number {
  if (k < TAIL.length) return TAIL[k]!;
  const square = (k + 1) ** 2;
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

function byInversion(uniform: () => number, n: number, p: number): number {
  const odds = p / (1 - p);
  let density = (1 - p) ** n;
  let left = uniform();
  let k = 0;
  while (left > density && k < n) {
    left -= density;
    k += 1;
    density *= (odds * (n - k + 1)) / k;
  }
  return k;
}

/** Transformed rejection with squeeze (Hörmann's BTRS), for n·p ≥ 10 and p ≤ 1/2. */
function byRejection(uniform: () => number, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const vr = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = uniform() - 0.5;
    let v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
      stirlingTail(mode) + stirlingTail(n - mode) - stirlingTail(k) - stirlingTail(n - k);
    if (v <= bound) return k;
  }
}

function binomialOf(uniform: () => number, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomialOf(uniform, n, 1 - p);
  return n * p < 10 ? byInversion(uniform, n, p) : byRejection(uniform, n, p);
}

const normalOf = (uniform: () => number): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Marsaglia and Tsang, for a shape of at least 1. */
function gammaOf(uniform: () => number, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalOf(uniform);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

function poissonOf(uniform: () => number, mean: number): number {
  // The binomial of many trials: within 0.01 % of it, and exact enough for the worlds.
  return binomialOf(uniform, 1e6, Math.min(1, mean / 1e6));
}

export function createRandom(seed: number): Random {
  const uniform = uniformOf(seed);
  return {
    uniform,
    binomial: (n, p) => binomialOf(uniform, n, p),
    gamma: (variance) => gammaOf(uniform, 1 / variance) * variance,
    geometric: (mean) => (mean <= 1 ? 1 : 1 + Math.floor(Math.log(1 - uniform()) / Math.log(1 - 1 / mean))),
    poisson: (mean) => poissonOf(uniform, mean),
  };
}
