import type { Metric } from '../../contracts/canary-definition.ts';
import { boundLogE, marginLogE, ratioLogE, type Pair } from './e-values.ts';

/** Alternatives of a sequential test with their weights in the mixture, and the log e-value of an interval for each. */
export interface SequentialTest {
  readonly weights: readonly number[];
  /** `baseline` is the stable rate estimated from earlier intervals only. */
  logEs(pair: Pair, baseline: number): number[];
}

/** How one metric is tested: against being good (fail), and against being bad (pass) where the bound allows to tell. */
export interface MetricTest {
  /** Compares with the live stable side; else the canary stands alone against a bound. */
  readonly compares: boolean;
  readonly fail: SequentialTest;
  readonly pass?: SequentialTest;
  /** The rule in words. */
  readonly rule: string;
}

const equal = (count: number): number[] => Array.from({ length: count }, () => 1 / count);
const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(4))} %`;

/** Mixture of Robbins' test: r is how many times worse than the null allows. */
const RATIOS = [1.2, 1.5, 2, 3, 6, 20, 100, 1000];
const RATIO_WEIGHTS = [0.16, 0.24, 0.24, 0.16, 0.1, 0.05, 0.03, 0.02];

const WORSE = [1.33, 2, 4, 10, 30, 100];
/** Alternatives stay below certainty, or one good request would end them. */
const worse = (bound: number): number[] => WORSE.map((times) => Math.min(bound * times, Math.max(0.9, (1 + bound) / 2)));

/** A baseline is no lower than one in 100,000, and leaves room for the margin above it. */
const clampBaseline = (rate: number, margin: number): number => Math.max(1e-5, Math.min(rate, 0.98 - margin));

function marginTest(margin: number): MetricTest {
  return {
    compares: true,
    rule: `the margin of ${percent(margin)} above stable`,
    fail: {
      weights: equal(WORSE.length),
      logEs: (pair, baseline) => {
        const t0 = clampBaseline(baseline, margin);
        return worse(t0 + margin).map((t1) => marginLogE(pair, margin, t1, t0));
      },
    },
    pass: {
      weights: equal(2),
      logEs: (pair, baseline) => {
        const t0 = clampBaseline(baseline, margin);
        return [t0, t0 + margin / 2].map((t1) => marginLogE(pair, margin, t1, t0));
      },
    },
  };
}

const ratioTest = (rho: number): MetricTest => ({
  compares: true,
  rule: `${rho} times stable`,
  fail: { weights: RATIO_WEIGHTS, logEs: (pair) => RATIOS.map((r) => ratioLogE(pair, rho, r)) },
});

const boundTest = (bound: number): MetricTest => ({
  compares: false,
  rule: `the bound of ${percent(bound)}`,
  fail: { weights: equal(WORSE.length), logEs: (pair) => worse(bound).map((t) => boundLogE(pair, bound, t)) },
  pass: { weights: equal(2), logEs: (pair) => [bound / 10, bound / 2].map((t) => boundLogE(pair, bound, t)) },
});

function makeTest({ margin, ratio, max }: Metric): MetricTest {
  if (margin !== undefined) return marginTest(margin);
  if (ratio !== undefined) return ratioTest(ratio);
  return boundTest(max ?? 0.01);
}

/** Asked for with every interval. */
const made = new WeakMap<Metric, MetricTest>();

/** The test of a metric: by its `margin`, its `ratio` or its `max`, whichever it has. */
export function testOf(metric: Metric): MetricTest {
  const test = made.get(metric) ?? makeTest(metric);
  made.set(metric, test);
  return test;
}
