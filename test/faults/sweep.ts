import { seeded } from '../canary/random.ts';
import type { Call, Dependency } from './calls.ts';
import { runCase, tell, type Case } from './cases.ts';
import { KINDS, type Kind } from './kinds.ts';
import { runKind, untouched } from './run-kind.ts';

/**
 * All of it takes half an hour. Without the variable, each fault of each call that some function makes is tried once, and each dependency is gone
 * once in each way, in rollouts and at places drawn by the seed.
 */
const isWhole = process.env['MESHSHIFT_FAULTS'] === 'all';
export const TIMEOUT_MS = isWhole ? 7_200_000 : 300_000;

export interface SweepOptions {
  readonly casesOf: (kind: Kind, calls: readonly Call[]) => Case[];
  /** Cases of which one is enough have the same. */
  readonly site: (one: Case) => string;
  /** A rollout may be rolled back for an outage that is longer than its steps' patience; it ends well all the same. */
  readonly isSameEnd: boolean;
}

/** Cases of all kinds of rollouts; what is run of them is counted. */
export interface Sweep {
  /** Runs those in which a dependency goes wrong; answers what is wrong with their ends. */
  run(dependency: Dependency): Promise<string[]>;
  readonly ran: number;
  readonly total: number;
}

/** Each kind of rollout with the calls that it makes where nothing goes wrong. */
export const recordKinds = async (): Promise<readonly (readonly [Kind, readonly Call[]])[]> => {
  const recorded: [Kind, readonly Call[]][] = [];
  for (const kind of KINDS) recorded.push([kind, (await runKind(kind, untouched)).calls]);
  return recorded;
};

export function openSweep(recorded: Awaited<ReturnType<typeof recordKinds>>, { casesOf, site, isSameEnd }: SweepOptions): Sweep {
  const random = seeded(Number(process.env['SEED'] ?? 1));
  const draw = (cases: readonly Case[]): Case[] => {
    const sites = new Map<string, Case[]>();
    for (const one of cases) sites.set(site(one), [...(sites.get(site(one)) ?? []), one]);
    return [...sites.values()].map((alike) => alike[Math.floor(random() * alike.length)]!);
  };
  const all = recorded.flatMap(([kind, calls]) => casesOf(kind, calls));
  const sweep = {
    ran: 0,
    total: all.length,
    run: async (dependency: Dependency): Promise<string[]> => {
      const own = all.filter(({ call }) => call.to === dependency);
      const wrong: string[] = [];
      for (const one of isWhole ? own : draw(own)) {
        sweep.ran += 1;
        wrong.push(...(await runCase(one, isSameEnd)).map((what) => `${tell(one)}: ${what}`));
      }
      return wrong;
    },
  };
  return sweep;
}

/** Says how much of what there is has been run. */
export const tellSweeps = (name: string, sweeps: readonly Sweep[]): void => {
  const sum = (count: 'ran' | 'total'): number => sweeps.reduce((all, sweep) => all + sweep[count], 0);
  process.stderr.write(`${name}: ${sum('ran')} of ${sum('total')} cases, over ${KINDS.length} kinds of rollouts\n`);
};
