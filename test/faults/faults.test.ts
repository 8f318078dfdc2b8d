import { DEPENDENCIES } from './calls.ts';
import { singleCases } from './cases.ts';
import { KINDS } from './kinds.ts';
import { runKind, untouched } from './run-kind.ts';
import { openSweep, recordKinds, tellSweeps, TIMEOUT_MS, type Sweep } from './sweep.ts';

let once: Sweep;
beforeAll(async () => {
  once = openSweep(await recordKinds(), { casesOf: singleCases, site: ({ call, fault }) => `${call.by} ${call.operation} ${String(fault)}`, isSameEnd: true });
}, TIMEOUT_MS);
afterAll(() => tellSweeps('faults', [once]));

test.each(KINDS.map((kind) => [kind.name, kind] as const))('ends as it must: %s', async (_, kind) => {
  expect((await runKind(kind, untouched)).wrong).toEqual([]);
});

test.each(DEPENDENCIES)('%s goes wrong once: every rollout ends as without it', async (dependency) => {
  expect(await once.run(dependency)).toEqual([]);
}, TIMEOUT_MS);
