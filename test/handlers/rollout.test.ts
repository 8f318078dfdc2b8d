import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { DescribeVirtualNodeCommand, ListVirtualNodesCommand, UpdateRouteCommand } from '@aws-sdk/client-app-mesh';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { eventually } from '../support/eventually.ts';
import { functions } from './functions.ts';
import { definition, provision, pushOf, routeOf, routeSpec } from './pgmesh.ts';
import { rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.stop());

const context = { functionName: 'ImagePushed', awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 };
const push = (tag: string, digest?: string) => functions['ImagePushed']!(pushOf(tag, digest), context) as Promise<{ rollouts: { id: string; started: boolean }[] }>;
const withTargets = (...weightedTargets: { virtualNode: string; weight: number }[]) => ({ ...routeSpec, http2Route: { ...routeSpec.http2Route, action: { weightedTargets } } });
const { arnOf, begin, act, when } = rolloutsOf(() => world);
const baking = (id: string, step = 0) => when(id, ({ bake }) => bake?.step === step, `bake of step ${step}`);
const states = async (id: string) => (await world.history(arnOf(id))).filter(({ type }) => type?.endsWith('StateEntered')).map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name);
const nodes = async () => (await world.mesh.send(new ListVirtualNodesCommand({ meshName: 'pgMesh' }))).virtualNodes!.map(({ virtualNodeName }) => virtualNodeName);
const kinds = ({ history }: Rollout): string[] => history.map(({ kind }) => kind);

describe('a good push', () => {
  test('goes through every step to 100 %, with what was measured at each', async () => {
    await provision(world, { steps: [10, 25, 50, 75, 100], afterPromotion: { bake: '5s' } });
    const id = await begin('v2');
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED', output: { id, phase: 'Succeeded' } });
    const rollout = await world.rollout(id);
    expect(await routeOf(world)).toEqual(withTargets({ virtualNode: 'svcNode1v2', weight: 100 }));
    expect(rollout).toMatchObject({ phase: 'Succeeded', definition: 'svc1', image: { repository: 'svc1', tag: 'v2', digest: 'sha256:v2' }, stable: 'svcNode1', canary: 'svcNode1v2', weights: { svcNode1v2: 100 } });
    expect(rollout.measurements.map(({ weight }) => weight)).toEqual([10, 25, 50, 75, 100, 100]);
    for (const { weight, observedShare } of rollout.measurements) expect(Math.abs(observedShare! - weight)).toBeLessThan(5);
    expect(world.events.map(({ type }) => type).filter((type) => type !== 'Rollout Judged' && type !== 'Rollout Shifted')).toEqual(['Rollout Started', 'Rollout Promoted']);
    expect(world.events.filter(({ type }) => type === 'Rollout Shifted').map(({ detail }) => detail['weight'])).toEqual([10, 25, 50, 75, 100]);
    // Five steps and a bake after promotion: each transition costs. A slow machine may hold a step for want of requests, by three transitions.
    const holds = rollout.verdicts.filter(({ next }) => next === 'hold').length;
    expect((await states(id)).length - 3 * holds).toBeLessThanOrEqual(40);
  });

  test('that comes again starts nothing, while it runs and after it', async () => {
    await provision(world, { steps: [100], bake: '3s' });
    const [first, second] = [await push('v2'), await push('v2')];
    expect(second.rollouts[0]!.id).toBe(first.rollouts[0]!.id);
    const id = first.rollouts[0]!.id;
    await world.ended(arnOf(id));
    expect((await push('v2')).rollouts).toEqual([{ id, started: false }]);
    expect(((await world.api('GET', '/rollouts')).body as { rollouts: Rollout[] }).rollouts.map((rollout) => rollout.id)).toEqual([id]);
  });

  test('of another repository, another tag, or without a tag starts nothing', async () => {
    await provision(world);
    expect(await push('latest')).toEqual({ rollouts: [] });
    const other = pushOf('v2');
    expect(await functions['ImagePushed']!({ ...other, detail: { ...other.detail, 'repository-name': 'svc9' } }, context)).toEqual({ rollouts: [] });
    const { 'image-tag': _tag, ...untagged } = other.detail;
    expect(await functions['ImagePushed']!({ ...other, detail: untagged }, context)).toEqual({ rollouts: [] });
    await expect(functions['ImagePushed']!({ ...other, detail: { ...other.detail, 'action-type': 'DELETE' } }, context)).rejects.toMatchObject({ name: 'InvalidInput' });
  });

  test('is started by hand with a definition and a tag alone', async () => {
    await provision(world, { steps: [50], bake: '2s' });
    const arn = await world.start('canary', { definition: 'svc1', image: { tag: 'v2' } }, 'by-hand');
    expect(await world.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: { id: 'by-hand' } });
    expect(await routeOf(world)).toEqual(withTargets({ virtualNode: 'svcNode1v2', weight: 100 }));
  });

  test('retires the stable node where asked', async () => {
    await provision(world, { steps: [50], bake: '2s', afterPromotion: { retireStable: 'delete' } });
    await world.ended(arnOf(await begin('v2')));
    expect(await nodes()).toEqual(['svcNode1v2']);
  });

  test('advances before the bake ends where a pass may', async () => {
    await provision(world, { bake: '600s', advance: 'onPass', deadline: '4h', analysis: { metrics: [{ name: 'errors', margin: '5%' }], minRequests: 100 } });
    // A quarter of ten minutes, at ten times the speed, is still too long for a test: the clocks of watch and engine differ.
    world.traffic = 200;
    const id = await begin('v2');
    await baking(id);
    await eventually(async () => ((await world.rollout(id)).judgement?.outcome === 'pass' ? true : undefined), 'a pass');
    expect((await world.rollout(id)).step).toBe(0);
    await act(id, 'abort');
    await world.ended(arnOf(id));
  });
});

