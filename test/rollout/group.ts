import { weightsOf } from '../../src/canary/weights.ts';
import { FINAL_PHASES, type HistoryEntry, type Rollout, type RouteSpec } from '../../src/contracts/rollout.ts';
import { showRollout } from '../../src/rollout/api/show.ts';
import type { RolloutRecord } from '../../src/rollout/record/records.ts';
import { route, routeBefore, target } from '../faults/route.ts';
import { openFaultWorld, type FaultWorld, type Meddle } from '../faults/world.ts';

/** Something that is done once the rollouts have come to a point. */
export interface GroupDeed {
  readonly when: (world: FaultWorld) => boolean;
  readonly then: (world: FaultWorld) => unknown;
}

interface GroupRelease {
  /** Definitions by service, each with a route of its own. */
  readonly services: Readonly<Record<string, object>>;
  readonly before?: (world: FaultWorld) => unknown;
  readonly deeds?: readonly GroupDeed[];
  /** The rollouts that begin at once; all if not given. */
  readonly pushed?: readonly string[];
  readonly meddle?: Meddle;
}

export interface GroupReleased {
  /** Rollouts by service, the newest first. */
  readonly of: (service: string) => readonly Rollout[];
  /** Of each service the phase of its last rollout. */
  readonly phases: Readonly<Record<string, string>>;
  /** Weights as they rose, in order: `a 25`. */
  readonly rises: readonly string[];
  readonly spec: (service: string) => Promise<RouteSpec>;
  readonly world: FaultWorld;
}

const recordsOf = (world: FaultWorld, service: string): RolloutRecord[] => world.records().filter(({ definition }) => definition === service).sort((a, b) => b.startedAt - a.startedAt || b.attempt - a.attempt);
export const newest = (world: FaultWorld, service: string): RolloutRecord | undefined => recordsOf(world, service)[0];
export const isBaking = (service: string, step: number) => (world: FaultWorld): boolean => {
  const record = newest(world, service);
  return record?.step === step && record.waiting === null && record.phase !== 'RollingBack' && world.store.all('bake').some(({ sk }) => sk === record.id);
};
export const isWaiting = (service: string, kind = 'lockstep') => (world: FaultWorld): boolean => {
  const record = newest(world, service);
  return record?.waiting?.for === kind && world.store.all('bake').some(({ sk }) => sk === record.id);
};
export const isPhase = (service: string, phase: RolloutRecord['phase']) => (world: FaultWorld): boolean => newest(world, service)?.phase === phase;
export const act = (service: string, action: string, when: GroupDeed['when']): GroupDeed => ({ when, then: (world) => world.ask('POST', `/rollouts/${newest(world, service)!.id}/actions/${action}`, { who: 'ada', reason: 'said so' }) });
export const push = (service: string, tag: string, when: GroupDeed['when']): GroupDeed => ({ when, then: (world) => world.ask('POST', '/rollouts', { definition: service, image: { tag } }) });

const stableOf = (service: string): string => `${service}0`;
const routeFor = (service: string) => ({ ...route, input: { ...route.input, routeName: service } });
export const specBefore = (service: string): RouteSpec => ({ ...routeBefore, http2Route: { ...routeBefore.http2Route!, action: { weightedTargets: [{ virtualNode: stableOf(service), weight: 100 }] } } });

async function prepare(world: FaultWorld, services: GroupRelease['services']): Promise<void> {
  for (const [service, fields] of Object.entries(services)) {
    world.mesh.put({ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: stableOf(service), spec: { serviceDiscovery: { dns: { hostname: `${service}.local` } } } } });
    const { create, input } = routeFor(service);
    world.mesh.put({ create, input: { ...input, spec: specBefore(service) } });
    const base = { name: service, image: { repository: service }, target: { ...target, route: service }, canary: { virtualNode: `${service}n{{tag}}`, hostname: `${service}{{tag}}.local` }, steps: [25, 50, 100], bake: '10s', deadline: '1h', lockstep: 'shop' };
    await world.store.write([{ kind: 'put', pk: 'definition', sk: service, value: { ...base, ...fields } }]);
  }
}

const isRise = ({ kind }: HistoryEntry): boolean => kind === 'shifted';

/** Runs the rollouts of a group on a clock of its own to their ends; by the state machine as it is deployed, with handlers and watch. */
export async function releaseGroup({ services, before = () => undefined, deeds = [], pushed = Object.keys(services), meddle = (_, perform) => perform() }: GroupRelease): Promise<GroupReleased> {
  const world = await openFaultWorld(meddle);
  const print = console.log;
  // A line for each call of each function.
  console.log = () => undefined;
  try {
    await prepare(world, services);
    await before(world);
    for (const service of pushed) void world.track(world.ask('POST', '/rollouts', { definition: service, image: { tag: 'v1' } }));
    const left = [...deeds];
    let isDoing = false;
    await world.pass(() => {
      if (!isDoing && left[0]?.when(world) === true) {
        isDoing = true;
        void world.track(Promise.resolve(left.shift()!.then(world))).finally(() => (isDoing = false));
      }
      return world.records().length >= pushed.length && world.isIdle() && left.length === 0;
    });
    const rollouts = await Promise.all(world.records().map(({ id }) => showRollout({ store: world.store, clock: world.now }, id)));
    const of = (service: string): Rollout[] => recordsOf(world, service).map(({ id }) => rollouts.find((rollout) => rollout.id === id)!);
    const rises = rollouts.flatMap(({ definition, history }) => history.filter(isRise).map(({ at, reason }) => ({ at, text: `${definition} ${reason.split(' ')[0]}` })));
    return {
      of,
      phases: Object.fromEntries(Object.keys(services).flatMap((service) => of(service).slice(0, 1).map(({ phase }) => [service, phase]))),
      rises: rises.filter(({ text }) => !text.endsWith(' 0')).sort((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1)).map(({ text }) => text),
      spec: async (service) => (await world.mesh.describe(routeFor(service)))!.spec,
      world,
    };
  } finally {
    console.log = print;
    await world.close();
  }
}

/** What is wrong with how a group ended; empty when everything has its end, nothing is left, and each route leads to one version. */
export async function leftOf({ world, spec }: GroupReleased, services: readonly string[]): Promise<string[]> {
  const open = world.records().filter(({ phase }) => !FINAL_PHASES.has(phase)).map(({ id, phase }) => `${id} is ${phase}`);
  const kept = ['bake', 'lockstep#shop', 'queue'].flatMap((pk) => world.store.all(pk).map(({ sk }) => `${pk} ${sk}`));
  const held = world.store.all('lock').flatMap(({ sk, value }) => ((value as { holder: string | null }).holder === null ? [] : [`${sk} is held`]));
  const split = (await Promise.all(services.map(async (service) => ({ service, weights: Object.values(weightsOf(await spec(service))) })))).filter(({ weights }) => weights.join() !== '100').map(({ service, weights }) => `${service} is at ${weights.join()}`);
  return [...open, ...kept, ...held, ...split, ...(world.running() === 0 ? [] : [`${world.running()} executions are under way`])];
}
