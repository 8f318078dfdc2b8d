import { rmSync } from 'node:fs';
import { prepareFolder, runAndKill, type CrashKind, type CrashRun } from './run.ts';

/** All of it takes a quarter of an hour. Without the variable, the runtime is killed a few times, from the beginning to the end of a rollout. */
const isWhole = process.env['MESHSHIFT_CRASH'] === 'all';
const SAMPLE = 3;
/** Runs at a time: each mostly waits. */
const WIDTH = Number(process.env['MESHSHIFT_CRASH_WIDTH'] ?? 3);

const KINDS: readonly CrashKind[] = [
  { name: 'a good version', definition: { steps: [25, 100], bake: '1s', deadline: '2m', afterPromotion: { bake: '1s', retireStable: 'delete' } }, errorRate: 0, ends: { v1: 'Succeeded' }, nodes: ['nv1'] },
  { name: 'a bad version', definition: { steps: [25, 100], bake: '30s', deadline: '2m' }, errorRate: 0.5, ends: { v1: 'RolledBack' } },
];

/** Of so many commits: all, or some from the beginning to the end. */
const placesOf = (commits: number): number[] => Array.from({ length: isWhole ? commits : SAMPLE }, (_, index) => (isWhole ? index + 1 : Math.round(((index + 0.5) * commits) / SAMPLE)));

async function runAll(kind: CrashKind, prepared: string, places: readonly number[]): Promise<Map<number, CrashRun>> {
  const runs = new Map<number, CrashRun>();
  const left = [...places];
  const work = async (): Promise<void> => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) {
      runs.set(at, await runAndKill(kind, prepared, at).catch((error: unknown) => ({ commits: [], wasKilled: true, wrong: [String(error)] })));
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return runs;
}

test.each(KINDS.map((kind) => [kind.name, kind] as const))(
  'killed after any of its commits, %s ends as it would have, with the route to the byte',
  async (_, kind) => {
    const prepared = await prepareFolder(kind);
    try {
      const whole = await runAndKill(kind, prepared, 0);
      expect(whole.wrong).toEqual([]);
      const runs = await runAll(kind, prepared, placesOf(whole.commits.length));
      const killed = [...runs.values()].filter(({ wasKilled }) => wasKilled);
      const after = [...new Set(killed.map(({ commits }) => commits.at(-1) ?? ''))].sort();
      process.stderr.write(`crash: ${kind.name}: killed ${killed.length} times over ${whole.commits.length} commits, after those of ${after.join(', ')}\n`);
      expect([...runs].flatMap(([at, { wrong }]) => wrong.map((what) => `killed at ${at}: ${what}`))).toEqual([]);
      // A run may make some commits less than the one that was counted.
      expect(killed.length).toBeGreaterThan(runs.size / 2);
    } finally {
      rmSync(prepared, { recursive: true, force: true });
    }
  },
  isWhole ? 7_200_000 : 300_000,
);
