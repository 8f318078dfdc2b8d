import * as z from 'zod/mini';
import { isTimeZone } from './schedule/time-zone.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** When weights may rise: the wall clock of `zone` shows one of `days` (0 is Sunday) and a minute of the day in [from, to). A window with to ≤ from goes on past midnight and belongs to the day it begins. */
export interface Window {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
  /** IANA name. */
  readonly zone: string;
  /** As its author wrote it. */
  readonly text: string;
}

const PATTERN = /^(\*|[A-Za-z]{3}(?:[-,][A-Za-z]{3})*) (\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?$/;
const MINUTES_A_DAY = 1440;

const dayOf = (text: string): number => DAYS.findIndex((day) => day.toLowerCase() === text.toLowerCase());

/** `Mon-Fri`, `Mon,Wed`, `Fri-Mon` (round the week), `*`; undefined for a day there is not. */
function parseDays(text: string): number[] | undefined {
  if (text === '*') return DAYS.map((_, day) => day);
  const days = text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const [from, to] = [dayOf(first), dayOf(last)];
    if (from < 0 || to < 0 || part.split('-').length > 2) return [-1];
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
  });
  return days.includes(-1) ? undefined : [...new Set(days)].sort();
}

/** A window of the form `Mon-Fri 09:00-16:00 Europe/Berlin`; without a zone it is UTC. Undefined when it is not one. */
export function parseWindow(text: string): Window | undefined {
  const [, dayText = '', ...rest] = PATTERN.exec(text) ?? [];
  const [fromHour = NaN, fromMinute = NaN, toHour = NaN, toMinute = NaN] = rest.slice(0, 4).map(Number);
  const zone = rest[4] ?? 'UTC';
  const days = parseDays(dayText);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const isTime = fromMinute < 60 && toMinute < 60 && from < MINUTES_A_DAY && to <= MINUTES_A_DAY && from !== to;
  return days === undefined || !isTime || !isTimeZone(zone) ? undefined : { days, from, to, zone, text };
}

const WINDOW_RULE = 'must be days, times and a time zone such as "Mon-Fri 09:00-16:00 Europe/Berlin"';

/** A window of the definition, parsed. */
const window = z.pipe(
  z.string(WINDOW_RULE).check(z.refine((text) => parseWindow(text) !== undefined, WINDOW_RULE)),
  z.transform((text): Window => parseWindow(text) ?? { days: [], from: 0, to: 0, zone: 'UTC', text }),
);

export const windows = z.array(window, 'must be a list of windows').check(z.minLength(1, 'must hold at least one window'), z.maxLength(20, 'must hold at most 20 windows'));
