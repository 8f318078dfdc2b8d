import { InvalidExpression, nextTime, parseExpression } from '../../src/contracts/schedule/expressions.ts';
import { isTimeZone } from '../../src/contracts/schedule/time-zone.ts';

/** The first `count` times from an instant on, as ISO texts to the second. */
function times(expression: string, from: string, { zone = 'UTC', count = 3, anchor = from } = {}): string[] {
  const parsed = parseExpression(expression);
  const found: string[] = [];
  let next = nextTime(parsed, { zone, from: Date.parse(from), anchor: Date.parse(anchor) });
  while (next !== undefined && found.length < count) {
    found.push(new Date(next).toISOString().replace('.000Z', 'Z'));
    next = nextTime(parsed, { zone, from: next + 1, anchor: Date.parse(anchor) });
  }
  return found;
}

describe('the calendar', () => {
  test.each<[expression: string, from: string, expected: string[]]>([
    ['cron(0 9 ? * MON-FRI *)', '2026-01-01T00:00:00Z', ['2026-01-01T09:00:00Z', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00Z']],
    ['cron(0 9 ? * 2-6 *)', '2026-01-02T09:00:00.001Z', ['2026-01-05T09:00:00Z', '2026-01-06T09:00:00Z', '2026-01-07T09:00:00Z']],
    ['cron(*/20 8,17 * * ? *)', '2026-01-01T08:20:00Z', ['2026-01-01T08:20:00Z', '2026-01-01T08:40:00Z', '2026-01-01T17:00:00Z']],
    ['cron(5/40 10-11 1 jan ? 2027-2028)', '2026-01-01T00:00:00Z', ['2027-01-01T10:05:00Z', '2027-01-01T10:45:00Z', '2027-01-01T11:05:00Z']],
    ['cron(0 0 L * ? *)', '2028-01-01T00:00:00Z', ['2028-01-31T00:00:00Z', '2028-02-29T00:00:00Z', '2028-03-31T00:00:00Z']],
    ['cron(15 10 ? * 6L 2022-2023)', '2022-11-01T00:00:00Z', ['2022-11-25T10:15:00Z', '2022-12-30T10:15:00Z', '2023-01-27T10:15:00Z']],
    ['cron(0 0 ? * FRIL *)', '2026-01-01T00:00:00Z', ['2026-01-30T00:00:00Z', '2026-02-27T00:00:00Z', '2026-03-27T00:00:00Z']],
    ['cron(0 0 ? * L *)', '2026-01-01T00:00:00Z', ['2026-01-03T00:00:00Z', '2026-01-10T00:00:00Z', '2026-01-17T00:00:00Z']],
    ['cron(0 0 ? * 3#2 *)', '2026-01-01T00:00:00Z', ['2026-01-13T00:00:00Z', '2026-02-10T00:00:00Z', '2026-03-10T00:00:00Z']],
    ['cron(0 0 ? * MON#5 *)', '2026-01-01T00:00:00Z', ['2026-03-30T00:00:00Z', '2026-06-29T00:00:00Z', '2026-08-31T00:00:00Z']],
    // 1 August 2026 is a Saturday, 31 May 2026 a Sunday: the nearest weekday stays in its month.
    ['cron(0 0 1W 8 ? *)', '2026-01-01T00:00:00Z', ['2026-08-03T00:00:00Z', '2027-08-02T00:00:00Z', '2028-08-01T00:00:00Z']],
    ['cron(0 0 31W * ? *)', '2026-05-01T00:00:00Z', ['2026-05-29T00:00:00Z', '2026-07-31T00:00:00Z', '2026-08-31T00:00:00Z']],
    ['cron(0 0 29 2 ? *)', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z', '2036-02-29T00:00:00Z']],
    ['cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z', []],
    ['cron(0 0 * * ? 2025)', '2026-01-01T00:00:00Z', []],
    ['cron(59 23 31 12 ? 2199)', '2026-01-01T00:00:00Z', ['2199-12-31T23:59:00Z']],
    ['at(2026-03-01T12:30:45)', '2026-01-01T00:00:00Z', ['2026-03-01T12:30:45Z']],
    ['at(2026-03-01T12:30:45)', '2026-03-01T12:30:46Z', []],
    ['rate(90 minutes)', '2026-01-01T00:00:07Z', ['2026-01-01T00:00:07Z', '2026-01-01T01:30:07Z', '2026-01-01T03:00:07Z']],
    ['rate(1 day)', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']],
  ])('%s from %s', (expression, from, expected) => {
    expect(times(expression, from)).toEqual(expected);
  });

  test('a rate counts from its anchor, before and after it', () => {
    expect(times('rate(10 minutes)', '2026-01-01T00:25:00Z', { anchor: '2026-01-01T00:01:00Z' })).toEqual(['2026-01-01T00:31:00Z', '2026-01-01T00:41:00Z', '2026-01-01T00:51:00Z']);
    expect(times('rate(10 minutes)', '2026-01-01T00:25:00Z', { anchor: '2026-01-02T00:00:00Z', count: 1 })).toEqual(['2026-01-02T00:00:00Z']);
  });
});

/** Clocks in Berlin go from 2:00 to 3:00 on 29 March 2026 at 1:00 UTC, and from 3:00 to 2:00 on 25 October 2026 at 1:00 UTC. */
describe('daylight saving', () => {
  test.each<[what: string, expression: string, zone: string, from: string, expected: string[]]>([
    ['a time in the gap is left out', 'cron(30 2 * * ? *)', 'Europe/Berlin', '2026-03-28T00:00:00Z', ['2026-03-28T01:30:00Z', '2026-03-30T00:30:00Z', '2026-03-31T00:30:00Z']],
    ['quarter hours go on behind the gap', 'cron(0/15 * * * ? *)', 'Europe/Berlin', '2026-03-29T00:45:00Z', ['2026-03-29T00:45:00Z', '2026-03-29T01:00:00Z', '2026-03-29T01:15:00Z']],
    ['a time in the overlap comes once, the first time', 'cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-24T00:00:00Z', ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']],
    ['asked within the repeated hour, the next day', 'cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-25T01:10:00Z', ['2026-10-26T01:30:00Z', '2026-10-27T01:30:00Z', '2026-10-28T01:30:00Z']],
    ['the repeated hour is silent', 'cron(0/30 * * * ? *)', 'Europe/Berlin', '2026-10-25T00:30:00Z', ['2026-10-25T00:30:00Z', '2026-10-25T02:00:00Z', '2026-10-25T02:30:00Z']],
    ['a working day keeps its hour', 'cron(0 9 ? * MON-FRI *)', 'Europe/Berlin', '2026-03-27T00:00:00Z', ['2026-03-27T08:00:00Z', '2026-03-30T07:00:00Z', '2026-03-31T07:00:00Z']],
    ['New York springs forward', 'cron(30 2 8 3 ? 2026-2027)', 'America/New_York', '2026-01-01T00:00:00Z', ['2027-03-08T07:30:00Z']],
    ['Lord Howe moves by half an hour', 'cron(15 2 4 10 ? 2026-2027)', 'Australia/Lord_Howe', '2026-01-01T00:00:00Z', ['2027-10-03T15:15:00Z']],
    ['Kathmandu is 5:45 ahead', 'cron(0 0 1 1 ? *)', 'Asia/Kathmandu', '2026-01-02T00:00:00Z', ['2026-12-31T18:15:00Z', '2027-12-31T18:15:00Z', '2028-12-31T18:15:00Z']],
    ['Apia had no 30 December 2011', 'cron(0 12 * * ? *)', 'Pacific/Apia', '2011-12-29T12:00:00Z', ['2011-12-29T22:00:00Z', '2011-12-30T22:00:00Z', '2011-12-31T22:00:00Z']],
    ['a one-time schedule in the gap falls behind it', 'at(2026-03-29T02:30:00)', 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-03-29T01:30:00Z']],
    ['a one-time schedule in the overlap comes the first time', 'at(2026-10-25T02:30:00)', 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-10-25T00:30:00Z']],
    ['a day of a rate is 24 hours', 'rate(1 days)', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', '2026-03-30T12:00:00Z']],
  ])('%s', (_, expression, zone, from, expected) => {
    expect(times(expression, from, { zone })).toEqual(expected);
  });
});

describe('what is refused', () => {
  test.each<[string, RegExp]>([
    ['every day', /must be at\(…\), rate\(…\) or cron\(…\)/],
    ['at(2026-02-30T00:00:00)', /at takes a date and time that exist/],
    ['at(2026-01-01 00:00:00)', /at takes a date and time/],
    ['at(2026-01-01T24:00:00)', /at takes a date and time/],
    ['at(2026-01-01T00:00:00Z)', /at takes a date and time/],
    ['rate(0 minutes)', /rate takes a positive whole number/],
    ['rate(1.5 hours)', /rate takes a positive/],
    ['rate(5 weeks)', /rate takes .* minutes, hours or days/],
    ['rate(5)', /rate takes/],
    ['cron(0 9 * * ?)', /six fields, and has 5/],
    ['cron()', /six fields, and has 0/],
    ['cron(0 9 * * * *)', /exactly one of day-of-month and day-of-week must be \?/],
    ['cron(0 9 ? * ? *)', /exactly one of/],
    ['cron(0 9 1 * MON *)', /exactly one of/],
    ['cron(60 9 * * ? *)', /minutes: "60": must be from 0 to 59/],
    ['cron(*/60 9 * * ? *)', /minutes: "60": an increment must be from 1 to 59/],
    ['cron(0/0 9 * * ? *)', /an increment/],
    ['cron(0 24 * * ? *)', /hours: "24"/],
    ['cron(0 9 32 * ? *)', /day-of-month: "32"/],
    ['cron(0 9 0W * ? *)', /day-of-month: "0"/],
    ['cron(0 9 1W,15 * ? *)', /day-of-month: "1W"/],
    ['cron(0 9 * 13 ? *)', /month: "13"/],
    ['cron(0 9 ? * 0 *)', /day-of-week: "0"/],
    ['cron(0 9 ? * MON/2 *)', /day-of-week: "2": takes no increments/],
    ['cron(0 9 ? * 3#6 *)', /# must be from 1 to 5/],
    ['cron(0 9 ? * 3#1,6#3 *)', /# must be from 1 to 5/],
    ['cron(0 9 * * ? 1969)', /year: "1969"/],
    ['cron(30-10 9 * * ? *)', /a range must not run backwards/],
    ['cron(1- 9 * * ? *)', /minutes: ""/],
    ['cron(, 9 * * ? *)', /minutes: ""/],
  ])('%s', (expression, message) => {
    const attempt = () => parseExpression(expression);
    expect(attempt).toThrow(InvalidExpression);
    expect(attempt).toThrow(message);
  });

  test.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Europe/Atlantis', false],
    ['+01:00', false],
    ['', false],
  ])('the time zone %s: %s', (zone, known) => expect(isTimeZone(zone)).toBe(known));
});

/** mulberry32: the same seed, the same cases. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Clock {
  readonly instant: number;
  readonly text: string;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
  readonly year: number;
}
type Part = { readonly text: string; readonly matches: (clock: Clock) => boolean };

/** What clocks show at each step of a span, read from a format of another language than the code under test reads. */
function clocksOf(zone: string, from: number, to: number, stepMs: number): Clock[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const clocks: Clock[] = [];
  for (let instant = from; instant < to; instant += stepMs) {
    const text = format.format(instant);
    const [year, month, day, hour, minute] = text.split(/[- :]/).map(Number) as [number, number, number, number, number];
    clocks.push({ instant, text, minute, hour, day, month, year, weekday: new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDay() + 1 });
  }
  return clocks;
}

/** A random field as text, and what it means by the documented words. */
function randomField(random: (below: number) => number, key: 'minute' | 'hour' | 'day' | 'month' | 'weekday', [min, max]: [number, number], steps = true): Part {
  const item = (): Part => {
    const a = min + random(max - min + 1);
    const b = a + random(max - a + 1);
    const step = 1 + random(max);
    const plain: Part[] = [
      { text: '*', matches: () => true },
      { text: String(a), matches: (clock) => clock[key] === a },
      { text: `${a}-${b}`, matches: (clock) => clock[key] >= a && clock[key] <= b },
    ];
    const stepped: Part[] = [
      { text: `*/${step}`, matches: (clock) => (clock[key] - min) % step === 0 },
      { text: `${a}/${step}`, matches: (clock) => clock[key] >= a && (clock[key] - a) % step === 0 },
      { text: `${a}-${b}/${step}`, matches: (clock) => clock[key] >= a && clock[key] <= b && (clock[key] - a) % step === 0 },
    ];
    const kinds = steps ? [...plain, ...stepped] : plain;
    return kinds[random(kinds.length)]!;
  };
  const items = Array.from({ length: 1 + random(3) }, item);
  return { text: items.map(({ text }) => text).join(','), matches: (clock) => items.some(({ matches }) => matches(clock)) };
}

const daysIn = ({ year, month }: Clock): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** The days of a clock's month, each with its weekday, counted one by one. */
const monthOf = (clock: Clock): { day: number; weekday: number }[] =>
  Array.from({ length: daysIn(clock) }, (_, index) => ({ day: index + 1, weekday: new Date(Date.UTC(clock.year, clock.month - 1, index + 1)).getUTCDay() + 1 }));

function randomDays(random: (below: number) => number): { dayOfMonth: Part; dayOfWeek: Part } {
  const any: Part = { text: '?', matches: () => true };
  const [day, weekday, nth] = [1 + random(31), 1 + random(7), 1 + random(5)];
  const nearest = (clock: Clock): number | undefined => {
    const workdays = monthOf(clock).filter(({ weekday: on }) => on !== 1 && on !== 7);
    return day > daysIn(clock) ? undefined : workdays.sort((a, b) => Math.abs(a.day - day) - Math.abs(b.day - day))[0]?.day;
  };
  const onWeekday = (clock: Clock): number[] => monthOf(clock).flatMap(({ day: on, weekday: found }) => (found === weekday ? [on] : []));
  const months: Part[] = [
    randomField(random, 'day', [1, 31]),
    { text: 'L', matches: (clock) => clock.day === daysIn(clock) },
    { text: `${day}W`, matches: (clock) => clock.day === nearest(clock) },
  ];
  const weeks: Part[] = [
    randomField(random, 'weekday', [1, 7], false),
    { text: 'L', matches: (clock) => clock.weekday === 7 },
    { text: `${weekday}L`, matches: (clock) => clock.day === onWeekday(clock).at(-1) },
    { text: `${weekday}#${nth}`, matches: (clock) => clock.day === onWeekday(clock)[nth - 1] },
  ];
  return random(2) === 0 ? { dayOfMonth: months[random(months.length)]!, dayOfWeek: any } : { dayOfMonth: any, dayOfWeek: weeks[random(weeks.length)]! };
}

/** Each step at which the clock matches and shows a time that it has not shown before. */
function bruteForce(clocks: readonly Clock[], parts: readonly Part[]): number[] {
  const shown = new Set<string>();
  return clocks.flatMap((clock) => {
    const first = !shown.has(clock.text);
    shown.add(clock.text);
    return first && parts.every(({ matches }) => matches(clock)) ? [clock.instant] : [];
  });
}

function allTimes(expression: string, zone: string, from: number, to: number): number[] {
  const parsed = parseExpression(expression);
  const found: number[] = [];
  for (let next = nextTime(parsed, { zone, from, anchor: from }); next !== undefined && next < to; next = nextTime(parsed, { zone, from: next + 1, anchor: from })) found.push(next);
  return found;
}

const told = (expression: string, found: readonly number[]): string => [expression, ...found.map((instant) => new Date(instant).toISOString())].join('\n');

describe('against a brute force', () => {
  const MINUTE = 60_000;
  test.each<[zone: string, from: string, days: number]>([
    ['UTC', '2026-12-30T00:00:00Z', 3],
    ['Europe/Berlin', '2026-03-28T00:00:00Z', 3],
    ['Europe/Berlin', '2026-10-24T00:00:00Z', 3],
    ['America/St_Johns', '2026-11-01T00:00:00Z', 2],
    ['Australia/Lord_Howe', '2026-04-04T00:00:00Z', 2],
    ['Africa/Casablanca', '2026-02-14T12:00:00Z', 2],
    ['America/Havana', '2026-10-31T12:00:00Z', 2],
  ])('every minute: %s from %s', (zone, start, days) => {
    const random = randomOf(7);
    const from = Date.parse(start);
    const to = from + days * 1440 * MINUTE;
    const clocks = clocksOf(zone, from, to, MINUTE);
    for (let round = 0; round < 20; round += 1) {
      const [minute, hour] = [randomField(random, 'minute', [0, 59]), randomField(random, 'hour', [0, 23])];
      const expression = `cron(${minute.text} ${hour.text} * * ? *)`;
      expect(told(expression, allTimes(expression, zone, from, to))).toBe(told(expression, bruteForce(clocks, [minute, hour])));
    }
  });

  test.each(['UTC', 'America/New_York', 'Asia/Tokyo'])('every day of four years: %s', (zone) => {
    const random = randomOf(11);
    const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2030, 0, 1)];
    const clocks = clocksOf(zone, from, to, 60 * MINUTE);
    for (let round = 0; round < 20; round += 1) {
      const [hour, month] = [random(24), randomField(random, 'month', [1, 12])];
      const { dayOfMonth, dayOfWeek } = randomDays(random);
      const expression = `cron(0 ${hour} ${dayOfMonth.text} ${month.text} ${dayOfWeek.text} *)`;
      const atHour: Part = { text: '', matches: (clock) => clock.hour === hour };
      expect(told(expression, allTimes(expression, zone, from, to))).toBe(told(expression, bruteForce(clocks, [atHour, month, dayOfMonth, dayOfWeek])));
    }
  });
});
