import type { Metric } from '../../contracts/analysis.ts';
import type { SideCounts } from '../../contracts/rollout.ts';
import { addSides, NO_SIDES, type Sides } from './figures.ts';
import type { MetricState } from './state.ts';
import { testOf } from './tests.ts';

const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(3))} %`;
export const plural = (count: number): string => `${count} request${count === 1 ? '' : 's'}`;
export const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

const share = ({ requests, errors }: SideCounts): string => `${errors} of ${plural(requests)}${requests === 0 ? '' : ` (${percent(errors / requests)})`}`;
const sides = ({ canary, stable }: Sides, compares: boolean): string => (compares ? `canary ${share(canary)} against stable ${share(stable)}` : `canary ${share(canary)}`);

/** What is bad of a request by this metric. */
const badness = ({ slowerThan }: Metric): string => (slowerThan === undefined ? '' : ` slower than ${slowerThan} ms`);

/** The counts that the test took, those of the step first. */
function sayCounts(metric: Metric, { used, usedBefore }: Pick<MetricState, 'used' | 'usedBefore'>): string {
  const { compares } = testOf(metric);
  if (usedBefore.canary.requests === 0) return `${sides(used, compares)}${badness(metric)}`;
  if (used.canary.requests === 0) return `${sides(addSides(used, usedBefore), compares)}${badness(metric)} before this weight`;
  return `${sides(used, compares)}${badness(metric)}, and ${sides(usedBefore, compares)} before this weight`;
}

/** A metric's verdict with its counts, its rule and its evidence. */
export const sayMetric = (metric: Metric, state: MetricState | undefined, evidence: number, words: string): string =>
  `${metric.name}: ${words}: ${sayCounts(metric, state ?? { used: NO_SIDES, usedBefore: NO_SIDES })}, by ${testOf(metric).rule}; evidence ${evidence.toPrecision(3)} to 1 that it is worse`;

/** What the canary had while it had everything. */
export const sayAlone = (metric: Metric, state: MetricState | undefined): string => `${metric.name}: canary ${share(state?.settled.canary ?? { requests: 0, errors: 0 })}${badness(metric)}`;
