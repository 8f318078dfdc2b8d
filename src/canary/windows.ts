import { wallTimeAt } from '../contracts/schedule/time-zone.ts';
import type { Window } from '../contracts/window.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const MINUTES_A_DAY = 1440;

interface WallClock {
  readonly day: number;
  readonly minute: number;
}

/** Weekday and minute of the day that the wall clock of a zone shows at `at` (epoch ms). */
function wallClock(zone: string, at: number): WallClock {
  const shown = new Date(wallTimeAt(at, zone));
  return { day: shown.getUTCDay(), minute: shown.getUTCHours() * 60 + shown.getUTCMinutes() };
}

const yesterday = (day: number): number => (day + 6) % 7;

function shows({ days, from, to }: Window, { day, minute }: WallClock): boolean {
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes(yesterday(day)) && minute < to);
}

/** Whether one of the windows is open at `at` (epoch ms). By the wall clock: an hour that comes twice when clocks go back counts twice, one that clocks skip does not come. */
export const isOpen = (windows: readonly Window[], at: number): boolean => windows.some((window) => shows(window, wallClock(window.zone, at)));

/** Minutes that the wall clock has to go until a window of any day begins. */
function minutesToStart({ zone, from }: Window, at: number): number {
  const { minute } = wallClock(zone, at);
  return (from - minute + MINUTES_A_DAY) % MINUTES_A_DAY || MINUTES_A_DAY;
}

/** A window that is open at all is open within a week; a day that clocks change may leave one out. */
const LONGEST_MS = 15 * 24 * 60 * MINUTE_MS;

/**
 * The first moment from `at` on (epoch ms, to the minute) when one of the windows is open; undefined when none is within two weeks.
 * Goes on by at most a quarter of an hour a step, on which clocks are changed everywhere, so that none of a zone's changes is jumped over.
 */
export function nextOpening(windows: readonly Window[], at: number): number | undefined {
  if (isOpen(windows, at)) return at;
  for (let now = Math.ceil((at + 1) / MINUTE_MS) * MINUTE_MS; now <= at + LONGEST_MS; ) {
    if (isOpen(windows, now)) return now;
    const start = now + Math.min(...windows.map((window) => minutesToStart(window, now))) * MINUTE_MS;
    now = Math.min(start, (Math.floor(now / QUARTER_MS) + 1) * QUARTER_MS);
  }
  return undefined;
}
