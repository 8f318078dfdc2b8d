import { FINAL_PHASES } from '../../src/contracts/rollout.ts';
import { weightsOf } from '../../src/canary/weights.ts';
import type { Call } from './calls.ts';
import { faultsOfAnyEnd, faultsOfEnd, same } from './end.ts';
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

const namesOf = (world: FaultWorld, create: string): string[] => world.mesh.names().flatMap((name) => (name.startsWith(`${create} `) ? (name.split('/').at(-1) ?? '') : []));

/** What is wrong with how a world ended; empty when all is as it must be. */
async function faultsOf(world: FaultWorld, kind: Kind, isSameEnd: boolean): Promise<string[]> {
  const records = world.records();
  const lock = world.store.all('lock')[0]?.value as { holder: string | null } | undefined;
  const spec = await world.spec();
  const ended = {
    phases: Object.fromEntries(Object.keys(kind.ends).map((tag) => [tag, world.record(tag)?.phase])),
    left: [...world.store.all('bake'), ...world.store.all('queue#m/r/r')].map(({ pk, sk }) => `${pk} ${sk}`),
    holder: lock?.holder ?? null,
    executions: world.running(),
    routes: namesOf(world, 'CreateRoute'),
    ...{ spec, nodes: namesOf(world, 'CreateVirtualNode'), workloads: [...world.workloads, ...world.ecs.made()] },
  };
  if (isSameEnd) {
    const told = records.flatMap(({ id, phase }) => (world.events.some((event) => event.id === id && TOLD[phase]?.includes(event.type)) ? [] : [`nobody was told that ${id} is ${phase}`]));
    return [...faultsOfEnd(ended, kind), ...told];
  }
  const endless = records.filter(({ phase }) => !FINAL_PHASES.has(phase)).map(({ id, phase }) => `${id} is ${phase}`);
  const route = records.some(({ phase }) => phase === 'Succeeded') ? same('weights', Object.values(weightsOf(spec)), [100]) : same('route', spec, routeBefore);
  return [...endless, ...faultsOfAnyEnd(ended), ...route];
}

const TOLD: Readonly<Record<string, readonly string[]>> = { Succeeded: ['Rollout Promoted'], RolledBack: ['Rollout Rolled Back'], Failed: ['Rollout Failed'] };

/** As Meddle, with the place of the call among all. */
export type MeddleNth = (...call: [...Parameters<Meddle>, nth: number]) => ReturnType<Meddle>;

/** Runs a kind of rollout while `meddle` has every call; answers what is wrong with the end, and which calls were made. */
export async function runKind(kind: Kind, meddle: MeddleNth, isSameEnd = true): Promise<{ wrong: string[]; calls: Call[] }> {
  const calls: Call[] = [];
  const world = await openFaultWorld((call, perform, time) => meddle(call, perform, time, calls.push(call) - 1));
  try {
    await runToEnd(world, kind);
    return { wrong: await faultsOf(world, kind, isSameEnd), calls };
  } catch (error) {
    return { wrong: [String(error)], calls };
  } finally {
    await world.close();
  }
}

/** A call that goes as it should. */
export const untouched: MeddleNth = (_, perform) => perform();
