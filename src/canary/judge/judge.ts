import type { Analysis, Metric } from '../../contracts/analysis.ts';
import type { Outcome } from '../../contracts/rollout.ts';
import { startsToCome } from './evidence.ts';
import { logAdd, logMix } from './logs.ts';
import { plural, sayAlone, sayMetric, seconds } from './say.ts';
import type { JudgeState, MetricState } from './state.ts';
import { testOf } from './tests.ts';

/** What a judgement that is neither pass nor fail lacks: reports at all, requests, a stable side, or evidence. */
export type Lack = 'metrics' | 'traffic' | 'stable' | 'evidence';

export interface Judgement {
  readonly outcome: Outcome;
  /** In words and figures. */
  readonly reason: string;
  readonly lack: Lack | null;
}

/** How the source of a metric's counts is doing. Times by the source's clock, epoch ms. */
export interface SourceHealth {
  readonly now: number;
  /** When anything was last reported to it, or null if nothing ever was. */
  readonly lastReportAt: number | null;
  /** A newest report that is older says that the source is cut off. */
  readonly staleAfterMs: number;
  /** The length of its intervals. */
  readonly periodMs: number;
  /** Set when reading failed. */
  readonly error?: string;
}

/** Chance of failing a good version, and of passing one that is worse than its bound. */
const ALPHA = 0.01;
const BETA = 0.01;

interface MetricVerdict {
  readonly metric: Metric;
  readonly outcome: 'pass' | 'fail' | 'undecided' | 'incomparable';
  /** e-value against the hypothesis that it is good. */
  readonly evidence: number;
}

const weightOf = ({ steps, step }: JudgeState): number => steps.find((entry) => entry.step === step)?.weight ?? 0;

function judgeMetric(metric: Metric, state: JudgeState, tested: number): MetricVerdict {
  const test = testOf(metric);
  const { fail = [], pass = [], looks = 0 } = state.metrics[metric.name]?.evidence ?? {};
  const logFail = looks === 0 ? 0 : logAdd(logMix(fail, test.fail.weights), Math.log(startsToCome(looks)));
  // Each of several tests gets its part of α, so that all of them together stay within it.
  if (logFail >= Math.log(tested / ALPHA)) return { metric, outcome: 'fail', evidence: Math.exp(logFail) };
  if (test.compares && weightOf(state) === 100) return { metric, outcome: 'incomparable', evidence: Math.exp(logFail) };
  const passed = test.pass !== undefined && looks > 0 && logMix(pass, test.pass.weights) >= Math.log(1 / BETA);
  return { metric, outcome: passed ? 'pass' : 'undecided', evidence: Math.exp(logFail) };
}

const REPORTER: Readonly<Record<Metric['source'], { readonly none: string; readonly stale: string }>> = {
  mesh: { none: 'no proxy has reported yet', stale: 'no proxy has reported' },
  prometheus: { none: 'Prometheus has no value of either side yet', stale: 'Prometheus has had no value of either side' },
  cloudwatch: { none: 'CloudWatch has no value of either side yet', stale: 'CloudWatch has had no value of either side' },
};
const LATENCY = { none: 'no proxy has told how long requests take (`meshshift mesh bootstrap` makes Envoy tell)', stale: 'no proxy has told how long requests take' };

/** Why nothing can be said of a metric, if so: its source does not answer, or is cut off itself. */
function findOutage({ name, source, slowerThan }: Metric, health: SourceHealth | undefined): Judgement | undefined {
  const outage = (reason: string): Judgement => ({ outcome: 'error', reason: `${name}: ${reason}`, lack: 'metrics' });
  if (health === undefined) return outage('nothing was measured yet');
  if (health.error !== undefined) return outage(`the measurements cannot be read: ${health.error}`);
  const words = slowerThan === undefined ? REPORTER[source] : LATENCY;
  if (health.lastReportAt === null) return outage(words.none);
  const age = health.now - health.lastReportAt;
  return age > health.staleAfterMs ? outage(`${words.stale} for ${seconds(age)}`) : undefined;
}

