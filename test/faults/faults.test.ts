import { seeded } from '../canary/random.ts';
import { DEPENDENCIES, type Call, type Dependency } from './calls.ts';
import { KINDS, type Kind } from './kinds.ts';
import { runKind, untouched } from './run-kind.ts';
import { outageCases, runCase, singleCases, tell, type Case } from './sweep.ts';

/**
 * All of it takes most of an hour. Without the variable, each fault of each call that some function makes is tried once, and each dependency is gone
 * once in each way, in rollouts and at places drawn by the seed.
 */
const isWhole = process.env['MESHSHIFT_FAULTS'] === 'all';
const random = seeded(Number(process.env['SEED'] ?? 1));

const SHORT_MS = 20_000;
const LONG_MS = 15 * 60_000;

interface Sweep {
  readonly name: string;
  readonly cases: Case[];
  /** A rollout may be rolled back for an outage that is longer than its steps' patience; it ends well all the same. */
  readonly isSameEnd: boolean;
  /** Cases of which one is enough have the same. */
  readonly site: (one: Case) => string;
}
const siteOfCall = ({ call, fault }: Case): string => `${call.by} ${call.operation} ${String(fault)}`;
const siteOfOutage = ({ fault }: Case): string => String(fault);
const sweeps: Sweep[] = [];
const ran = { cases: 0 };

function draw(cases: readonly Case[], site: Sweep['site']): Case[] {
  const sites = new Map<string, Case[]>();
  for (const one of cases) sites.set(site(one), [...(sites.get(site(one)) ?? []), one]);
  return [...sites.values()].map((alike) => alike[Math.floor(random() * alike.length)]!);
}

const print = console.log;
beforeAll(async () => {
  // A line for each call of each function of thousands of rollouts.
  console.log = () => undefined;
  const recorded: { kind: Kind; calls: readonly Call[] }[] = [];
  for (const kind of KINDS) recorded.push({ kind, ...(await runKind(kind, untouched)) });
  const all = (casesOf: (one: { kind: Kind; calls: readonly Call[] }) => Case[]): Case[] => recorded.flatMap(casesOf);
  sweeps.push(
    { name: 'once', cases: all(({ kind, calls }) => singleCases(kind, calls)), isSameEnd: true, site: siteOfCall },
    { name: 'for 20 s', cases: all(({ kind, calls }) => outageCases(kind, calls, SHORT_MS)), isSameEnd: true, site: siteOfOutage },
    { name: 'for 15 min', cases: all(({ kind, calls }) => outageCases(kind, calls, LONG_MS)), isSameEnd: false, site: siteOfOutage },
  );
});
afterAll(() => {
  console.log = print;
  const total = sweeps.reduce((sum, { cases }) => sum + cases.length, 0);
  process.stderr.write(`faults: ${ran.cases} of ${total} cases, over ${KINDS.length} kinds of rollouts\n`);
});

async function sweep(name: string, dependency: Dependency): Promise<string[]> {
  const { cases, isSameEnd, site } = sweeps.find((one) => one.name === name)!;
  const own = cases.filter(({ call }) => call.to === dependency);
  const wrong: string[] = [];
  for (const one of isWhole ? own : draw(own, site)) {
    ran.cases += 1;
    wrong.push(...(await runCase(one, isSameEnd)).map((what) => `${tell(one)}: ${what}`));
  }
  return wrong;
}

const TIMEOUT_MS = isWhole ? 7_200_000 : 300_000;

test.each(KINDS.map((kind) => [kind.name, kind] as const))('ends as it must: %s', async (_, kind) => {
  expect((await runKind(kind, untouched)).wrong).toEqual([]);
});

describe.each(DEPENDENCIES)('%s goes wrong', (dependency) => {
  test('once: every rollout ends as without it', async () => {
    expect(await sweep('once', dependency)).toEqual([]);
  }, TIMEOUT_MS);

  test('for 20 s: every rollout ends as without it', async () => {
    expect(await sweep('for 20 s', dependency)).toEqual([]);
  }, TIMEOUT_MS);

  test('for 15 min: every rollout ends, with the route given free and nothing left behind', async () => {
    expect(await sweep('for 15 min', dependency)).toEqual([]);
  }, TIMEOUT_MS);
});
