import { FINAL_PHASES } from '../../src/contracts/rollout.ts';
import { weightsOf, withTargets } from '../../src/canary/weights.ts';
import type { Call } from './calls.ts';
import type { Kind } from './kinds.ts';
import { routeBefore } from './route.ts';
import { openFaultWorld, type FaultWorld, type Meddle } from './world.ts';

/** Calls that were given up may still be applied after so long. */
const AFTERMATH_MS = 60_000;

/** Runs a kind of rollout to its end, and what may come after it. */
async function runToEnd(world: FaultWorld, { definition, deeds }: Kind): Promise<void> {
  await world.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: definition }]);
  const left = [...deeds];
  let isDoing = false;
  const doNext = (): boolean => {
    if (isDoing || left[0]?.when(world) !== true) return false;
    isDoing = true;
    void world.track(Promise.resolve(left.shift()!.then(world))).finally(() => (isDoing = false));
    return true;
  };
  // What the rollouts do not come to before they have ended is not done.
  await world.pass(() => !doNext() && world.isIdle());
  const end = world.now();
  await world.pass(() => world.now() > end + AFTERMATH_MS && world.isIdle());
}

const same = (what: string, found: unknown, wanted: unknown): string[] => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  return a === b ? [] : [`${what}: ${a}, not ${b}`];
};

/** What is wrong with how a world ended; empty when all is as it must be. */
async function faultsOf(world: FaultWorld, { ends, nodes = ['v0'], workloads = [] }: Kind, isSameEnd: boolean): Promise<string[]> {
  const records = world.records();
  const phases = Object.fromEntries(Object.keys(ends).map((tag) => [tag, world.record(tag)?.phase]));
  const left = [...world.store.all('bake'), ...world.store.all('queue#m/r/r')].map(({ pk, sk }) => `${pk} ${sk}`);
  const lock = world.store.all('lock')[0]?.value as { holder: string | null } | undefined;
  const common = [
    ...(isSameEnd ? same('phases', phases, ends) : records.filter(({ phase }) => !FINAL_PHASES.has(phase)).map(({ id, phase }) => `${id} is ${phase}`)),
    ...same('left behind', left, []),
    ...same('holder of the route', lock?.holder ?? null, null),
    ...same('executions under way', world.running(), 0),
    ...same('of another rollout', world.mesh.names().filter((name) => name.includes('cohort')), []),
  ];
  const spec = await world.spec();
  if (!isSameEnd) return [...common, ...(records.some(({ phase }) => phase === 'Succeeded') ? same('weights', Object.values(weightsOf(spec)), [100]) : same('route', spec, routeBefore))];
  const weightedTargets = [{ virtualNode: nodes[0], weight: 100 }];
  const wanted = nodes[0] === 'v0' ? routeBefore : withTargets(routeBefore, weightedTargets);
  const found = world.mesh.names().filter((name) => name.startsWith('CreateVirtualNode')).map((name) => name.replace('CreateVirtualNode m/', ''));
  const told = records.flatMap(({ id, phase }) => (world.events.some((event) => event.id === id && TOLD[phase]?.includes(event.type)) ? [] : [`nobody was told that ${id} is ${phase}`]));
  return [...common, ...same('route', spec, wanted), ...same('nodes', found.sort(), [...nodes].sort()), ...same('workloads', [...world.workloads], workloads), ...told];
}

const TOLD: Readonly<Record<string, readonly string[]>> = { Succeeded: ['Rollout Promoted'], RolledBack: ['Rollout Rolled Back'], Failed: ['Rollout Failed'] };

/** As Meddle, with the place of the call among all. */
export type MeddleNth = (...call: [...Parameters<Meddle>, nth: number]) => ReturnType<Meddle>;

/** Runs a kind of rollout while `meddle` has every call; answers what is wrong with the end, and which calls were made. */
export async function runKind(kind: Kind, meddle: MeddleNth, isSameEnd = true): Promise<{ wrong: string[]; calls: Call[] }> {
  const calls: Call[] = [];
  const world = await openFaultWorld((call, perform, time) => meddle(call, perform, time, calls.push(call) - 1));
  const real = globalThis.fetch;
  globalThis.fetch = world.fetch as unknown as typeof fetch;
  try {
    await runToEnd(world, kind);
    return { wrong: await faultsOf(world, kind, isSameEnd), calls };
  } catch (error) {
    return { wrong: [String(error)], calls };
  } finally {
    globalThis.fetch = real;
    await world.close();
  }
}

/** A call that goes as it should. */
export const untouched: MeddleNth = (_, perform) => perform();
