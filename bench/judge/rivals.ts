import type { Traffic } from './worlds.ts';

/** A rule that a threshold turns into a decision: the highest bad rate it saw, window by window. */
export interface ThresholdRule {
  readonly name: string;
  /** Seconds of a window; each is looked at once, when it ends. */
  readonly window: number;
}

/** Flagger at its shortest interval with one failed check (counted when the check fails, not a tick later, when it would act). */
export const FLAGGER: ThresholdRule = { name: 'flagger', window: 10 };
/** A CloudWatch alarm, one period of 60 s of one. */
export const ALARM: ThresholdRule = { name: 'alarm', window: 60 };

/** The canary's bad rate of each whole window; windows without requests count as none bad. */
function windowRates({ nC, xC }: Traffic, window: number): number[] {
  return Array.from({ length: Math.floor(nC.length / window) }, (_, index) => {
    let [n, x] = [0, 0];
    for (let second = index * window; second < (index + 1) * window; second += 1) {
      n += nC[second]!;
      x += xC[second]!;
    }
    return n === 0 ? 0 : x / n;
  });
}

/** The lowest threshold that aborts no more than this share of good runs, known after the fact: as well tuned as can be. */
export function tuneThreshold(rule: ThresholdRule, good: readonly Traffic[], falseAborts: number): number {
  const peaks = good.map((traffic) => Math.max(...windowRates(traffic, rule.window))).sort((a, b) => a - b);
  return peaks[Math.max(0, Math.ceil((1 - falseAborts) * peaks.length) - 1)] ?? 1;
}

/** Seconds until the rule aborts, or undefined. */
export function abortByThreshold(rule: ThresholdRule, traffic: Traffic, threshold: number): number | undefined {
  const index = windowRates(traffic, rule.window).findIndex((rate) => rate > threshold);
  return index < 0 ? undefined : (index + 1) * rule.window;
}

const POINT_SECONDS = 10;
const WINDOW_SECONDS = 300;
/** The 0.99 quantile of the normal distribution: a two-sided confidence of 0.98. */
const Z = 2.3263478740408408;
const TOLERANCE = 0.25;

function ratesOf(n: Int32Array, x: Int32Array, from: number): number[] {
  const rates: number[] = [];
  for (let at = from; at < from + WINDOW_SECONDS; at += POINT_SECONDS) {
    let [requests, bad] = [0, 0];
    for (let second = at; second < at + POINT_SECONDS; second += 1) {
      requests += n[second]!;
      bad += x[second]!;
    }
    if (requests > 0) rates.push(bad / requests);
  }
  return rates;
}

/**
 * Kayenta's Mann-Whitney classifier: High where the lower end of the 0.98 confidence interval of the shift (the order statistic of all
 * differences, by the normal approximation) exceeds a quarter of the estimated shift (their median).
 */
function isHigh(canary: readonly number[], stable: readonly number[]): boolean {
  if (canary.length === 0 || stable.length === 0) return false;
  const differences = new Float64Array(canary.length * stable.length);
  for (const [i, c] of canary.entries()) for (const [j, s] of stable.entries()) differences[i * stable.length + j] = c - s;
  differences.sort();
  const size = differences.length;
  const k = Math.floor(size / 2 - Z * Math.sqrt((size * (canary.length + stable.length + 1)) / 12));
  const estimate = ((differences[Math.floor((size - 1) / 2)] ?? 0) + (differences[Math.floor(size / 2)] ?? 0)) / 2;
  return k >= 1 && differences[k - 1]! > TOLERANCE * Math.abs(estimate);
}

/** Seconds until Kayenta, judging each five minutes by points of ten seconds, aborts, or undefined. */
export function abortByKayenta({ nC, xC, nS, xS }: Traffic): number | undefined {
  for (let end = WINDOW_SECONDS; end <= nC.length; end += WINDOW_SECONDS) {
    const from = end - WINDOW_SECONDS;
    if (isHigh(ratesOf(nC, xC, from), ratesOf(nS, xS, from))) return end;
  }
  return undefined;
}