describe('a bad push', () => {
  test.each([
    ['from its first request on', false],
    ['in the middle of a bake, as the watch sees it', true],
  ])('is rolled back within that bake, with the route exactly as before: bad %s', async (_, later) => {
    await provision(world, { bake: '600s' });
    const before = JSON.stringify(await routeOf(world));
    if (!later) world.errorRates.set('svcNode1v3', 0.3);
    const id = await begin('v3');
    if (later) {
      await baking(id);
      world.errorRates.set('svcNode1v3', 0.3);
    }
    const end = await world.ended(arnOf(id));
    expect(end).toMatchObject({ status: 'FAILED', error: 'RolledBack', cause: expect.stringContaining('VerdictFailed: errors: worse: canary') as string });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    const rollout = await world.rollout(id);
    expect(rollout).toMatchObject({ phase: 'RolledBack', step: 0, weights: { svcNode1: 100 }, pendingAction: null });
    expect(rollout.verdicts).toMatchObject([{ step: 0, weight: 25, outcome: 'fail', next: 'rollBack' }]);
    expect(JSON.stringify(rollout.routeBefore)).toBe(before);
    expect(await nodes()).toEqual(['svcNode1']);
    // A failing verdict leads from the bake to the roll-back, with no step between.
    expect((await states(id)).slice(-4)).toEqual(['Bake', 'RollBack', 'Restored', 'GivenUp']);
    expect(world.events.at(-1)).toMatchObject({ type: 'Rollout Rolled Back', detail: { id, phase: 'RolledBack' } });
  });

  test('leaves the next one free to start, and can be retried', async () => {
    await provision(world, { steps: [50], bake: '2s' });
    world.errorRates.set('svcNode1v3', 0.5);
    const id = await begin('v3');
    await world.ended(arnOf(id));
    world.errorRates.delete('svcNode1v3');
    const { status, body } = await act(id, 'retry', { who: 'ada' });
    expect(status).toBe(202);
    const retried = (body as { id: string }).id;
    expect(retried).toBe(id.replace(/1$/, '2'));
    expect(await world.ended(arnOf(retried))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await world.rollout(retried)).toMatchObject({ attempt: 2, trigger: expect.stringContaining('retry by ada') as string });
  });

  test('is retried once: what its retry came to is said to who asks again, and that there is no definition any more', async () => {
    await provision(world, { steps: [50], bake: '60s' });
    const id = await begin('v3');
    await baking(id, 0);
    await act(id, 'abort');
    await world.ended(arnOf(id));
    const { body } = await act(id, 'retry', { who: 'ada' });
    const { id: retried } = body as { id: string };
    expect(await act(id, 'retry', { who: 'ada' })).toMatchObject({ status: 202, body: { id: retried } });
    await baking(retried, 0);
    await act(retried, 'abort');
    await world.ended(arnOf(retried));
    expect(await act(id, 'retry', { who: 'ada' })).toMatchObject({ status: 409, body: { message: `retry is refused: the rollout ${id} was tried again as ${retried}, which is RolledBack` } });
    await world.api('DELETE', '/canaries/svc1');
    expect(await act(retried, 'retry', { who: 'ada' })).toMatchObject({ status: 404, body: { message: 'there is no canary definition svc1' } });
  });

  test('that turns bad at a later step is rolled back from there', async () => {
    await provision(world, { bake: '5s' });
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v3');
    await baking(id, 2);
    world.errorRates.set('svcNode1v3', 0.5);
    await world.ended(arnOf(id));
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    expect((await world.rollout(id)).phase).toBe('RolledBack');
  });
});

