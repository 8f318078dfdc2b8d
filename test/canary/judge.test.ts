import { boundLogE, marginLogE, ratioLogE } from '../../src/canary/judge/e-values.ts';
import { judge, type Judgement, type SourceHealth } from '../../src/canary/judge/judge.ts';
import { closeStep, countIntervals, openStep, startJudging, type Interval, type JudgeState } from '../../src/canary/judge/state.ts';
import type { Metric } from '../../src/contracts/canary-definition.ts';
import { between, binomial, seeded } from './random.ts';

const margin: Metric = { name: 'errors', source: 'mesh', margin: 0.01 };
const ratio: Metric = { name: 'errors', source: 'mesh', ratio: 1.5 };
const STALE_AFTER_MS = 10_000;
/** The same source for every metric. */
const healthOf = (health: Pick<SourceHealth, 'now' | 'lastReportAt' | 'error'>): Record<string, SourceHealth> => ({ errors: { staleAfterMs: STALE_AFTER_MS, periodMs: 1000, ...health } });
const max: Metric = { name: 'errors', source: 'mesh', max: 0.02 };

interface World {
  readonly metric: Metric;
  readonly canaryPerLook: number;
  readonly stablePerLook: number;
  /** Rates of canary and stable at a look. */
  readonly rates: (look: number) => readonly [number, number];
}

const counts = (random: () => number, total: number, rate: number) => ({ total, bad: binomial(random, total, rate) });

function* play(world: World, seed: number): Generator<{ look: number; state: JudgeState; judgement: Judgement }> {
  const random = seeded(seed);
  let state = openStep(startJudging([world.metric], 1), 0, 25);
  for (let look = 1; ; look += 1) {
    const [canary, stable] = world.rates(look);
    const interval: Interval = { at: look * 1000, canary: counts(random, world.canaryPerLook, canary), stable: counts(random, world.stablePerLook, stable) };
    state = countIntervals(state, [world.metric], [interval], look * 1000);
    yield { look, state, judgement: judge(state, { metrics: [world.metric], minRequests: 100 }, healthOf({ now: look * 1000, lastReportAt: look * 1000 })) };
  }
}

/** Outcome of the first look at which the world is decided as `wanted`, or undefined after `looks`. */
function firstLook(world: World, seed: number, looks: number, wanted: 'fail' | 'pass'): number | undefined {
  for (const { look, judgement } of play(world, seed)) {
    if (judgement.outcome === wanted) return look;
    if (look >= looks) return undefined;
  }
  return undefined;
}

const share = (world: World, wanted: 'fail' | 'pass', runs: number, looks: number): number =>
  Array.from({ length: runs }, (_, seed) => firstLook(world, seed + 1, looks, wanted)).filter((look) => look !== undefined).length / runs;

