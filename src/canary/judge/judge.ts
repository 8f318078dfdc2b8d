import type { CanaryDefinition, Metric } from '../../contracts/canary-definition.ts';
import type { Outcome, SideCounts, StepMeasurement } from '../../contracts/rollout.ts';
import { logAdd, logMix } from './logs.ts';
import { startsToCome, type JudgeState } from './state.ts';
import { testOf } from './tests.ts';

/** What a judgement that is neither pass nor fail lacks: reports at all, requests, a stable side, or evidence. */
export type Lack = 'metrics' | 'traffic' | 'stable' | 'evidence';

export interface Judgement {
  readonly outcome: Outcome;
  /** In words and figures. */
  readonly reason: string;
  readonly lack: Lack | null;
}

/** How the source of the counts is doing. */
export interface SourceHealth {
  readonly now: number;
  /** When any proxy last reported, or null if none ever did. */
  readonly lastReportAt: number | null;
  /** Set when reading failed. */
  readonly error?: string;
}

/** A report older than this is stale: proxies report at least each second. */
export const STALE_AFTER_MS = 10_000;

/** Chance of failing a good version, and of passing one that is worse than its bound. */
const ALPHA = 0.01;
const BETA = 0.01;

const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(3))} %`;
const plural = (count: number): string => `${count} request${count === 1 ? '' : 's'}`;
const share = ({ requests, errors }: SideCounts): string => `${errors} of ${plural(requests)}${requests === 0 ? '' : ` (${percent(errors / requests)})`}`;

const EMPTY: SideCounts = { requests: 0, errors: 0 };
const measurementOf = (state: JudgeState): Pick<StepMeasurement, 'canary' | 'stable' | 'weight'> =>
  state.steps.find(({ step }) => step === state.step) ?? { canary: EMPTY, stable: EMPTY, weight: 0 };

interface MetricVerdict {
  readonly metric: Metric;
  readonly outcome: 'pass' | 'fail' | 'undecided' | 'incomparable';
  /** e-value against the hypothesis that it is good. */
  readonly evidence: number;
}

function judgeMetric(metric: Metric, state: JudgeState, comparing: number): MetricVerdict {
  const test = testOf(metric);
  const { fail = [], pass = [], looks = 0 } = state.metrics[metric.name] ?? {};
  const logFail = looks === 0 ? 0 : logAdd(logMix(fail, test.fail.weights), Math.log(startsToCome(looks)));
  // Each of several tests gets its part of α, so that all of them together stay within it.
  if (logFail >= Math.log(comparing / ALPHA)) return { metric, outcome: 'fail', evidence: Math.exp(logFail) };
  if (test.compares && measurementOf(state).weight === 100) return { metric, outcome: 'incomparable', evidence: Math.exp(logFail) };
  const passed = test.pass !== undefined && looks > 0 && logMix(pass, test.pass.weights) >= Math.log(1 / BETA);
  return { metric, outcome: passed ? 'pass' : 'undecided', evidence: Math.exp(logFail) };
}

function describeSides(state: JudgeState, { compares, rule }: { compares: boolean; rule: string }): string {
  const { canary, stable } = measurementOf(state);
  return compares ? `canary ${share(canary)} against stable ${share(stable)}, by ${rule}` : `canary ${share(canary)}, by ${rule}`;
}

const sayMetric = (state: JudgeState, { metric, evidence }: MetricVerdict, words: string): string =>
  `${metric.name}: ${words}: ${describeSides(state, testOf(metric))}; evidence ${evidence.toPrecision(3)} to 1 that it is worse`;

const outage = (reason: string): Judgement => ({ outcome: 'error', reason, lack: 'metrics' });

function findOutage({ now, lastReportAt, error }: SourceHealth): Judgement | undefined {
  if (error !== undefined) return outage(`the measurements cannot be read: ${error}`);
  if (lastReportAt === null) return outage('no proxy has reported yet');
  const age = now - lastReportAt;
  return age > STALE_AFTER_MS ? outage(`no proxy has reported for ${Math.round(age / 1000)} s`) : undefined;
}

function findTrafficLack(state: JudgeState, minRequests: number): Judgement | undefined {
  const { canary, stable, weight } = measurementOf(state);
  const lacks = (reason: string): Judgement => ({ outcome: 'inconclusive', reason, lack: 'traffic' });
  if (canary.requests < minRequests) return lacks(`canary had ${plural(canary.requests)}, and at least ${minRequests} are needed`);
  return weight < 100 && stable.requests === 0 ? lacks('stable had no request to compare with') : undefined;
}

/**
 * What the counts say now. Fail stands whatever is missing since; missing data is never healthy, and never by itself a failure.
 * At a weight of 100 there is no stable side: metrics that compare with it are not judged.
 */
export function judge(state: JudgeState, { metrics, minRequests }: Pick<CanaryDefinition['analysis'], 'metrics' | 'minRequests'>, health: SourceHealth): Judgement {
  // α is shared by all that are tested in the rollout, at whichever step.
  const tested = Math.max(metrics.length, Object.keys(state.metrics).length);
  const verdicts = metrics.map((metric) => judgeMetric(metric, state, tested));
  const failed = verdicts.find(({ outcome }) => outcome === 'fail');
  if (failed !== undefined) return { outcome: 'fail', reason: sayMetric(state, failed, 'worse'), lack: null };
  const lacking = findOutage(health) ?? findTrafficLack(state, minRequests);
  if (lacking !== undefined) return lacking;
  const undecided = verdicts.find(({ outcome }) => outcome === 'undecided');
  if (undecided !== undefined) return { outcome: 'inconclusive', reason: sayMetric(state, undecided, 'not shown worse, nor shown good'), lack: 'evidence' };
  const [passed] = verdicts.filter(({ outcome }) => outcome === 'pass');
  if (passed === undefined) return { outcome: 'inconclusive', reason: `no stable side at a weight of 100 to compare with; canary ${share(measurementOf(state).canary)}`, lack: 'stable' };
  return { outcome: 'pass', reason: sayMetric(state, passed, 'good'), lack: null };
}