describe('without good data', () => {
  test('no traffic holds, longer each time, and ends at the deadline by rolling back', async () => {
    world.traffic = 0;
    await provision(world, { steps: [50], bake: '1s', deadline: '3s' });
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v2');
    expect(await world.ended(arnOf(id))).toMatchObject({ error: 'RolledBack', cause: expect.stringMatching(/DeadlineExceeded: the deadline has passed; errors: canary had 0 requests/) as string });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    const holds = (await world.rollout(id)).verdicts.filter(({ next }) => next === 'hold');
    expect(holds.length).toBeGreaterThan(1);
  });

  test('a hold goes on once traffic comes, without waiting for its own end', async () => {
    world.traffic = 0;
    await provision(world, { steps: [50], bake: '2s', analysis: { minRequests: 50 } });
    const id = await begin('v2');
    await when(id, ({ verdicts }) => verdicts.length >= 4, 'some holds');
    world.traffic = 40;
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('an outage of the metrics is no failure: the step is held until they are back', async () => {
    await provision(world, { steps: [50], bake: '2s' });
    const id = await begin('v2');
    await baking(id);
    world.metricsDown = true;
    const { verdicts } = await when(id, (rollout) => rollout.verdicts.length > 0, 'a verdict');
    expect(verdicts[0]).toMatchObject({ outcome: 'error', next: 'hold', reason: expect.stringContaining('HTTP 500') as string });
    world.metricsDown = false;
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('actions', () => {
  beforeEach(() => provision(world, { bake: '600s' }));

  test('abort rolls back at once, and says who and why', async () => {
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v2');
    await baking(id);
    expect(await act(id, 'abort', { who: 'ada', reason: 'wrong image' })).toMatchObject({ status: 202, body: { pendingAction: { action: 'abort', who: 'ada' } } });
    expect(await world.ended(arnOf(id))).toMatchObject({ error: 'RolledBack', cause: 'RolloutAborted: aborted: wrong image' });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    const rollout = await world.rollout(id);
    expect(rollout.history).toContainEqual(expect.objectContaining({ who: 'ada', kind: 'abort', reason: 'wrong image' }));
    expect(await act(id, 'abort')).toMatchObject({ status: 202 });
    expect(await act(id, 'advance')).toMatchObject({ status: 409, body: { error: 'ActionRefused' } });
  });

  test('sent before the bake stored its token is not lost', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.faults.set('Bake', async () => {
      await held;
      return undefined;
    });
    const id = await begin('v2');
    await when(id, ({ step }) => step === 0, 'the first step');
    await act(id, 'abort');
    release();
    expect(await world.ended(arnOf(id))).toMatchObject({ error: 'RolledBack' });
  });

  test('advance, pause, resume and promote do what they say', async () => {
    const id = await begin('v2');
    await baking(id, 0);
    await act(id, 'advance');
    await baking(id, 1);
    expect((await routeOf(world)).http2Route?.action?.weightedTargets).toEqual([{ virtualNode: 'svcNode1', weight: 50 }, { virtualNode: 'svcNode1v2', weight: 50 }]);
    await act(id, 'pause', { who: 'ada' });
    await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'the pause');
    await act(id, 'resume');
    await when(id, ({ phase, bake }) => phase === 'Progressing' && bake !== null, 'the resumption');
    await act(id, 'promote');
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await routeOf(world)).toEqual(withTargets({ virtualNode: 'svcNode1v2', weight: 100 }));
    expect(world.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['Rollout Paused', 'Rollout Resumed', 'Rollout Action Taken', 'Rollout Promoted']));
  });

  test('a failing verdict ends a pause', async () => {
    const id = await begin('v3');
    await baking(id);
    await act(id, 'pause');
    await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'the pause');
    world.errorRates.set('svcNode1v3', 0.5);
    expect(await world.ended(arnOf(id))).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('VerdictFailed') as string });
  });
});

