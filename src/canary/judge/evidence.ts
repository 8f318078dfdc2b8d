import type { Metric } from '../../contracts/analysis.ts';
import type { Counts, Pair } from './e-values.ts';
import { disperse, phiToPass, startDispersion, type DispersionState, type KnownPhi } from './dispersion.ts';
import { logAdd } from './logs.ts';
import { testOf } from './tests.ts';

/** Counts of both sides over the same interval, which ended at `at` (epoch ms by the source's clock). */
export interface Interval extends Pair {
  readonly at: number;
}

/** What the test of one metric remembers. */
export interface Evidence {
  /** Log e-values against "good", per alternative: a mixture over the interval at which the difference began. */
  readonly fail: readonly number[];
  /** Log e-values against "bad", per alternative. */
  readonly pass: readonly number[];
  /** Intervals that told something. */
  readonly looks: number;
  /** Stable's recent counts, fading: what its rate is estimated from. */
  readonly baseline: Counts & { readonly at: number };
  /** Counts of a side that wait for the other side's next request. */
  readonly waiting: (Pair & { readonly since: number }) | null;
  /** What each log e-value is divided by, as good rollouts have shown it. */
  readonly known: KnownPhi;
  readonly dispersion: DispersionState;
}

/** Stands for log 0, which JSON has no number for. */
const NOTHING_STARTED = -1e9;
const NONE: Counts = { total: 0, bad: 0 };

export function startEvidence(metric: Metric, now: number, known: KnownPhi): Evidence {
  const { fail, pass } = testOf(metric);
  return {
    fail: fail.weights.map(() => NOTHING_STARTED),
    pass: (pass?.weights ?? []).map(() => 0),
    looks: 0,
    baseline: { ...NONE, at: now },
    waiting: null,
    known,
    dispersion: startDispersion(now),
  };
}

/** Weight of "the difference began with this look" (1, 2, …). They sum to 1: most at once, and a long tail for a version that turns bad late. */
const startWeight = (look: number): number => (look === 1 ? 0.8 : 0.2 / (look * (look - 1)));

/** Weight of all starts that are still to come: each of them holds the e-value 1. */
export const startsToCome = (looks: number): number => (looks === 0 ? 1 : 0.2 / looks);

/**
 * Counting a good hour first would bury the evidence against a version that turns bad: so the e-value is a mixture over the look at which
 * the difference began, S ← (S + π_look)·e. A mixture of test martingales is one.
 */
const mixStart = (log: number, look: number, logE: number): number => logAdd(log, Math.log(startWeight(look))) + logE;

/** Stable's rate is estimated over about the last minute. */
const FADING_MS = 60_000;
/** Before anything was seen: one in a hundred, as sure as 20 requests are. */
const PRIOR: Counts = { total: 20, bad: 0.2 };

const rateOf = ({ total, bad }: Counts): number => (bad + PRIOR.bad) / (total + PRIOR.total);
const sum = (one: Counts, other: Counts): Counts => ({ total: one.total + other.total, bad: one.bad + other.bad });

function fade(baseline: Evidence['baseline'], { at, stable }: Interval): Evidence['baseline'] {
  const kept = Math.exp(-Math.max(0, at - baseline.at) / FADING_MS);
  return { total: baseline.total * kept + stable.total, bad: baseline.bad * kept + stable.bad, at };
}

/** What one side brought waits so long for the other's first request: with little traffic, few intervals have both. */
const WAIT_MS = 10_000;

/** Both sides' counts since the last look. What waited for too long is left out: sides are compared over the same time. By totals alone, so the test stays valid. */
function pool({ waiting }: Evidence, { at, canary, stable }: Interval): Pair & { readonly since: number } {
  if (waiting === null || at - waiting.since > WAIT_MS) return { canary, stable, since: at };
  return { canary: sum(waiting.canary, canary), stable: sum(waiting.stable, stable), since: waiting.since };
}

function look(metric: Metric, evidence: Evidence, pair: Pair): Pick<Evidence, 'fail' | 'pass' | 'looks'> {
  const test = testOf(metric);
  const looks = evidence.looks + 1;
  const baseline = rateOf(evidence.baseline);
  // Of earlier intervals only, as everything that a test sets is.
  const passPhi = phiToPass(evidence.known, evidence.dispersion);
  const [fail, pass] = [test.fail.logEs(pair, baseline), test.pass?.logEs(pair, baseline) ?? []];
  return {
    fail: evidence.fail.map((log, index) => mixStart(log, looks, (fail[index] ?? 0) / evidence.known.phi)),
    pass: evidence.pass.map((log, index) => log + (pass[index] ?? 0) / passPhi),
    looks,
  };
}

/** Counts an interval; `used` is what the test took of it, and of what waited before. The baseline is of earlier intervals only. */
export function weigh(metric: Metric, evidence: Evidence, interval: Interval): { readonly evidence: Evidence; readonly used: Pair | undefined } {
  const { compares } = testOf(metric);
  const pair = compares ? pool(evidence, interval) : { ...interval, since: interval.at };
  const baseline = fade(evidence.baseline, interval);
  const both = pair.canary.total > 0 && pair.stable.total > 0;
  if (compares ? !both : pair.canary.total === 0) return { evidence: { ...evidence, baseline, waiting: compares ? pair : null }, used: undefined };
  const dispersion = disperse(evidence.dispersion, pair, interval.at);
  return { evidence: { ...evidence, ...look(metric, evidence, pair), baseline, waiting: null, dispersion }, used: pair };
}

/** The weights change: what waits was of the old ones. */
export const forgetWaiting = (evidence: Evidence): Evidence => (evidence.waiting === null ? evidence : { ...evidence, waiting: null });
