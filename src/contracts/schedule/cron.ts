/** An expression that Scheduler would not take; the message says which part and why. */
export class InvalidExpression extends Error {
  override readonly name = 'InvalidExpression';
}

/** A day of the proleptic Gregorian calendar, with what it takes to tell whether it matches. */
export interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  /** 1 (Sunday) to 7. */
  readonly weekday: number;
  readonly daysInMonth: number;
}

type DayRule = (day: Day) => boolean;

/** The six fields of a cron expression; numbers ascend. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number>;
  readonly matchesDay: DayRule;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
  readonly steps: boolean;
}

const FIELDS = {
  minutes: { name: 'minutes', min: 0, max: 59, steps: true },
  hours: { name: 'hours', min: 0, max: 23, steps: true },
  dayOfMonth: { name: 'day-of-month', min: 1, max: 31, steps: true },
  month: { name: 'month', min: 1, max: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'], steps: true },
  dayOfWeek: { name: 'day-of-week', min: 1, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'], steps: false },
  year: { name: 'year', min: 1970, max: 2199, steps: true },
} as const satisfies Record<string, Field>;

const refuse = ({ name }: Field, text: string, rule: string): never => {
  throw new InvalidExpression(`${name}: ${JSON.stringify(text)}: ${rule}`);
};

function valueOf(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return field.min + named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.min && value <= field.max) return value;
  return refuse(field, text, `must be from ${field.min} to ${field.max}`);
}

function stepOf(text: string, field: Field): number {
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (!field.steps) return refuse(field, text, 'takes no increments');
  return step >= 1 && step <= field.max ? step : refuse(field, text, `an increment must be from 1 to ${field.max}`);
}

/** `*`, `a`, `a-b`, each with an increment or without. */
function parseItem(item: string, field: Field): number[] {
  const [, range = '', increment] = /^([^/]*)(?:\/(.*))?$/.exec(item) ?? [];
  const step = increment === undefined ? undefined : stepOf(increment, field);
  const [from = '', to] = range.split(/-(.*)/s);
  const first = range === '*' ? field.min : valueOf(from, field);
  // A single value with an increment goes on to the field's end.
  const last = range === '*' || (to === undefined && step !== undefined) ? field.max : to === undefined ? first : valueOf(to, field);
  if (last < first) return refuse(field, item, 'a range must not run backwards');
  const every = step ?? 1;
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => first + index * every);
}

const parseList = (text: string, field: Field): number[] => [...new Set(text.split(',').flatMap((item) => parseItem(item, field)))].sort((a, b) => a - b);

const isWeekday = (weekday: number): boolean => weekday >= 2 && weekday <= 6;
const weekdayOn = ({ day, weekday }: Day, other: number): number => ((((weekday - 1 + other - day) % 7) + 7) % 7) + 1;

/** The weekday (Monday to Friday) nearest to a day of the month, never in another month. */
function nearestWeekday(of: Day, wanted: number): number | undefined {
  if (wanted > of.daysInMonth) return undefined;
  const candidates = [wanted, wanted - 1, wanted + 1, wanted + 2, wanted - 2];
  return candidates.find((day) => day >= 1 && day <= of.daysInMonth && isWeekday(weekdayOn(of, day)));
}

function parseDayOfMonth(text: string): DayRule {
  const field = FIELDS.dayOfMonth;
  if (text.toUpperCase() === 'L') return ({ day, daysInMonth }) => day === daysInMonth;
  const nearest = /^(\d+)W$/i.exec(text);
  if (nearest !== null) {
    const wanted = valueOf(nearest[1] ?? '', field);
    return (day) => nearestWeekday(day, wanted) === day.day;
  }
  const days = new Set(parseList(text, field));
  return ({ day }) => days.has(day);
}

function parseDayOfWeek(text: string): DayRule {
  const field = FIELDS.dayOfWeek;
  // Alone, the last day of the week: Saturday.
  if (text.toUpperCase() === 'L') return ({ weekday }) => weekday === 7;
  const last = /^(\w+)L$/i.exec(text);
  if (last !== null) {
    const wanted = valueOf(last[1] ?? '', field);
    return ({ weekday, day, daysInMonth }) => weekday === wanted && day + 7 > daysInMonth;
  }
  const nth = /^(\w+)#(.*)$/.exec(text);
  if (nth !== null) {
    const wanted = valueOf(nth[1] ?? '', field);
    if (!/^[1-5]$/.test(nth[2] ?? '')) return refuse(field, text, 'the number behind # must be from 1 to 5');
    const week = Number(nth[2]);
    return ({ weekday, day }) => weekday === wanted && Math.ceil(day / 7) === week;
  }
  const weekdays = new Set(parseList(text, field));
  return ({ weekday }) => weekdays.has(weekday);
}

function parseDays(dayOfMonth: string, dayOfWeek: string): DayRule {
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) throw new InvalidExpression('exactly one of day-of-month and day-of-week must be ?');
  return dayOfMonth === '?' ? parseDayOfWeek(dayOfWeek) : parseDayOfMonth(dayOfMonth);
}

/**
 * Parses the fields of a cron expression, as Scheduler documents them: minutes, hours, day-of-month, month, day-of-week, year.
 * @throws InvalidExpression
 */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6) throw new InvalidExpression(`cron takes six fields, and has ${text.trim() === '' ? 0 : fields.length}`);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields as [string, string, string, string, string, string];
  return {
    minutes: parseList(minutes, FIELDS.minutes),
    hours: parseList(hours, FIELDS.hours),
    months: new Set(parseList(month, FIELDS.month)),
    years: new Set(parseList(year, FIELDS.year)),
    matchesDay: parseDays(dayOfMonth, dayOfWeek),
  };
}