describe('two rollouts of a route', () => {
  test('reject: the second is refused, and the first goes on', async () => {
    await provision(world, { bake: '600s', concurrency: 'reject' });
    const first = await begin('v2');
    await baking(first);
    const second = await begin('v3');
    expect(await world.ended(arnOf(second))).toMatchObject({ status: 'FAILED', error: 'Failed', cause: expect.stringContaining(`RolloutRejected: the rollout ${first} holds the route`) as string });
    expect(await world.rollout(second)).toMatchObject({ phase: 'Failed', history: [{ kind: 'refused' }] });
    expect((await world.rollout(first)).phase).toBe('Progressing');
    await act(first, 'abort');
    await world.ended(arnOf(first));
  });

  test('replace: the first is rolled back, and the second starts from the stable side', async () => {
    await provision(world, { bake: '600s', steps: [50] });
    const first = await begin('v2');
    await baking(first);
    const second = await begin('v3');
    expect(await world.ended(arnOf(first))).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('replaced by a newer version') as string });
    await baking(second);
    expect(await routeOf(world)).toEqual(withTargets({ virtualNode: 'svcNode1', weight: 50 }, { virtualNode: 'svcNode1v3', weight: 50 }));
    await act(second, 'promote');
    expect(await world.ended(arnOf(second))).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('provisioning leaves the weights alone, and refuses to change a route that is held', async () => {
    await provision(world, { bake: '600s' });
    const id = await begin('v2');
    await baking(id);
    const resource = (spec: unknown) => ({ create: 'CreateRoute', input: { meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec } });
    expect(await functions['EnsureRoute']!(resource(routeSpec), context)).toMatchObject({ change: 'unchanged' });
    const changed = { ...routeSpec, priority: 8 };
    await expect(functions['EnsureRoute']!(resource(changed), context)).rejects.toMatchObject({ name: 'RouteHeld', message: expect.stringContaining(id) as string });
    await act(id, 'abort');
    await world.ended(arnOf(id));
    expect(await functions['EnsureRoute']!(resource(changed), context)).toMatchObject({ change: 'updated' });
    expect(await routeOf(world)).toEqual(changed);
  });
});

