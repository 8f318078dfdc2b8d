import type { Metric } from '../../contracts/canary-definition.ts';
import type { SideCounts, StepMeasurement } from '../../contracts/rollout.ts';
import type { Counts, Pair } from './e-values.ts';
import { logAdd } from './logs.ts';
import { testOf } from './tests.ts';

/** Counts of both sides over the same interval, which ended at `at` (epoch ms by the source's clock). */
export interface Interval extends Pair {
  readonly at: number;
}

interface MetricState {
  /** Log e-values against "good", per alternative: a mixture over the interval at which the difference began. */
  readonly fail: readonly number[];
  /** Log e-values against "bad", per alternative. */
  readonly pass: readonly number[];
  /** Intervals that told something. */
  readonly looks: number;
}

/** All that a rollout's judge remembers: plain JSON of a constant size. */
export interface JudgeState {
  /** Every interval up to it is counted. */
  readonly lastAt: number;
  /** Stable's recent counts, fading: what its rate is estimated from. */
  readonly baseline: Counts & { readonly at: number };
  readonly metrics: Readonly<Record<string, MetricState>>;
  /** Index of the step whose weight holds; -1 while none does. */
  readonly step: number;
  /** How many intervals to come are still about two weights. */
  readonly skip: number;
  /** Whether the step's figures hold such intervals: the first that is about its weight alone replaces them. */
  readonly provisional: boolean;
  readonly steps: readonly StepMeasurement[];
}

/** Stable's rate is estimated over about the last minute. */
const FADING_MS = 60_000;
/** Before anything was seen: one in a hundred, as sure as 20 requests are. */
const PRIOR: Counts = { total: 20, bad: 0.2 };

/** Nothing counted; counting begins after `now`. */
export function startJudging(metrics: readonly Metric[], now: number): JudgeState {
  const initial = (metric: Metric): MetricState => {
    const { fail, pass } = testOf(metric);
    return { fail: fail.weights.map(() => NOTHING_STARTED), pass: (pass?.weights ?? []).map(() => 0), looks: 0 };
  };
  return {
    lastAt: now,
    baseline: { total: 0, bad: 0, at: now },
    metrics: Object.fromEntries(metrics.map((metric) => [metric.name, initial(metric)])),
    step: -1,
    skip: 0,
    provisional: false,
    steps: [],
  };
}

/** Stands for log 0, which JSON has no number for. */
const NOTHING_STARTED = -1e9;

/** Weight of "the difference began with this look" (1, 2, …). They sum to 1: most at once, and a long tail for a version that turns bad late. */
const startWeight = (look: number): number => (look === 1 ? 0.8 : 0.2 / (look * (look - 1)));

/** Weight of all starts that are still to come: each of them holds the e-value 1. */
export const startsToCome = (looks: number): number => (looks === 0 ? 1 : 0.2 / looks);

/**
 * Counting a good hour first would bury the evidence against a version that turns bad: so the e-value is a mixture over the look at which
 * the difference began, S ← (S + π_look)·e. A mixture of test martingales is one.
 */
const mixStart = (log: number, look: number, logE: number): number => logAdd(log, Math.log(startWeight(look))) + logE;

function advanceMetric(metric: Metric, state: MetricState, pair: Pair, baseline: number): MetricState {
  const test = testOf(metric);
  if (pair.canary.total === 0 || (test.compares && pair.stable.total === 0)) return state;
  const looks = state.looks + 1;
  const fail = test.fail.logEs(pair, baseline);
  const pass = test.pass?.logEs(pair, baseline) ?? [];
  return {
    fail: state.fail.map((log, index) => mixStart(log, looks, fail[index] ?? 0)),
    pass: state.pass.map((log, index) => log + (pass[index] ?? 0)),
    looks,
  };
}

const rateOf = ({ total, bad }: Counts): number => (bad + PRIOR.bad) / (total + PRIOR.total);

function fade(baseline: JudgeState['baseline'], { at, stable }: Interval): JudgeState['baseline'] {
  const kept = Math.exp(-Math.max(0, at - baseline.at) / FADING_MS);
  return { total: baseline.total * kept + stable.total, bad: baseline.bad * kept + stable.bad, at };
}

const add = (side: SideCounts, { total, bad }: Counts): SideCounts => ({ requests: side.requests + total, errors: side.errors + bad });

const UNMEASURED = { canary: { requests: 0, errors: 0 }, stable: { requests: 0, errors: 0 }, observedShare: null } as const;

function measure(measurement: StepMeasurement, { canary, stable }: Pair): StepMeasurement {
  const sides = { canary: add(measurement.canary, canary), stable: add(measurement.stable, stable) };
  const requests = sides.canary.requests + sides.stable.requests;
  return { ...measurement, ...sides, observedShare: requests === 0 ? null : (100 * sides.canary.requests) / requests };
}

/** A step that fails at once has no other figures than those around the change of weight: they stand until there are better ones. */
function measureStep({ skip, provisional }: JudgeState, entry: StepMeasurement, interval: Interval): StepMeasurement {
  if (skip === 0) return measure(provisional ? { ...entry, ...UNMEASURED } : entry, interval);
  return provisional ? measure(entry, interval) : entry;
}

function countInterval(state: JudgeState, metrics: readonly Metric[], interval: Interval): JudgeState {
  const baseline = rateOf(state.baseline);
  return {
    ...state,
    lastAt: interval.at,
    skip: Math.max(0, state.skip - 1),
    baseline: fade(state.baseline, interval),
    metrics: Object.fromEntries(
      metrics.map((metric) => [metric.name, advanceMetric(metric, state.metrics[metric.name] ?? { fail: [], pass: [], looks: 0 }, interval, baseline)]),
    ),
    provisional: state.provisional && state.skip > 0,
    steps: state.steps.map((entry) => (entry.step === state.step ? measureStep(state, entry, interval) : entry)),
  };
}

/**
 * Counts the intervals that are not counted yet, oldest first, and knows that everything up to `now` is final.
 * Intervals at or before `lastAt` are left out, so that none counts twice.
 */
export function countIntervals(state: JudgeState, metrics: readonly Metric[], intervals: readonly Interval[], now: number): JudgeState {
  const fresh = intervals.filter(({ at }) => at > state.lastAt).sort((a, b) => a.at - b.at);
  const counted = fresh.reduce((sum, interval) => countInterval(sum, metrics, interval), state);
  return { ...counted, lastAt: Math.max(counted.lastAt, now) };
}

/** The weight is about to change: what is counted from here belongs to no step. */
export const closeStep = (state: JudgeState): JudgeState => ({ ...state, step: -1, skip: 0, provisional: false });

/** The interval under way began before the weight changed, and proxies report up to one interval late: neither says what the weight does. */
const SKIPPED_INTERVALS = 2;

/** The weight of a step holds from now on; its figures begin as soon as they are about it alone. Opening the same step again changes nothing. */
export function openStep(state: JudgeState, step: number, weight: number): JudgeState {
  if (state.step === step) return state;
  const known = state.steps.some((entry) => entry.step === step);
  return { ...state, step, skip: SKIPPED_INTERVALS, provisional: !known, steps: known ? state.steps : [...state.steps, { step, weight, ...UNMEASURED }] };
}
