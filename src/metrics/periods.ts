import { TransientFault } from '../contracts/faults.ts';
import type { Interval } from '../canary/judge/state.ts';
import { QueryRefused } from './errors.ts';
import type { MetricsQuery, Reading } from './port.ts';

/** How much of a canary's and its stable's requests a query counts: texts with `{{mesh}}`, `{{virtualNode}}` and `{{step}}` in them. */
export interface CountQueries {
  readonly bad: string;
  readonly total: string;
}

/** The periods of a source that is polled: all of one length, ending at multiples of it. */
export interface Periods {
  readonly stepMs: number;
  /** Ends of the periods to ask for, ascending, epoch ms: those to tell, and some before, by which it is known when the source last had news. */
  readonly ends: readonly number[];
  /** Only periods that began at or after this are told. */
  readonly since: number;
  /** The end of the last whole period. */
  readonly now: number;
  /** How many periods are under way, or not told yet. */
  readonly behind: number;
}

/** Values by the end of their period; a period without a value has none. */
export type Samples = ReadonlyMap<number, number>;
export interface SideSamples {
  readonly bad: Samples;
  readonly total: Samples;
}
export type PairSamples = Readonly<Record<'canary' | 'stable', SideSamples>>;

const LOOK_BACK = 5;
/** Sources bound the points of an answer; more are told at the next reading. */
const MOST_PERIODS = 5000;
/** A newest value may come late: a period is told when both its values are there. */
const LATE_PERIODS = 2;
/** With no value of either side for so long, nobody tells whether there is no traffic or no source. */
const STALE_PERIODS = 3;
/** Counts that a source interpolates may differ by as much. */
const TOLERANCE = 0.05;

/** The whole periods after `since` up to the source's clock, less the lag with which its values come. All in milliseconds. */
export function periodsOf(since: number, clock: number, stepMs: number, lagMs = 0): Periods {
  const newest = Math.floor((clock - lagMs) / stepMs) * stepMs;
  const begin = Math.ceil(since / stepMs) * stepMs;
  const now = Math.min(newest, begin + MOST_PERIODS * stepMs);
  const first = Math.min(begin + stepMs, now - (LOOK_BACK - 1) * stepMs);
  return { stepMs, since, now, behind: 1 + Math.ceil(Math.max(stepMs, lagMs) / stepMs), ends: Array.from({ length: (now - first) / stepMs + 1 }, (_, index) => first + index * stepMs) };
}

/** A query for one side, its placeholders filled in; names are escaped for a text in double quotes. */
export function fillQuery(query: string, { mesh }: MetricsQuery, virtualNode: string, stepMs: number): string {
  const values: Readonly<Record<string, string>> = { mesh, virtualNode, step: `${stepMs / 1000}s` };
  return query.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new QueryRefused(`the query has {{${name}}}: must be one of {{mesh}}, {{virtualNode}} and {{step}}`);
    return value.replace(/["\\]/g, '\\$&');
  });
}

type Counts = Interval['canary'];

/** Undefined where requests were counted and bad ones not: that is no answer, and least of all none bad. */
function countsAt(end: number, { bad, total }: SideSamples): Counts | undefined {
  const [allValue, badValue] = [total.get(end) ?? 0, bad.get(end)];
  if (allValue === 0 && (badValue ?? 0) === 0) return { total: 0, bad: 0 };
  if (badValue === undefined) return undefined;
  const at = new Date(end).toISOString();
  if (!(allValue >= 0 && badValue >= 0 && Number.isFinite(allValue) && Number.isFinite(badValue))) throw new QueryRefused(`at ${at} the queries give ${badValue} bad of ${allValue}: must be counts`);
  if (badValue > allValue * (1 + TOLERANCE) + 1) throw new QueryRefused(`at ${at} the queries give ${badValue} bad of ${allValue}: must be at most all of them`);
  const all = Math.round(allValue);
  return { total: all, bad: Math.min(Math.round(badValue), all) };
}

/**
 * What a polled source's values tell.
 * @throws TransientFault where the bad requests of a period are missing that is not among the newest; QueryRefused for what cannot be counts.
 */
export function toReading({ stepMs, ends, since, now, behind }: Periods, { canary, stable }: PairSamples): Reading {
  const intervals: Interval[] = [];
  let told = now;
  for (const end of ends.filter((candidate) => candidate - stepMs >= since)) {
    const [ofCanary, ofStable] = [countsAt(end, canary), countsAt(end, stable)];
    if (ofCanary === undefined || ofStable === undefined) {
      if (end <= now - LATE_PERIODS * stepMs) throw new TransientFault(`bad has no value at ${new Date(end).toISOString()}, where total has one: write the query so that it gives 0 where nothing is bad`);
      told = end - stepMs;
      break;
    }
    intervals.push({ at: end, canary: ofCanary, stable: ofStable });
  }
  const reported = ends.filter((end) => end <= now && (canary.total.has(end) || stable.total.has(end)));
  return { intervals, now: told, lastReportAt: reported.at(-1) ?? null, staleAfterMs: STALE_PERIODS * stepMs, periodMs: stepMs, behind };
}
