import { InvalidExpression, parseCron, type Cron, type Day } from './cron.ts';
import { firstInstantOf, instantOf, wallTimeAt, type WallTime } from './time-zone.ts';

export { InvalidExpression } from './cron.ts';

/** When a schedule runs: once, at intervals, or by the calendar. */
export type Expression =
  | { readonly kind: 'at'; readonly wall: WallTime }
  | { readonly kind: 'rate'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A day is always 24 hours, whatever clocks do. */
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: 3_600_000, day: DAY_MS };

function parseAt(text: string): Expression {
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  // Date.parse takes 30 February for 1 March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(text)) throw new InvalidExpression(`at takes a date and time that exist, yyyy-mm-ddThh:mm:ss, not ${JSON.stringify(text)}`);
  return { kind: 'at', wall };
}

function parseRate(text: string): Expression {
  const [, value, unit = ''] = /^\s*([1-9]\d{0,8})\s+(minute|hour|day)s?\s*$/.exec(text) ?? [];
  const unitMs = UNITS[unit];
  if (value === undefined || unitMs === undefined) throw new InvalidExpression(`rate takes a positive whole number and minutes, hours or days, not ${JSON.stringify(text)}`);
  return { kind: 'rate', everyMs: Number(value) * unitMs };
}

const PARSERS: Readonly<Record<string, (text: string) => Expression>> = {
  at: parseAt,
  rate: parseRate,
  cron: (text) => ({ kind: 'cron', cron: parseCron(text) }),
};

/**
 * Parses `at(…)`, `rate(…)` or `cron(…)`.
 * @throws InvalidExpression that says which part breaks which rule.
 */
export function parseExpression(text: string): Expression {
  const [, kind = '', inner = ''] = /^(at|rate|cron)\((.*)\)$/s.exec(text) ?? [];
  const parse = PARSERS[kind];
  if (parse === undefined) throw new InvalidExpression('must be at(…), rate(…) or cron(…)');
  return parse(inner);
}

function dayOf(wall: WallTime): Day {
  const date = new Date(wall);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { year, month: month + 1, day: date.getUTCDate(), weekday: date.getUTCDay() + 1, daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate() };
}

/** Midnights of the days that match, from the day of `wall` on. */
function* matchingDays({ months, years, matchesDay }: Cron, wall: WallTime): Generator<WallTime> {
  const lastYear = Math.max(...years);
  let midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  for (;;) {
    const day = dayOf(midnight);
    if (day.year > lastYear) return;
    if (!years.has(day.year)) midnight = Date.UTC(day.year + 1, 0, 1);
    else if (!months.has(day.month)) midnight = Date.UTC(day.year, day.month, 1);
    else {
      if (matchesDay(day)) yield midnight;
      midnight += DAY_MS;
    }
  }
}

/**
 * A time that clocks skip is left out, and one that they show twice counts the first time only, as Scheduler documents its daylight saving.
 * The first instants of wall times ascend as these do, so that none before the wall time of `from` can be it.
 */
function nextCron(cron: Cron, zone: string, from: number): number | undefined {
  const start = Math.floor(wallTimeAt(from, zone) / MINUTE_MS) * MINUTE_MS;
  for (const midnight of matchingDays(cron, start)) {
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const wall = midnight + (hour * 60 + minute) * MINUTE_MS;
        const instant = wall < start ? undefined : firstInstantOf(wall, zone);
        if (instant !== undefined && instant >= from) return instant;
      }
    }
  }
  return undefined;
}

export interface Timing {
  /** A time zone of the IANA database; `rate` does not depend on it. */
  readonly zone: string;
  /** The first time looked for, epoch ms. */
  readonly from: number;
  /** A time of `rate`, from which the others are counted. */
  readonly anchor: number;
}

/** The first time at or after `from`, in epoch ms; undefined when there is none any more. */
export function nextTime(expression: Expression, { zone, from, anchor }: Timing): number | undefined {
  switch (expression.kind) {
    case 'at': {
      const instant = instantOf(expression.wall, zone);
      return instant >= from ? instant : undefined;
    }
    case 'rate':
      return anchor + Math.max(0, Math.ceil((from - anchor) / expression.everyMs)) * expression.everyMs;
    case 'cron':
      return nextCron(expression.cron, zone, from);
  }
}