describe('whatever goes wrong', () => {
  test('a crash in a bake loses nothing: the rollout goes on where it was', async () => {
    await provision(world, { bake: '5s' });
    const id = await begin('v2');
    await baking(id, 1);
    await world.restart();
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await states(id)).filter((state) => state === 'Shift')).toHaveLength(4);
    expect((await world.rollout(id)).measurements.map(({ weight }) => weight)).toEqual([25, 50, 75, 100]);
  });

  test('a bad version is still rolled back after a crash', async () => {
    await provision(world, { bake: '600s' });
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v3');
    await baking(id);
    await world.restart();
    world.errorRates.set('svcNode1v3', 0.5);
    expect(await world.ended(arnOf(id))).toMatchObject({ error: 'RolledBack' });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
  });

  test('an execution that is stopped is rolled back in its place, once', async () => {
    await provision(world, { bake: '600s' });
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v2');
    await baking(id);
    await world.stepFunctions.send(new StopExecutionCommand({ executionArn: arnOf(id), error: 'Stopped', cause: 'by ada' }));
    const rollout = await when(id, ({ phase }) => phase === 'RolledBack', 'the roll-back');
    expect(rollout.reason).toBe('Stopped: by ada');
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    const event = world.calls.filter(({ name }) => name === 'ExecutionStopped').at(-1)!.payload;
    expect(await functions['ExecutionStopped']!(event, context)).toEqual({ phase: 'RolledBack' });
    expect(kinds(await world.rollout(id)).filter((kind) => kind === 'rolled back')).toHaveLength(1);
  });

  test('a step that fails for good rolls back; faults that pass are tried again', async () => {
    await provision(world, { steps: [25, 100], bake: '2s' });
    const before = JSON.stringify(await routeOf(world));
    let faults = 2;
    const fail = (name: string) => Promise.reject(Object.assign(new Error('no'), { name }));
    world.faults.set('Judge', () => (faults-- > 0 ? fail('TransientFault') : Promise.resolve(undefined)));
    const id = await begin('v2');
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'SUCCEEDED' });
    world.faults.set('ShiftTraffic', () => fail('ConfigurationRejected'));
    await world.mesh.send(new UpdateRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: JSON.parse(before) as object }));
    expect(await world.ended(arnOf(await begin('v4')))).toMatchObject({ error: 'RolledBack', cause: 'ConfigurationRejected: no' });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
  });

  test('a roll-back that fails says why in words, and is done in its place', async () => {
    await provision(world, { bake: '600s' });
    const before = JSON.stringify(await routeOf(world));
    const id = await begin('v2');
    await baking(id);
    world.faults.set('RollBack', () => Promise.reject(Object.assign(new Error('the route is bewitched'), { name: 'Bewitched' })));
    await act(id, 'abort');
    const why = 'the roll-back failed, and the route may not be as it was: Bewitched: the route is bewitched';
    expect(await world.ended(arnOf(id))).toMatchObject({ status: 'FAILED', error: 'RollBackFailed', cause: why });
    expect(world.events.find(({ type }) => type === 'Rollout Failed')?.detail).toMatchObject({ phase: 'Failed', reason: why });
    const { reason } = await when(id, ({ phase }) => phase === 'RolledBack', 'the roll-back by execution-stopped');
    expect(reason).toBe(`RollBackFailed: ${why}`);
    expect(JSON.stringify(await routeOf(world))).toBe(before);
  });

  test('weights that someone else changed are put right, and told', async () => {
    await provision(world, { bake: '600s' });
    const id = await begin('v2');
    await baking(id);
    await world.mesh.send(new UpdateRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: withTargets({ virtualNode: 'svcNode1', weight: 1 }, { virtualNode: 'svcNode1v2', weight: 99 }) as object }));
    await act(id, 'advance');
    const rollout = await baking(id, 1);
    expect(rollout.history.find(({ kind }) => kind === 'healed')?.reason).toBe('svcNode1 was set from 75 to 1 by someone else; svcNode1v2 was set from 25 to 99 by someone else');
    expect((await routeOf(world)).http2Route?.action?.weightedTargets?.map(({ weight }) => weight)).toEqual([50, 50]);
    await act(id, 'abort');
    await world.ended(arnOf(id));
  });

  test.each([
    ['an unknown definition', { definition: 'nope', image: { tag: 'v2' } }, /NotFound: there is no canary definition nope/],
    ['a tag that comes to the stable node', { definition: 'svc1', image: { tag: '.' } }, /PlanRefused/],
    ['no image', { definition: 'svc1' }, /InvalidInput: event: request\.image: missing/],
  ])('is refused and changes nothing: %s', async (_, input, reason) => {
    await provision(world);
    const before = JSON.stringify(await routeOf(world));
    expect(await world.ended(await world.start('canary', input))).toMatchObject({ status: 'FAILED', cause: expect.stringMatching(reason) as string });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    expect(await nodes()).toEqual(['svcNode1']);
  });

  test('two tags that come to one name are told apart', async () => {
    await provision(world, { bake: '600s' });
    const id = await begin('v1.2');
    await baking(id);
    const { virtualNode } = await world.mesh.send(new DescribeVirtualNodeCommand({ meshName: 'pgMesh', virtualNodeName: 'svcNode1v1-2' }));
    expect(virtualNode?.spec?.serviceDiscovery?.dns?.hostname).toBe('svcNode1v1-2.pgMesh.local');
    await act(id, 'promote');
    await world.ended(arnOf(id));
    // The route is on v1.2 now; its stable side is the node that v1-2 would use.
    expect(await world.ended(arnOf(await begin('v1-2')))).toMatchObject({ error: 'Failed', cause: expect.stringContaining('is the stable side already') as string });
  });
});

