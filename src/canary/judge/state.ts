import type { Metric } from '../../contracts/analysis.ts';
import type { StepMeasurement } from '../../contracts/rollout.ts';
import { forgetWaiting, startEvidence, weigh, type Evidence, type Interval } from './evidence.ts';
import { UNKNOWN_PHI, type KnownPhi } from './dispersion.ts';
import { addPair, addSettled, addSides, NO_SIDES, settle, SETTLED, type Settling, type Sides } from './figures.ts';

export type { Interval } from './evidence.ts';

/** What a source tells of both sides: each interval is final. */
export interface Series {
  /** Oldest first. */
  readonly intervals: readonly Interval[];
  /** The source's clock: everything up to it is told. */
  readonly now: number;
  /** How many intervals to come still hold what was before this was read. */
  readonly behind: number;
}

/** What is remembered of one metric. */
export interface MetricState {
  /** Every interval up to it is counted; 0 until the source first told its clock. */
  readonly lastAt: number;
  readonly behind: number;
  readonly evidence: Evidence;
  /** What the test took while the step's weight holds, and at earlier steps. */
  readonly used: Sides;
  readonly usedBefore: Sides;
  /** What is about the step's weight alone. */
  readonly settled: Sides & Settling & { readonly since: number; readonly canaryAt: number; readonly stableAt: number };
}

/** All that a rollout's judge remembers: plain JSON of a constant size. */
export interface JudgeState {
  /** By name. */
  readonly metrics: Readonly<Record<string, MetricState>>;
  /** Index of the step whose weight holds; -1 while none does. */
  readonly step: number;
  /** The requests of the mesh, by steps, whatever is judged. */
  readonly mesh: Settling & { readonly lastAt: number; readonly behind: number };
  readonly steps: readonly StepMeasurement[];
}

/** As long as nothing was read: the interval under way began before the weight changed, and proxies report up to one interval late. */
const BEHIND = 2;

const unsettled = (now: number): MetricState['settled'] => ({ ...NO_SIDES, ...SETTLED, since: now, canaryAt: now, stableAt: now });

function startMetric(metric: Metric, now: number, known: KnownPhi): MetricState {
  return { lastAt: now, behind: BEHIND, evidence: startEvidence(metric, now, known), used: NO_SIDES, usedBefore: NO_SIDES, settled: unsettled(now) };
}

/** Nothing counted; counting begins after `now`, or where that is 0 after the first time that the source tells. `phis` are by metric. */
export const startJudging = (metrics: readonly Metric[], now: number, phis: Readonly<Record<string, KnownPhi>> = {}): JudgeState => ({
  metrics: Object.fromEntries(metrics.map((metric) => [metric.name, startMetric(metric, now, phis[metric.name] ?? UNKNOWN_PHI)])),
  step: -1,
  mesh: { ...SETTLED, lastAt: now, behind: BEHIND },
  steps: [],
});

/** Those that are not counted yet. A source's clock may be told for the first time: what was before is nobody's fault. */
const freshOf = (lastAt: number, { intervals }: Series): readonly Interval[] => (lastAt === 0 ? [] : intervals.filter(({ at }) => at > lastAt).sort((a, b) => a.at - b.at));

function countInterval(metric: Metric, state: MetricState, interval: Interval): MetricState {
  const { evidence, used } = weigh(metric, state.evidence, interval);
  const { settled } = state;
  const time = { canaryAt: interval.canary.total > 0 ? interval.at : settled.canaryAt, stableAt: interval.stable.total > 0 ? interval.at : settled.stableAt };
  return {
    ...state,
    evidence,
    used: used === undefined ? state.used : addPair(state.used, used),
    settled: { ...settled, ...time, ...addSettled(settled, settled, interval), ...settle(settled) },
  };
}

function begin(metric: Metric, state: MetricState, now: number): MetricState {
  return { ...state, evidence: startEvidence(metric, now, state.evidence.known), settled: { ...state.settled, since: now, canaryAt: now, stableAt: now } };
}

/**
 * Counts what a metric's source tells and is not counted yet, and knows that everything up to its clock is final.
 * Intervals at or before the last counted one are left out, so that none counts twice.
 */
export function countMetric(state: JudgeState, metric: Metric, series: Series): JudgeState {
  const known = state.metrics[metric.name] ?? startMetric(metric, 0, UNKNOWN_PHI);
  const begun = known.lastAt === 0 ? begin(metric, known, series.now) : known;
  const counted = freshOf(known.lastAt, series).reduce((sum, interval) => countInterval(metric, sum, interval), begun);
  const lastAt = Math.max(counted.lastAt, series.now, freshOf(known.lastAt, series).at(-1)?.at ?? 0);
  return { ...state, metrics: { ...state.metrics, [metric.name]: { ...counted, lastAt, behind: series.behind } } };
}

function measure(entry: StepMeasurement, settling: Settling, interval: Interval): StepMeasurement {
  const { canary, stable } = addSettled(settling, entry, interval);
  const requests = canary.requests + stable.requests;
  return { ...entry, canary, stable, observedShare: requests === 0 ? null : (100 * canary.requests) / requests };
}

/** Counts the requests of the mesh for the figures of the step that holds. */
export function countFigures(state: JudgeState, series: Series): JudgeState {
  const fresh = freshOf(state.mesh.lastAt, series);
  const counted = fresh.reduce(
    (sum, interval) => ({
      ...sum,
      steps: sum.steps.map((entry) => (entry.step === sum.step ? measure(entry, sum.mesh, interval) : entry)),
      mesh: { ...sum.mesh, ...settle(sum.mesh) },
    }),
    state,
  );
  return { ...counted, mesh: { ...counted.mesh, lastAt: Math.max(state.mesh.lastAt, series.now, fresh.at(-1)?.at ?? 0), behind: series.behind } };
}

/** Counts the same intervals for the figures and for all metrics. */
export const countIntervals = (state: JudgeState, metrics: readonly Metric[], intervals: readonly Interval[], now: number): JudgeState => {
  const series = { intervals, now, behind: BEHIND };
  return metrics.reduce((sum, metric) => countMetric(sum, metric, series), countFigures(state, series));
};

const eachMetric = (state: JudgeState, change: (metric: MetricState) => MetricState): JudgeState['metrics'] =>
  Object.fromEntries(Object.entries(state.metrics).map(([name, metric]) => [name, change(metric)]));

/** The weight is about to change: what is counted from here belongs to no step. */
export const closeStep = (state: JudgeState): JudgeState => ({
  ...state,
  step: -1,
  mesh: { ...state.mesh, ...SETTLED },
  metrics: eachMetric(state, (metric) => ({
    ...metric,
    evidence: forgetWaiting(metric.evidence),
    used: NO_SIDES,
    usedBefore: addSides(metric.usedBefore, metric.used),
  })),
});

/** The weight of a step holds from now on; its figures begin as soon as they are about it alone. Opening the same step again changes nothing. */
export function openStep(state: JudgeState, step: number, weight: number): JudgeState {
  if (state.step === step) return state;
  const known = state.steps.some((entry) => entry.step === step);
  return {
    ...state,
    step,
    mesh: { ...state.mesh, skip: state.mesh.behind, provisional: !known },
    metrics: eachMetric(state, (metric) => ({ ...metric, evidence: forgetWaiting(metric.evidence), settled: { ...unsettled(metric.lastAt), skip: metric.behind, provisional: true } })),
    steps: known ? state.steps : [...state.steps, { step, weight, ...NO_SIDES, observedShare: null }],
  };
}
