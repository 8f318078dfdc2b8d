import { addReport, type Report, type Totals } from '../../src/cli/demo/caller.ts';
import { checkBadRelease, checkGoodRelease } from '../../src/cli/demo/expectations.ts';
import { toRolloutResult, type Release } from '../../src/cli/demo/result.ts';
import { describeCalls } from '../../src/cli/demo/release.ts';
import { rolledBack, succeeded } from '../cli/view/rollouts.ts';

const nothing: Totals = { requests: 0, errors: 0, versions: {}, unanswered: 0 };
const report = (changes: Partial<Report>): Report => ({ at: 0, requests: 0, errors: 0, versions: {}, unanswered: 0, codes: {}, ...changes });

describe("the caller's counts", () => {
  test('add up by version, with the first error and the last request', () => {
    const first = report({ requests: 5, errors: 1, versions: { v1: { requests: 3, errors: 0, firstErrorAt: null, lastSentAt: 90 }, v2: { requests: 2, errors: 1, firstErrorAt: 80, lastSentAt: 95 } } });
    const second = report({ requests: 4, errors: 2, unanswered: 1, versions: { v2: { requests: 3, errors: 1, firstErrorAt: 120, lastSentAt: 130 } } });
    expect([first, second].reduce(addReport, nothing)).toEqual({
      requests: 9,
      errors: 3,
      unanswered: 1,
      versions: { v1: { requests: 3, errors: 0, firstErrorAt: null, lastSentAt: 90 }, v2: { requests: 5, errors: 2, firstErrorAt: 80, lastSentAt: 130 } },
    });
  });

  test('are told as shares of what ended', () => {
    const version = (requests: number) => ({ requests, errors: 0, firstErrorAt: null, lastSentAt: 0 });
    expect(describeCalls(report({ requests: 100, errors: 2, versions: { v2: version(24), v1: version(76) } }))).toBe('  the caller sees: v1 76 %, v2 24 %; 2 of the last 100 requests failed');
    expect(describeCalls(undefined)).toContain('nothing yet');
  });
});

const good: Release = { rollout: succeeded, seen: { ...nothing, requests: 4_000 } };
const canary = { requests: 20, errors: 7, firstErrorAt: 1_000, lastSentAt: 1_250.06 };
const bad: Release = { rollout: rolledBack, seen: { ...nothing, requests: 900, errors: 7, versions: { v2: canary } } };

describe('the result', () => {
  test('holds the steps that were reached, and what the caller saw', () => {
    expect(toRolloutResult(good)).toEqual({
      id: succeeded.id,
      outcome: 'Succeeded',
      steps: [
        { weight: 25, observed: 24.7 },
        { weight: 100, observed: 100 },
      ],
      requests: 4_000,
      errors: 0,
    });
    expect(toRolloutResult(bad)).toEqual({ id: rolledBack.id, outcome: 'RolledBack', steps: [{ weight: 25, observed: 24.7 }], requests: 900, errors: 7, rollbackMs: 250.1 });
  });
});

describe('what is expected', () => {
  test('holds of a good and of a bad release that went as they should', () => {
    expect(checkGoodRelease(good)).toEqual([]);
    expect(checkBadRelease(bad, '{"a":1}', '{"a":1}')).toEqual([]);
  });

  const seen = (observedShare: number | null): Release => ({ ...good, rollout: { ...succeeded, measurements: succeeded.measurements.map((entry) => ({ ...entry, observedShare })) } });
  const disappointing: [string, readonly string[], string][] = [
    ['the good release was rolled back', checkGoodRelease({ ...good, rollout: { ...rolledBack, reason: 'why' } }), 'the good release ended RolledBack: why'],
    ['its share was off', checkGoodRelease(seen(31)), 'at an intended 25 %, 31 % was observed'],
    ['nothing was observed', checkGoodRelease(seen(null)), 'at an intended 25 %, nothing was observed'],
    ['its caller saw errors', checkGoodRelease({ ...good, seen: { ...good.seen, errors: 3 } }), 'the caller saw 3 errors'],
    ['the bad release was promoted', checkBadRelease({ ...bad, rollout: succeeded }, '', ''), 'the bad release ended Succeeded'],
    ['no bad answer was seen', checkBadRelease({ ...bad, seen: nothing }, '', ''), 'the caller saw no bad answer'],
    ['the route differs', checkBadRelease(bad, '{"a":1}', '{"a":2}'), 'the route is not as it was: {"a":1} became {"a":2}'],
  ];
  test.each(disappointing)('is told when %s', (_, wrong, message) => {
    expect(wrong.join('\n')).toContain(message);
  });
});