test('a task token is stored sealed, and shown nowhere', async () => {
  await provision(world, { bake: '600s' });
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    const id = await begin('v2');
    await baking(id);
    const token = (world.calls.findLast(({ name }) => name === 'Bake')!.payload as { token: string }).token;
    const { openLibsqlStore } = await import('../../src/store/libsql.ts');
    const store = openLibsqlStore(`${world.folder}/meshshift.db`);
    const [bake] = await store.query('bake');
    await store.close();
    expect(JSON.stringify(bake)).toContain('aes-256-gcm:');
    expect(JSON.stringify(bake)).not.toContain(token);
    await act(id, 'abort');
    await world.ended(arnOf(id));
    expect(JSON.stringify([await world.rollout(id), world.events, lines])).not.toContain(token);
    expect(lines.length).toBeGreaterThan(5);
  } finally {
    console.log = log;
  }
});

describe('the API', () => {
  beforeEach(() => provision(world, { steps: [50], bake: '2s' }));

  test('starts a rollout once', async () => {
    const first = await world.api('POST', '/rollouts', { definition: 'svc1', image: { tag: 'v2' } });
    expect(first).toMatchObject({ status: 201, body: { started: true } });
    const { id } = first.body as { id: string };
    await world.ended(arnOf(id));
    expect(await world.api('POST', '/rollouts', { definition: 'svc1', image: { tag: 'v2' } })).toEqual({ status: 200, body: { id, started: false } });
  });

  test.each<[string, string, number, string, unknown?]>([
    ['POST', '/rollouts', 404, 'NotFound', { definition: 'nope', image: { tag: 'v2' } }],
    ['POST', '/rollouts', 400, 'InvalidInput', { definition: 'svc1', image: {} }],
    ['POST', '/rollouts', 400, 'InvalidInput', '{'],
    ['GET', '/rollouts/nope', 404, 'NotFound'],
    ['POST', '/rollouts/nope/actions/abort', 404, 'NotFound', {}],
    ['POST', '/rollouts/nope/actions/explode', 400, 'InvalidInput', {}],
    ['DELETE', '/rollouts', 405, 'MethodNotAllowed'],
    ['GET', '/elsewhere', 404, 'NotFound'],
    ['GET', '/rollouts/%E0%A4%A', 400, 'InvalidInput'],
    ['PUT', '/canaries/svc1', 400, 'InvalidInput', { ...definition, steps: [0] }],
    ['PUT', '/canaries/svc1', 400, 'InvalidInput', { ...definition, canary: { virtualNode: 'a{{tag}}', spec: { much: 'x'.repeat(100_000) } } }],
    ['PUT', '/canaries/other', 400, 'InvalidInput', definition],
    ['GET', '/canaries/nope', 404, 'NotFound'],
    ['DELETE', '/canaries/nope', 404, 'NotFound'],
  ])('%s %s: %d %s', async (method, path, status, error, ...[body]) => {
    expect(await world.api(method, path, body)).toMatchObject({ status, body: { error } });
  });

  test('keeps definitions as they were written', async () => {
    expect((await world.api('GET', '/canaries/svc1')).body).toEqual({ ...definition, steps: [50], bake: '2s' });
    expect((await world.api('GET', '/canaries')).body).toEqual({ canaries: [{ ...definition, steps: [50], bake: '2s' }] });
    expect((await world.api('DELETE', '/canaries/svc1')).status).toBe(200);
    expect((await world.api('GET', '/canaries')).body).toEqual({ canaries: [] });
  });
});
