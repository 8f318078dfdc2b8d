import type { Random } from './random.ts';

/** Traffic of one kind: requests a second in all, the canary's share of them, and how many of stable's are bad. */
export interface Cell {
  readonly rate: number;
  readonly share: number;
  readonly bad: number;
}

/** What each second brought to each side. */
export interface Traffic {
  readonly nC: Int32Array;
  readonly xC: Int32Array;
  readonly nS: Int32Array;
  readonly xS: Int32Array;
}

/** How much worse the canary is, given stable's rate of the moment. */
export type Effect = (rate: number) => number;

export const EFFECTS = {
  '2x': (rate: number) => Math.min(1, 2 * rate),
  '+1pp': (rate: number) => Math.min(1, rate + 0.01),
  '+5pp': (rate: number) => Math.min(1, rate + 0.05),
  halfBad: (rate: number) => Math.max(0.5, rate),
} as const satisfies Readonly<Record<string, Effect>>;

export const NO_EFFECT: Effect = (rate) => rate;

/** A world makes, for a run, the rate of each second (for both sides alike), and for each side how many of a second's requests are bad. */
interface World {
  /** Factors by which the rate of a second is multiplied, both sides alike. */
  readonly factors: (random: Random, seconds: number) => (second: number) => number;
  readonly countBad: (random: Random) => (n: number, p: number) => number;
}

const MOST = 0.95;
const calmBad = (random: Random) => (n: number, p: number): number => random.binomial(n, p);

/** Bursts of eight on average. What is more than there are requests in a second goes on in the next. */
function burstsOf(random: Random): (n: number, p: number) => number {
  let left = 0;
  return (n, p) => {
    const bursts = random.poisson((n * Math.min(p, MOST)) / 8);
    for (let burst = 0; burst < bursts; burst += 1) left += random.geometric(8);
    const bad = Math.min(n, left);
    left -= bad;
    return bad;
  };
}

/** Incidents that strike both sides together: one in about five minutes, 10 to 60 s long, three to ten times as many bad answers. */
function incidents(random: Random, seconds: number): (second: number) => number {
  const factors = new Float64Array(seconds).fill(1);
  for (let at = 0; at < seconds; at += 1) {
    if (random.uniform() >= 1 / 300) continue;
    const [length, factor] = [10 + Math.floor(random.uniform() * 51), 3 + random.uniform() * 7];
    factors.fill(factor, at, at + length);
    at += length;
  }
  return (second) => factors[second] ?? 1;
}

const steady = (): (() => number) => () => 1;

export const WORLDS = {
  calm: { factors: steady, countBad: calmBad },
  shared: { factors: incidents, countBad: calmBad },
  // Each side's rate of each second is its own: gamma distributed with a coefficient of variation of 0.7.
  overdispersed: { factors: steady, countBad: (random) => (n, p) => random.binomial(n, Math.min(MOST, p * random.gamma(0.5))) },
  // Bad answers come by bursts, on one side alone.
  bursts: { factors: steady, countBad: burstsOf },
} as const satisfies Readonly<Record<string, World>>;

export type WorldName = keyof typeof WORLDS;

/** So many seconds of traffic. */
export function simulate(world: WorldName, { rate, share, bad }: Cell, effect: Effect, seconds: number, random: Random): Traffic {
  const { factors, countBad } = WORLDS[world];
  const factor = factors(random, seconds);
  const [countCanary, countStable] = [countBad(random), countBad(random)];
  const traffic = { nC: new Int32Array(seconds), xC: new Int32Array(seconds), nS: new Int32Array(seconds), xS: new Int32Array(seconds) };
  for (let second = 0; second < seconds; second += 1) {
    const p0 = Math.min(MOST, bad * factor(second));
    const nC = random.binomial(rate, share);
    traffic.nC[second] = nC;
    traffic.nS[second] = rate - nC;
    traffic.xC[second] = countCanary(nC, effect(p0));
    traffic.xS[second] = countStable(rate - nC, p0);
  }
  return traffic;
}
