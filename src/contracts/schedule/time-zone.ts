/** A time of day as a wall clock shows it, as if it were UTC: epoch milliseconds. */
export type WallTime = number;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** Whether a name is a time zone of the IANA database. */
export function isTimeZone(zone: string): boolean {
  // An offset such as +01:00 is no name.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return formatOf(zone) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** What clocks of a zone show at an instant (epoch ms); milliseconds are dropped. */
export function wallTimeAt(instant: number, zone: string): WallTime {
  if (zone === 'UTC') return Math.floor(instant / 1000) * 1000;
  // In this order in American English; taking parts apart costs several times as much.
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (formatOf(zone).format(instant).match(/\d+/g) ?? []).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const offsetAt = (instant: number, zone: string): number => wallTimeAt(instant, zone) - Math.floor(instant / 1000) * 1000;

/** Offsets are within 14 hours of UTC, and rules change days apart: a day to each side is before and after a change near by. */
const offsetsAround = (wall: WallTime, zone: string): [before: number, after: number] => [offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)];

/** The first instant at which clocks of a zone show a time, or undefined for one that they skip. Grows with `wall`. */
export function firstInstantOf(wall: WallTime, zone: string): number | undefined {
  const [before, after] = offsetsAround(wall, zone);
  if (before === after) return wall - before;
  const instants = [wall - before, wall - after].filter((instant) => wallTimeAt(instant, zone) === wall);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** As `firstInstantOf`; a time that clocks skip is taken by the offset before the change, so that it falls behind the gap by as much as it is into it. */
export const instantOf = (wall: WallTime, zone: string): number => firstInstantOf(wall, zone) ?? wall - offsetsAround(wall, zone)[0];
