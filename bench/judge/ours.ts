import { judge } from '../../src/canary/judge/judge.ts';
import { countIntervals, startJudging } from '../../src/canary/judge/state.ts';
import type { Metric } from '../../src/contracts/canary-definition.ts';
import type { Traffic } from './worlds.ts';

/** "No worse than stable", the same question as the rivals are asked: a definition takes any ratio above 1. */
export const NO_WORSE: Metric = { name: 'errors', source: 'mesh', ratio: 1.000001 };
export const MARGIN = 0.01;
export const WITHIN_MARGIN: Metric = { name: 'errors', source: 'mesh', margin: MARGIN };

export interface Ending {
  readonly outcome: 'pass' | 'fail' | 'none';
  /** Seconds looked at. */
  readonly at: number;
}

/**
 * src/canary/judge, looking each second until it decides. Dividing the counts by φ divides each log e-value by it, as they are linear in the counts and
 * otherwise depend on the ratio of both sides' requests alone.
 */
export function judgeOurs({ nC, xC, nS, xS }: Traffic, metric: Metric, phi: number, stopAtPass: boolean): Ending {
  const metrics = [metric];
  let state = startJudging(metrics, 0);
  for (let second = 0; second < nC.length; second += 1) {
    const at = (second + 1) * 1000;
    const canary = { total: nC[second]! / phi, bad: xC[second]! / phi };
    const stable = { total: nS[second]! / phi, bad: xS[second]! / phi };
    state = countIntervals(state, metrics, [{ at, canary, stable }], at);
    const { outcome } = judge(state, { metrics, minRequests: 0 }, { now: at, lastReportAt: at });
    if (outcome === 'fail' || (outcome === 'pass' && stopAtPass)) return { outcome, at: second + 1 };
  }
  return { outcome: 'none', at: nC.length };
}
