import { addDispersion, disperse, NO_DISPERSION, knownPhiOf, startDispersion, toDispersion, type KnownPhi } from '../../src/canary/judge/dispersion.ts';
import { judge } from '../../src/canary/judge/judge.ts';
import { countIntervals, openStep, startJudging } from '../../src/canary/judge/state.ts';
import type { Metric } from '../../src/contracts/canary-definition.ts';
import type { Traffic } from './worlds.ts';

/** "No worse than stable", the same question as the rivals are asked: a definition takes any ratio above 1. */
export const NO_WORSE: Metric = { name: 'errors', source: 'mesh', ratio: 1.000001 };
export const MARGIN = 0.01;
export const WITHIN_MARGIN: Metric = { name: 'errors', source: 'mesh', margin: MARGIN };

/** Times are epoch milliseconds, and 0 stands for none. */
const START = 1_800_000_000_000;

export interface Ending {
  readonly outcome: 'pass' | 'fail' | 'none';
  /** Seconds looked at. */
  readonly at: number;
}

const healthAt = (now: number) => ({ errors: { now, lastReportAt: now, staleAfterMs: 10_000, periodMs: 1000 } });

/** src/canary/judge, looking each second until it decides. */
export function judgeOurs({ nC, xC, nS, xS }: Traffic, metric: Metric, known: KnownPhi, stopAtPass: boolean): Ending {
  const metrics = [metric];
  let state = openStep(startJudging(metrics, START, { errors: known }), 0, 50);
  for (let second = 0; second < nC.length; second += 1) {
    const at = START + (second + 1) * 1000;
    const canary = { total: nC[second]!, bad: xC[second]! };
    const stable = { total: nS[second]!, bad: xS[second]! };
    state = countIntervals(state, metrics, [{ at, canary, stable }], at);
    const { outcome } = judge(state, { metrics, minRequests: 0 }, healthAt(at));
    if (outcome === 'fail' || (outcome === 'pass' && stopAtPass)) return { outcome, at: second + 1 };
  }
  return { outcome: 'none', at: nC.length };
}

/** φ as the product learns it from rollouts that were good. */
export function knownOfHistory({ nC, xC, nS, xS }: Traffic): KnownPhi {
  let state = startDispersion(START);
  for (let second = 0; second < nC.length; second += 1) {
    const pair = { canary: { total: nC[second]!, bad: xC[second]! }, stable: { total: nS[second]!, bad: xS[second]! } };
    state = disperse(state, pair, START + (second + 1) * 1000);
  }
  return knownPhiOf(addDispersion(NO_DISPERSION, toDispersion(state)));
}
