import { isOpen, nextOpening } from '../../src/canary/windows.ts';
import { parseWindow } from '../../src/contracts/window.ts';

const at = (text: string): number => Date.parse(text);
const windows = (...texts: string[]) => texts.map((text) => parseWindow(text)!);
const iso = (time: number | undefined): string | undefined => (time === undefined ? undefined : new Date(time).toISOString().replace(':00.000Z', 'Z'));

describe('a window is open by the wall clock of its zone', () => {
  test.each([
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T06:59:59Z', false],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T07:00:00Z', true],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T13:59:59Z', true],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T14:00:00Z', false],
    // Winter time.
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-12-01T07:30:00Z', false],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-12-01T08:00:00Z', true],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-06T10:00:00Z', false],
    ['* 00:00-24:00', '2026-06-06T10:00:00Z', true],
    // Past midnight: it belongs to the day it begins.
    ['Fri 22:00-02:00', '2026-06-06T01:59:00Z', true],
    ['Fri 22:00-02:00', '2026-06-06T02:00:00Z', false],
    ['Fri 22:00-02:00', '2026-06-05T01:00:00Z', false],
    // Round the week.
    ['Sat-Mon 10:00-11:00', '2026-06-07T10:30:00Z', true],
    ['Sat-Mon 10:00-11:00', '2026-06-09T10:30:00Z', false],
    ['Mon,Wed 10:00-11:00', '2026-06-03T10:30:00Z', true],
    ['Mon 05:45-06:00 Asia/Kathmandu', '2026-06-01T00:10:00Z', true],
  ])('%s at %s: %s', (text, time, open) => expect(isOpen(windows(text), at(time))).toBe(open));
});

describe('the next opening', () => {
  test.each([
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-05T14:00:00Z', '2026-06-08T07:00Z'],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T06:59:30Z', '2026-06-01T07:00Z'],
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-06-01T10:00:00Z', '2026-06-01T10:00Z'],
    // Clocks go forward in the night before: nine is an hour sooner.
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-03-27T15:00:00Z', '2026-03-30T07:00Z'],
    // Clocks go back in the night before: nine is an hour later.
    ['Mon-Fri 09:00-16:00 Europe/Berlin', '2026-10-23T14:00:00Z', '2026-10-26T08:00Z'],
    // 02:30 does not come on the day that clocks skip it: the window opens where they land.
    ['Sun 02:30-04:00 Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:00Z'],
    // All of it is skipped: a week later.
    ['Sun 02:10-02:50 Europe/Berlin', '2026-03-28T12:00:00Z', '2026-04-05T00:10Z'],
    // 02:30 comes twice: the first counts.
    ['Sun 02:30-04:00 Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T00:30Z'],
    ['Sun 02:00-02:30 Europe/Berlin', '2026-10-25T00:45:00Z', '2026-10-25T01:00Z'],
    // Half an hour of change.
    ['Sun 02:10-03:00 Australia/Lord_Howe', '2026-10-03T12:00:00Z', '2026-10-03T15:30Z'],
    ['Mon 10:07-10:09 America/St_Johns', '2026-06-01T00:00:00Z', '2026-06-01T12:37Z'],
  ])('of %s after %s is %s', (text, from, opens) => expect(iso(nextOpening(windows(text), at(from)))).toBe(opens));

  test('is that of the first of several windows, in zones of their own', () => {
    expect(iso(nextOpening(windows('Tue 10:00-11:00 Asia/Tokyo', 'Tue 10:00-11:00 America/New_York'), at('2026-06-01T12:00:00Z')))).toBe('2026-06-02T01:00Z');
  });

  test('is never later than the first minute that is open', () => {
    const set = windows('Sun 01:50-03:10 Europe/Berlin', 'Wed 23:30-00:15 America/Sao_Paulo');
    const [from, to] = [at('2026-10-22T00:00:00Z'), at('2026-10-30T00:00:00Z')];
    let checked = 0;
    let opens: number | undefined;
    for (let minute = to; minute >= from; minute -= 60_000) {
      if (isOpen(set, minute)) opens = minute;
      if (opens === undefined || ((to - minute) / 60_000) % 307 !== 0) continue;
      expect(nextOpening(set, minute)).toBe(opens);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(20);
  });
});