/** A side is silent when its next request is long overdue: with chances of e⁻¹⁰ where they come at random. */
const OVERDUE = 10;
const LEAST_SILENCE_MS = 10_000;
const LEAST_PERIODS = 3;

/** Since when a side has had no request though it should have had some, in ms; undefined while it is not silent. */
function silenceOf({ lastAt, settled }: MetricState, side: 'canary' | 'stable', periodMs: number): number | undefined {
  const at = side === 'canary' ? settled.canaryAt : settled.stableAt;
  const usual = (at - settled.since) / Math.max(1, settled[side].requests);
  const silent = lastAt - at;
  return silent > Math.max(LEAST_SILENCE_MS, LEAST_PERIODS * periodMs, OVERDUE * usual) ? silent : undefined;
}

/** What traffic a metric lacks at this weight: too few requests, none to compare with, or none any more: what was measured before that says nothing of now. */
function findTrafficLack(metric: Metric, state: MetricState, minRequests: number, weight: number, periodMs: number): Judgement | undefined {
  const lacks = (reason: string): Judgement => ({ outcome: 'inconclusive', reason: `${metric.name}: ${reason}`, lack: 'traffic' });
  const { canary, stable } = state.settled;
  if (canary.requests < minRequests) return lacks(`canary had ${plural(canary.requests)} at this weight, and at least ${minRequests} are needed`);
  const compares = testOf(metric).compares && weight < 100;
  if (compares && stable.requests === 0) return lacks('stable had no request to compare with');
  const silent = (['canary', ...(compares ? ['stable' as const] : [])] as const).map((side) => ({ side, ms: silenceOf(state, side, periodMs) })).find(({ ms }) => ms !== undefined);
  return silent === undefined ? undefined : lacks(`${silent.side} has had no request for ${seconds(silent.ms ?? 0)}, after ${plural(state.settled[silent.side].requests)}`);
}

function findLack(metric: Metric, state: JudgeState, minRequests: number, health: SourceHealth | undefined): Judgement | undefined {
  const outage = findOutage(metric, health);
  const counted = state.metrics[metric.name];
  if (outage !== undefined || counted === undefined || health === undefined) return outage;
  return findTrafficLack(metric, counted, minRequests, weightOf(state), health.periodMs);
}

/**
 * What the counts say now. Fail stands whatever is missing since; missing data is never healthy, and never by itself a failure: one metric without
 * is enough to say nothing. At a weight of 100 there is no stable side: metrics that compare with it are not judged. `health` is by metric.
 */
export function judge(state: JudgeState, { metrics, minRequests }: Pick<Analysis, 'metrics' | 'minRequests'>, health: Readonly<Record<string, SourceHealth>>): Judgement {
  // α is shared by all that are tested in the rollout, at whichever step.
  const tested = Math.max(metrics.length, Object.keys(state.metrics).length);
  const verdicts = metrics.map((metric) => judgeMetric(metric, state, tested));
  const say = ({ metric, evidence }: MetricVerdict, words: string): string => sayMetric(metric, state.metrics[metric.name], evidence, words);
  const failed = verdicts.find(({ outcome }) => outcome === 'fail');
  if (failed !== undefined) return { outcome: 'fail', reason: say(failed, 'worse'), lack: null };
  const lacking = metrics.map((metric) => findLack(metric, state, minRequests, health[metric.name])).filter((lack) => lack !== undefined);
  const [lack] = [...lacking.filter(({ outcome }) => outcome === 'error'), ...lacking];
  if (lack !== undefined) return lack;
  const undecided = verdicts.find(({ outcome }) => outcome === 'undecided');
  if (undecided !== undefined) return { outcome: 'inconclusive', reason: say(undecided, 'not shown worse, nor shown good'), lack: 'evidence' };
  const passed = verdicts.filter(({ outcome }) => outcome === 'pass');
  if (passed.length > 0) return { outcome: 'pass', reason: passed.map((verdict) => say(verdict, 'good')).join('; '), lack: null };
  return { outcome: 'inconclusive', reason: `no stable side at a weight of 100 to compare with; ${metrics.map((metric) => sayAlone(metric, state.metrics[metric.name])).join('; ')}`, lack: 'stable' };
}
