import { DEPENDENCIES } from './calls.ts';
import { outageCases, type Case } from './cases.ts';
import { openSweep, recordKinds, tellSweeps, TIMEOUT_MS, type Sweep } from './sweep.ts';

const SHORT_MS = 20_000;
const LONG_MS = 15 * 60_000;
const site = ({ fault }: Case): string => String(fault);

let short: Sweep;
let long: Sweep;
beforeAll(async () => {
  const recorded = await recordKinds();
  short = openSweep(recorded, { casesOf: (kind, calls) => outageCases(kind, calls, SHORT_MS), site, isSameEnd: true });
  long = openSweep(recorded, { casesOf: (kind, calls) => outageCases(kind, calls, LONG_MS), site, isSameEnd: false });
}, TIMEOUT_MS);
afterAll(() => tellSweeps('outages', [short, long]));

describe.each(DEPENDENCIES)('%s is gone', (dependency) => {
  test('for 20 s: every rollout ends as without it', async () => {
    expect(await short.run(dependency)).toEqual([]);
  }, TIMEOUT_MS);

  test('for 15 min: every rollout ends, with the route given free and nothing left behind', async () => {
    expect(await long.run(dependency)).toEqual([]);
  }, TIMEOUT_MS);
});