describe('e-values', () => {
  const choose = (n: number, k: number): number => Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((product, factor) => product * factor, 1);
  const chance = (n: number, k: number, p: number): number => choose(n, k) * p ** k * (1 - p) ** (n - k);
  type LogE = (xC: number, xS: number) => number;

  /** The mean over all outcomes, exactly. */
  function meanOf(logE: LogE, nC: number, nS: number, p1: number, p0: number): number {
    let mean = 0;
    for (let xC = 0; xC <= nC; xC += 1) for (let xS = 0; xS <= nS; xS += 1) mean += chance(nC, xC, p1) * chance(nS, xS, p0) * Math.exp(logE(xC, xS));
    return mean;
  }
  const pair = (nC: number, xC: number, nS: number, xS: number) => ({ canary: { total: nC, bad: xC }, stable: { total: nS, bad: xS } });

  test('of the margin test have a mean of at most 1 on its null, however wrong the estimated baseline is', () => {
    const random = seeded(7);
    for (let run = 0; run < 150; run += 1) {
      const [nC, nS] = [between(random, 1, 9), between(random, 1, 9)];
      const [m, p0, t0] = [0.005 + random() * 0.2, random() * 0.5, 1e-5 + random() * 0.5];
      const worse = Math.min(0.95, (t0 + m) * (1.1 + random() * 5));
      if (worse > t0 + m) expect(meanOf((xC, xS) => marginLogE(pair(nC, xC, nS, xS), m, worse, t0), nC, nS, p0 + m * random(), p0)).toBeLessThanOrEqual(1 + 1e-9);
      const better = t0 + m * random() * 0.9;
      expect(meanOf((xC, xS) => marginLogE(pair(nC, xC, nS, xS), m, better, t0), nC, nS, p0 + m + random() * (1 - p0 - m), p0)).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('of the bound have a mean of at most 1 on its null', () => {
    const random = seeded(8);
    for (let run = 0; run < 100; run += 1) {
      const [n, bound] = [between(random, 1, 12), 0.01 + random() * 0.3];
      const mean = (t: number, p: number) => meanOf((xC) => boundLogE(pair(n, xC, 1, 0), bound, t), n, 0, p, 0);
      expect(mean(bound * 2, bound * random())).toBeLessThanOrEqual(1 + 1e-9);
      expect(mean(bound / 2, bound + random() * (1 - bound))).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('of the ratio have a mean of at most 1 given the bad requests of both, whatever the baseline', () => {
    const random = seeded(9);
    for (let run = 0; run < 100; run += 1) {
      const [nC, nS, bad] = [between(random, 1, 500), between(random, 1, 500), between(random, 1, 20)];
      const [rho, r, actual] = [1 + random() * 2, 1.2 + random() * 100, random()];
      const odds = (actual * rho * nC) / nS;
      const p = odds / (1 + odds);
      const mean = Array.from({ length: bad + 1 }, (_, xC) => chance(bad, xC, p) * Math.exp(ratioLogE(pair(nC, xC, nS, bad - xC), rho, r))).reduce((sum, part) => sum + part, 0);
      expect(mean).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('stay finite at extreme counts and rates', () => {
    for (const t0 of [1e-5, 0.5, 0.97]) {
      for (const [nC, nS] of [[1, 1_000_000], [1_000_000, 1], [3, 1]] as const) {
        expect(Number.isFinite(marginLogE(pair(nC, nC, nS, 0), 0.01, Math.min(0.99, t0 + 0.015), t0))).toBe(true);
        expect(Number.isFinite(marginLogE(pair(nC, 0, nS, nS), 0.01, t0, t0))).toBe(true);
      }
    }
  });
});

describe('looking every second', () => {
  const calm = (metric: Metric, rate: number): World => ({ metric, canaryPerLook: 25, stablePerLook: 75, rates: () => [rate, rate] });

  test.each([
    ['margin', margin, 0.005],
    ['margin, exactly at it', { ...margin, margin: 0.01 }, 0.02],
    ['ratio', ratio, 0.02],
    ['max', max, 0.01],
  ])('a good version is failed in at most 1 %% of rollouts: %s', (_, metric, rate) => {
    // 120 rollouts: at a true share of 1 %, more than 4 have a chance below 1 in 100.
    expect(share(calm(metric, rate), 'fail', 120, 120)).toBeLessThanOrEqual(4 / 120);
  });

  test('an incident that both sides share fails nobody', () => {
    const incident = (metric: Metric): World => ({ metric, canaryPerLook: 25, stablePerLook: 75, rates: (look) => (look % 40 > 30 ? [0.4, 0.4] : [0.005, 0.005]) });
    expect(share(incident(margin), 'fail', 60, 120)).toBeLessThanOrEqual(3 / 60);
    expect(share(incident(ratio), 'fail', 60, 120)).toBeLessThanOrEqual(3 / 60);
  });

  test('a version at the margin is passed in at most 1 % of rollouts', () => {
    const world: World = { metric: margin, canaryPerLook: 50, stablePerLook: 150, rates: () => [0.02, 0.01] };
    expect(share(world, 'pass', 60, 150)).toBeLessThanOrEqual(3 / 60);
  });

  test.each([
    ['half of its requests are bad', 0.5, 5],
    ['5 points worse', 0.055, 20],
  ])('a bad version is failed soon: %s', (_, rate, atMost) => {
    const world: World = { metric: margin, canaryPerLook: 25, stablePerLook: 75, rates: () => [rate, 0.005] };
    const looks = Array.from({ length: 40 }, (__, seed) => firstLook(world, seed, 500, 'fail') ?? Infinity).sort((a, b) => a - b);
    expect(looks[20]).toBeLessThanOrEqual(atMost);
    expect(looks[39]).toBeLessThan(Infinity);
  });

  test('a version that turns bad after a good hour is failed as soon, not when the hour is outweighed', () => {
    const world: World = { metric: margin, canaryPerLook: 25, stablePerLook: 75, rates: (look) => (look > 3600 ? [0.5, 0.005] : [0.005, 0.005]) };
    expect(firstLook(world, 3, 3700, 'fail')).toBeGreaterThan(3600);
    expect(firstLook(world, 3, 3700, 'fail')).toBeLessThanOrEqual(3606);
  });

  test('a good version passes a wide margin with enough requests', () => {
    const world: World = { metric: { ...margin, margin: 0.05 }, canaryPerLook: 25, stablePerLook: 75, rates: () => [0.005, 0.005] };
    expect(share(world, 'pass', 40, 60)).toBeGreaterThan(0.9);
  });
});

describe('a judgement', () => {
  const metrics = [margin];
  const healthy = healthOf({ now: 60_000, lastReportAt: 60_000 });
  const interval = (at: number, canary: readonly [number, number], stable: readonly [number, number]): Interval => ({
    at,
    canary: { total: canary[0], bad: canary[1] },
    stable: { total: stable[0], bad: stable[1] },
  });
  /** No interval is about another weight. */
  const settledAtOnce = (metric: Metric): Pick<JudgeState, 'metrics' | 'mesh'> => {
    const { metrics: started, mesh } = startJudging([metric], 0.5);
    return { metrics: { errors: { ...started['errors']!, behind: 0 } }, mesh: { ...mesh, behind: 0 } };
  };
  const at = (weight: number, intervals: Interval[], metric: Metric = margin): JudgeState =>
    countIntervals(openStep({ ...startJudging([metric], 0.5), ...settledAtOnce(metric) }, 0, weight), [metric], intervals, 3);

  test('without enough requests is inconclusive, and says so in figures', () => {
    expect(judge(at(25, [interval(1, [40, 0], [100, 0])]), { metrics, minRequests: 100 }, healthy)).toEqual({
      outcome: 'inconclusive',
      lack: 'traffic',
      reason: 'errors: canary had 40 requests at this weight, and at least 100 are needed',
    });
  });

  test('without requests of stable is inconclusive', () => {
    expect(judge(at(25, [interval(1, [400, 0], [0, 0])]), { metrics, minRequests: 100 }, healthy)).toMatchObject({ outcome: 'inconclusive', lack: 'traffic' });
  });

  test.each([
    ['no proxy ever reported', { now: 60_000, lastReportAt: null }, 'no proxy has reported yet'],
    ['reports are stale', { now: 60_000, lastReportAt: 59_999 - STALE_AFTER_MS }, 'no proxy has reported for 10 s'],
    ['reading failed', { now: 60_000, lastReportAt: 60_000, error: 'connect ECONNREFUSED' }, 'the measurements cannot be read: connect ECONNREFUSED'],
  ])('is an error, not a failure, when %s', (_, health, reason) => {
    expect(judge(at(25, [interval(1, [5000, 0], [5000, 0])]), { metrics, minRequests: 100 }, healthOf(health))).toEqual({ outcome: 'error', lack: 'metrics', reason: `errors: ${reason}` });
  });

  test('that fails stands though reports stopped', () => {
    const state = at(25, [interval(1, [0, 0], [500, 2]), interval(2, [100, 60], [300, 1])]);
    const judgement = judge(state, { metrics, minRequests: 100 }, healthOf({ now: 60_000, lastReportAt: null }));
    expect(judgement.outcome).toBe('fail');
    expect(judgement.reason).toMatch(/^errors: worse: canary 60 of 100 requests \(60 %\) against stable 3 of 800 requests \(0.375 %\), by the margin of 1 % above stable; evidence [\d.e+]+ to 1/);
  });

  test('at 100 judges bounds only', () => {
    const counted = [interval(1, [50, 30], [0, 0]), interval(2, [5000, 3000], [0, 0])];
    expect(judge(at(100, counted), { metrics, minRequests: 100 }, healthy)).toMatchObject({ outcome: 'inconclusive', lack: 'stable' });
    expect(judge(at(100, counted, max), { metrics: [max], minRequests: 100 }, healthy)).toMatchObject({ outcome: 'fail' });
    const seconds = Array.from({ length: 60 }, (_, second) => interval((second + 1) * 1000, [100, 0], [0, 0]));
    expect(judge(at(100, seconds, max), { metrics: [max], minRequests: 100 }, healthy)).toMatchObject({ outcome: 'pass' });
  });

  test('of a stable that is itself bad does not block a good version', () => {
    const intervals = Array.from({ length: 50 }, (_, i) => interval((i + 1) * 1000, [100, 0], [100, 30]));
    expect(judge(at(50, intervals), { metrics, minRequests: 100 }, healthy).outcome).toBe('pass');
  });
});

describe('counting', () => {
  const one = (at: number): Interval => ({ at, canary: { total: 10, bad: 1 }, stable: { total: 30, bad: 0 } });

  test('in any portions gives the same state, and no interval counts twice', () => {
    const random = seeded(11);
    const intervals = Array.from({ length: 60 }, (_, i) => one((i + 1) * 200));
    const all = countIntervals(openStep(startJudging([margin], 1), 0, 25), [margin], intervals, 12_000);
    for (let run = 0; run < 20; run += 1) {
      let state = openStep(startJudging([margin], 1), 0, 25);
      for (let seen = 0; seen < 60; ) {
        seen = Math.min(60, seen + between(random, 1, 20));
        // Overlapping portions, as a reader that starts anew delivers them, and through JSON, as the store keeps the state.
        state = JSON.parse(JSON.stringify(countIntervals(state, [margin], intervals.slice(Math.max(0, seen - 25), seen), seen * 200))) as JudgeState;
      }
      expect(state).toEqual(all);
    }
  });

  test("leaves the intervals around a change of weight out of both steps' figures, and counts them all as evidence", () => {
    let state = countIntervals(openStep(startJudging([margin], 1), 0, 25), [margin], [one(200), one(400), one(600), one(800)], 800);
    state = openStep(countIntervals(closeStep(state), [margin], [one(1000)], 1000), 1, 50);
    state = countIntervals(state, [margin], [one(1200), one(1400), one(1600)], 1600);
    expect(state.steps).toMatchObject([
      { step: 0, weight: 25, canary: { requests: 20, errors: 2 }, observedShare: 25 },
      { step: 1, weight: 50, canary: { requests: 10, errors: 1 } },
    ]);
    expect(state.metrics['errors']?.evidence.looks).toBe(8);
    expect(openStep(state, 1, 50)).toBe(state);
  });

  test('a step that is over before that has the figures of those intervals, and loses them to better ones', () => {
    const opened = openStep(startJudging([margin], 1), 0, 25);
    const early = countIntervals(opened, [margin], [one(200), one(400)], 400);
    expect(early.steps).toMatchObject([{ canary: { requests: 20, errors: 2 }, stable: { requests: 60, errors: 0 } }]);
    expect(countIntervals(early, [margin], [one(600)], 600).steps).toMatchObject([{ canary: { requests: 10, errors: 1 }, stable: { requests: 30, errors: 0 } }]);
    const again = countIntervals(openStep(closeStep(early), 0, 25), [margin], [one(600)], 600);
    expect(again.steps).toEqual(early.steps);
  });
});
