import { median } from '../support/stats.ts';
import { judgeOurs, knownOfHistory, MARGIN, NO_WORSE, WITHIN_MARGIN } from './ours.ts';
import { createRandom } from './random.ts';
import { abortByKayenta, abortByThreshold, ALARM, FLAGGER, tuneThreshold } from './rivals.ts';
import { EFFECTS, NO_EFFECT, simulate, type Cell, type Effect, type Traffic, type WorldName } from './worlds.ts';

export const SIDES = ['ours', 'kayenta', 'flagger', 'alarm'] as const;
export type Side = (typeof SIDES)[number];
export type EffectName = keyof typeof EFFECTS;

export interface Sizes {
  readonly seed: number;
  /** Good runs of a cell. */
  readonly good: number;
  /** Bad runs of a cell and effect. */
  readonly bad: number;
  /** Runs at the margin's border. */
  readonly border: number;
  readonly seconds: number;
}

/** What it cost to catch a version that is worse; a run in which it was not caught costs all there was. */
export interface Cost {
  readonly requests: number;
  readonly badAnswers: number;
  /** Share of the runs in which it was caught. */
  readonly caught: number;
}

export interface CellResult {
  readonly cell: Cell;
  readonly phi: number;
  readonly goodRuns: number;
  readonly falseAborts: Readonly<Record<Side, number>>;
  /** The rivals' thresholds are tuned in this world; so many good runs they abort with those tuned in the calm one. */
  readonly calmTuned: Readonly<Record<'flagger' | 'alarm', number>>;
  readonly borderRuns: number;
  readonly wrongPasses: number;
  /** Of the margin's test, at its border. */
  readonly borderAborts: number;
  readonly costs: Readonly<Record<EffectName, Readonly<Record<Side, Cost>>>>;
}

const FALSE_ABORTS = 0.01;
const HISTORY_SECONDS = 2 * 3600;

type Detector = (traffic: Traffic) => number | undefined;

const sumUntil = (counts: Int32Array, end: number): number => counts.subarray(0, end).reduce((sum, count) => sum + count, 0);

function costOf(runs: readonly Traffic[], detect: Detector): Cost {
  const ends = runs.map(detect);
  const spent = (of: (traffic: Traffic) => Int32Array): number => median(runs.map((traffic, index) => sumUntil(of(traffic), ends[index] ?? traffic.nC.length)));
  return { requests: spent(({ nC }) => nC), badAnswers: spent(({ xC }) => xC), caught: ends.filter((end) => end !== undefined).length / runs.length };
}

const count = <T>(list: readonly T[], holds: (item: T) => boolean): number => list.filter(holds).length;

/** Everything about one cell of one world. Seeded by the cell's own place: cells can run in any order. */
export function measureCell(world: WorldName, cell: Cell, index: number, { seed, good, bad, border, seconds }: Sizes): CellResult {
  const random = createRandom(seed * 1_000_003 + index * 7919);
  const runs = (number: number, effect: Effect, of: WorldName = world): Traffic[] => Array.from({ length: number }, () => simulate(of, cell, effect, seconds, random));
  const known = knownOfHistory(simulate(world, cell, NO_EFFECT, HISTORY_SECONDS, random));

  const goodRuns = runs(good, NO_EFFECT);
  const calmRuns = world === 'calm' ? goodRuns : runs(good, NO_EFFECT, 'calm');
  const thresholds = { flagger: tuneThreshold(FLAGGER, goodRuns, FALSE_ABORTS), alarm: tuneThreshold(ALARM, goodRuns, FALSE_ABORTS) };
  const detectors: Readonly<Record<Side, Detector>> = {
    ours: (traffic) => {
      const { outcome, at } = judgeOurs(traffic, NO_WORSE, known, false);
      return outcome === 'fail' ? at : undefined;
    },
    kayenta: abortByKayenta,
    flagger: (traffic) => abortByThreshold(FLAGGER, traffic, thresholds.flagger),
    alarm: (traffic) => abortByThreshold(ALARM, traffic, thresholds.alarm),
  };
  const bySide = <V>(value: (side: Side) => V): Record<Side, V> => Object.fromEntries(SIDES.map((side) => [side, value(side)])) as Record<Side, V>;
  const calmTuned = (rule: typeof FLAGGER): number => {
    const threshold = tuneThreshold(rule, calmRuns, FALSE_ABORTS);
    return count(goodRuns, (traffic) => abortByThreshold(rule, traffic, threshold) !== undefined);
  };

  const borderEnds = runs(border, (rate) => Math.min(1, rate + MARGIN)).map((traffic) => judgeOurs(traffic, WITHIN_MARGIN, known, true).outcome);
  const costs = Object.fromEntries(
    Object.entries(EFFECTS).map(([name, effect]) => {
      const badRuns = runs(bad, effect);
      return [name, bySide((side) => costOf(badRuns, detectors[side]))];
    }),
  ) as Record<EffectName, Record<Side, Cost>>;

  return {
    cell,
    phi: known.phi,
    goodRuns: good,
    falseAborts: bySide((side) => count(goodRuns, (traffic) => detectors[side](traffic) !== undefined)),
    calmTuned: { flagger: calmTuned(FLAGGER), alarm: calmTuned(ALARM) },
    borderRuns: border,
    wrongPasses: count(borderEnds, (outcome) => outcome === 'pass'),
    borderAborts: count(borderEnds, (outcome) => outcome === 'fail'),
    costs,
  };
}
