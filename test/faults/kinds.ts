import type { Phase } from '../../src/contracts/rollout.ts';
import { ecsWorkload } from './ecs.ts';
import type { Wanted } from './end.ts';
import { target } from './route.ts';
import type { FaultWorld } from './world.ts';

/** Something that a person, a registry or the world does once the rollouts have come to a point. */
export interface Deed {
  readonly when: (world: FaultWorld) => boolean;
  readonly then: (world: FaultWorld) => unknown;
}

/** A kind of rollout: how it is defined, what happens to it, and how it ends, whatever goes wrong on the way. */
export interface Kind extends Wanted {
  readonly name: string;
  readonly definition: object;
  readonly deeds: readonly Deed[];
}

const always = (): boolean => true;
/** The rollout's bake is open, at a step. */
const baking = (tag: string, step = 0) => (world: FaultWorld): boolean => {
  const record = world.record(tag);
  return record?.step === step && record.waiting === null && record.phase !== 'RollingBack' && world.store.all('bake').some(({ sk }) => sk === record.id);
};
/** The rollout is at a step; where its bake could not be written down in all its time, none is seen there. */
const atStep = (tag: string, step = 0) => (world: FaultWorld): boolean => world.record(tag)?.step === step;
const waitingFor = (tag: string, what: string) => (world: FaultWorld): boolean => {
  const record = world.record(tag);
  return record?.waiting?.for === what && world.store.all('bake').some(({ sk }) => sk === record.id);
};
const inPhase = (tag: string, phase: Phase) => (world: FaultWorld): boolean => world.record(tag)?.phase === phase;

/** Where a pause is over. Asked twice, `advance` leads two steps on. */
const resumed = (world: FaultWorld): boolean => inPhase('v1', 'Progressing')(world) && baking('v1', world.record('v1')!.step)(world);

const push = (tag: string): Deed => ({ when: always, then: (world) => world.push(tag) });
const act = (tag: string, action: string, when: Deed['when'], who = 'ada'): Deed => ({ when, then: (world) => world.ask('POST', `/rollouts/${world.record(tag)!.id}/actions/${action}`, { who, reason: 'said so' }) });
const alarm = (value: 'OK' | 'ALARM'): Deed => ({ when: always, then: (world) => world.alarm('a', value) });
const turnBad = (tag: string, when: Deed['when']): Deed => ({ when, then: (world) => void world.traffic.errorRates.set(`n${tag}`, 0.5) });
const flow = (flows: boolean, when: Deed['when'] = always): Deed => ({
  when,
  then: (world) => {
    world.traffic.flows = flows;
  },
});

const base = { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}', hostname: 'n{{tag}}.local' }, steps: [25, 100], bake: '10s', deadline: '20m' };
const hooks = { before: 'meshshift-hook-a', step: 'meshshift-hook-a', after: 'meshshift-hook-a' };
const passing: Deed = { when: always, then: (world) => void world.hooks.set('meshshift-hook-a', () => ({ outcome: 'pass' })) };

const cohort = { cohort: { header: { name: 'x', value: 'y' } } };
const freeze: Deed = { when: always, then: (world) => world.ask('PUT', '/freeze', { reason: 'incident' }) };
const lift: Deed = { when: waitingFor('v1', 'freeze'), then: (world) => world.ask('DELETE', '/freeze') };
const stop: Deed = {
  when: baking('v1'),
  then: ({ engine, record }) => engine.signal(engine.store.executionByArn(record('v1')!.executionArn)!.id, { kind: 'stop', error: undefined, cause: undefined }),
};
const holds = (world: FaultWorld): boolean => (world.record('v1')?.holds ?? 0) > 0;
const advanced = (world: FaultWorld): boolean => world.record('v1')!.step > 0 && resumed(world);

const promoted: Wanted = { ends: { v1: 'Succeeded' }, nodes: ['nv1', 'v0'] };
const rolledBack: Wanted = { ends: { v1: 'RolledBack' } };
const kind = (name: string, definition: object, deeds: readonly Deed[], end: Wanted): Kind => ({ name, definition: { ...base, ...definition }, deeds, ...end });

