import { periodsOf, toReading, type SideSamples } from '../../src/metrics/periods.ts';

const STEP = 1000;
const samples = (values: readonly (number | undefined)[]): ReadonlyMap<number, number> => new Map(values.flatMap((value, index) => (value === undefined ? [] : [[(index + 1) * STEP, value] as const])));
const side = (total: readonly (number | undefined)[], bad: readonly (number | undefined)[]): SideSamples => ({ total: samples(total), bad: samples(bad) });
const NONE = side([], []);

test.each<[what: string, since: number, clock: number, lag: number, told: number[], now: number]>([
  ['whole periods only', 2000, 5999, 0, [3000, 4000, 5000], 5000],
  ['none that began before', 2500, 5000, 0, [4000, 5000], 5000],
  ['less the lag', 2000, 5999, 2000, [3000], 3000],
  ['nothing new', 5000, 5999, 0, [], 5000],
  ['nothing but the clock', Number.MAX_SAFE_INTEGER, 5999, 0, [], 5000],
])('%s', (_, since, clock, lag, told, now) => {
  const periods = periodsOf(since, clock, STEP, lag);
  expect(toReading(periods, { canary: NONE, stable: NONE })).toMatchObject({ now, intervals: told.map((at) => ({ at, canary: { total: 0, bad: 0 } })) });
});

test('a long time is told in parts', () => {
  const { now, ends } = periodsOf(0, 1e9, STEP);
  expect(now).toBe(5_000_000);
  expect(ends.filter((end) => end <= now)).toHaveLength(5000);
});

test('counts are whole, and when the source last had news is known by the periods before', () => {
  const reading = toReading(periodsOf(5000, 7000, STEP), { canary: side([1, 1, 1, 1, 1, 9.6, undefined], [0, 0, 0, 0, 0, 0.9]), stable: NONE });
  expect(reading).toEqual({
    intervals: [
      { at: 6000, canary: { total: 10, bad: 1 }, stable: { total: 0, bad: 0 } },
      { at: 7000, canary: { total: 0, bad: 0 }, stable: { total: 0, bad: 0 } },
    ],
    now: 7000,
    lastReportAt: 6000,
    staleAfterMs: 3000,
    periodMs: 1000,
    behind: 2,
  });
  expect(toReading(periodsOf(5000, 5000, STEP), { canary: side([1, 1, 1], []), stable: NONE }).lastReportAt).toBe(3000);
  expect(toReading(periodsOf(9000, 9000, STEP), { canary: side([1, 1, 1], []), stable: NONE }).lastReportAt).toBeNull();
});

describe('bad requests that are not there', () => {
  test('in a newest period: it is told later', () => {
    expect(toReading(periodsOf(0, 4000, STEP), { canary: side([5, 5, 5, 5], [0, 1, 0]), stable: NONE })).toMatchObject({ now: 3000, intervals: [{ at: 1000 }, { at: 2000 }, { at: 3000 }] });
  });
  test.each<[what: string, bad: (number | undefined)[]]>([
    ['before', [0, undefined, 0, 0]],
    ['ever', []],
  ])('%s: an error, not none bad', (_, bad) => {
    expect(() => toReading(periodsOf(0, 4000, STEP), { canary: side([5, 5, 5, 5], bad), stable: NONE })).toThrow(/bad has no value at .* write the query so that it gives 0/);
  });
});

test.each<[what: string, total: number, bad: number, rule: RegExp]>([
  ['more bad than all', 10, 12, /12 bad of 10: must be at most all/],
  ['fewer than none', -1, 0, /must be counts/],
  ['infinitely many', Number.POSITIVE_INFINITY, 0, /must be counts/],
])('%s is refused', (_, total, bad, rule) => {
  expect(() => toReading(periodsOf(0, 1000, STEP), { canary: side([total], [bad]), stable: NONE })).toThrow(rule);
});