/** Each way that a rollout can go. */
export const KINDS: readonly Kind[] = [
  kind('promoted', {}, [push('v1')], promoted),
  kind('promoted, stable deleted, by processes', { workload: { type: 'process' }, afterPromotion: { bake: '5s', retireStable: 'delete' } }, [push('v1')], {
    ...promoted,
    nodes: ['nv1'],
    workloads: ['nv1'],
  }),
  kind('promoted, by services of ECS', { workload: ecsWorkload, bake: '60s' }, [push('v1')], { ...promoted, workloads: ['nv1', 'nv1 in Cloud Map'] }),
  kind('bad, as a service of ECS', { workload: ecsWorkload, steps: [25, 50], bake: '60s' }, [push('v1'), turnBad('v1', baking('v1', 1))], rolledBack),
  kind('bad, seen by the watch', { workload: { type: 'process' }, bake: '60s' }, [turnBad('v1', always), push('v1')], rolledBack),
  kind('bad from its second step on', { steps: [25, 50, 100], bake: '30s' }, [push('v1'), turnBad('v1', baking('v1', 1))], rolledBack),
  kind('without traffic, judged at the end of its bake', { analysis: { noTraffic: 'rollBack' } }, [flow(false), push('v1')], rolledBack),
  kind('held until its deadline', { deadline: '1m' }, [flow(false), push('v1')], rolledBack),
  kind('held, and gone on with once there is traffic', {}, [flow(false), push('v1'), flow(true, holds)], promoted),
  kind('aborted', { bake: '5m' }, [push('v1'), act('v1', 'abort', baking('v1'))], rolledBack),
  kind('rolled back gradually', { steps: [75, 100], bake: '5m', rollBack: { weight: 30, interval: '5s' } }, [push('v1'), act('v1', 'abort', baking('v1'))], rolledBack),
  kind('replaced', { bake: '10m', steps: [50] }, [push('v1'), { ...push('v2'), when: baking('v1') }, act('v2', 'promote', baking('v2'))], {
    ends: { v1: 'RolledBack', v2: 'Succeeded' },
    nodes: ['nv2', 'v0'],
  }),
  kind('queued', { concurrency: 'queue', steps: [50] }, [push('v1'), { ...push('v2'), when: atStep('v1') }], { ends: { v1: 'Succeeded', v2: 'Succeeded' }, nodes: ['nv2', 'nv1', 'v0'] }),
  kind('undone', { steps: [50] }, [push('v1'), act('v1', 'undo', inPhase('v1', 'Succeeded'))], rolledBack),
  kind('retried', { bake: '10m', steps: [50] }, [push('v1'), act('v1', 'abort', baking('v1')), act('v1', 'retry', inPhase('v1', 'RolledBack')), act('v1', 'promote', baking('v1'))], promoted),
  kind(
    'paused, resumed, advanced and promoted by hand',
    { steps: [10, 20, 30, 40, 100], bake: '5m', deadline: '1h' },
    [push('v1'), act('v1', 'pause', baking('v1')), act('v1', 'resume', inPhase('v1', 'Paused')), act('v1', 'advance', resumed), act('v1', 'promote', advanced)],
    promoted,
  ),
  kind(
    'approved, with hooks and a cohort',
    { steps: [cohort, 50], hooks, approval: { before: [50], quorum: 2, expires: '1h' } },
    [passing, push('v1'), act('v1', 'approve', waitingFor('v1', 'approval')), act('v1', 'approve', waitingFor('v1', 'approval'), 'bob')],
    promoted,
  ),
  kind('with hooks and a cohort, bad', { steps: [cohort, 50], hooks, bake: '30s' }, [passing, push('v1'), turnBad('v1', baking('v1', 1))], rolledBack),
  kind('frozen', { steps: [50] }, [freeze, push('v1'), lift], promoted),
  kind('stopped', { bake: '5m' }, [push('v1'), stop], rolledBack),
  kind('with an alarm that goes off', { bake: '10m', alarms: ['a'] }, [alarm('OK'), push('v1'), { ...alarm('ALARM'), when: baking('v1') }], rolledBack),
  kind('with an alarm from before, which ends', { alarms: ['a'] }, [alarm('ALARM'), push('v1'), { ...alarm('OK'), when: waitingFor('v1', 'alarm') }], promoted),
  kind('refused', { stable: 'elsewhere' }, [push('v1')], { ends: { v1: 'Failed' } }),
];
