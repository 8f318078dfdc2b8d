import { DescribeRouteCommand, ListRoutesCommand, UpdateRouteCommand } from '@aws-sdk/client-app-mesh';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { eventually } from '../support/eventually.ts';
import { definition, provision, routeOf, routeSpec } from './pgmesh.ts';
import { call, rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.stop());

const { arnOf, begin, act, when, waitingFor, baking, weights, ended, states } = rolloutsOf(() => world);
const kinds = ({ history }: Rollout): string[] => history.map(({ kind }) => kind);

/** A minute of the week that is far from now, so that the window is closed. */
const closedWindow = (): string => {
  const day = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' });
  return `${day} 10:00-11:00 UTC`;
};

describe('a rise that must wait', () => {
  test('for two people: each counts once, and the weight rises when the second approves', async () => {
    await provision(world, { steps: [50], bake: '2s', approval: { before: [50], quorum: 2, expires: '1h' } });
    const id = await begin('v2');
    const waiting = await waitingFor(id, 'approval');
    expect(waiting).toMatchObject({ step: -1, phase: 'Progressing', waiting: { raise: 'step', reason: 'waits for approval: 0 of 2, within 1h' } });
    expect(await weights()).toEqual({ svcNode1: 100, svcNode1v2: 0 });
    for (let time = 0; time < 2; time += 1) expect((await act(id, 'approve', { who: 'ada' })).status).toBe(202);
    expect((await world.rollout(id)).approvals).toMatchObject([{ who: 'ada' }]);
    expect(await weights()).toEqual({ svcNode1: 100, svcNode1v2: 0 });
    await act(id, 'approve', { who: 'bob', reason: 'looks good' });
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    const rollout = await world.rollout(id);
    expect(rollout).toMatchObject({ approvals: [], waiting: null });
    expect(rollout.history).toContainEqual(expect.objectContaining({ who: 'bob', kind: 'approve', reason: 'looks good' }));
    // What was measured meanwhile decided nothing, and is not told.
    const untilItRose = rollout.history.slice(0, kinds(rollout).indexOf('shifted'));
    expect(untilItRose.map(({ kind }) => kind)).toEqual(['started', 'canary up', 'waiting', 'approve', 'approve', 'approve', 'advance']);
    expect(untilItRose.at(-1)!.reason).toBe('looks again: waits for approval: 0 of 2, within 1h');
  });

  test('for an approval that nobody gives ends by rolling back, and says so', async () => {
    await provision(world, { steps: [50, 100], bake: '2s', approval: { before: [100], expires: '1s' } });
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: 'ApprovalExpired: waits for approval: 0 of 1, within 1s, and too few did' });
    expect(await routeOf(world)).toEqual(routeSpec);
  });

  test.each([
    ['signed the request', { iam: { userArn: 'arn:aws:iam::1:user/eve' } }, 'arn:aws:iam::1:user/eve'],
    ['the token of the request is of', { jwt: { claims: { sub: 'eve@example.com', iss: 'https://issuer.example.com/' } } }, 'eve@example.com'],
  ])('is approved by who %s, whatever its body says', async (_, authorizer, eve) => {
    await provision(world, { steps: [50], bake: '2s', approval: { before: [50], quorum: 2 } });
    const id = await begin('v2');
    await waitingFor(id, 'approval');
    for (const who of ['ada', 'bob']) {
      await call('RolloutsApi', { rawPath: `/meshshift/v1/rollouts/${id}/actions/approve`, body: JSON.stringify({ who }), requestContext: { http: { method: 'POST' }, authorizer } });
    }
    expect((await world.rollout(id)).approvals.map(({ who }) => who)).toEqual([eve]);
    await act(id, 'abort');
    await ended(id);
  });

  test('for a window: neither an advance nor a promotion by hand passes it, and an abort need not wait', async () => {
    const window = closedWindow();
    await provision(world, { steps: [25, { weight: 50, window }], bake: '600s' });
    const id = await begin('v2');
    await baking(id, 0);
    await act(id, 'advance');
    const { waiting } = await waitingFor(id, 'window');
    expect(waiting!.reason).toContain(window);
    expect(new Date(waiting!.until!).toISOString()).toMatch(/T10:00:00.000Z$/);
    await act(id, 'promote');
    await when(id, (rollout) => rollout.waiting?.raise === 'promotion' && rollout.bake !== null, 'the promotion to wait');
    expect(await weights()).toEqual({ svcNode1: 75, svcNode1v2: 25 });
    await act(id, 'abort');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
    expect(await routeOf(world)).toEqual(routeSpec);
  });

  test('is left by a failing verdict at once', async () => {
    await provision(world, { steps: [25, { weight: 50, window: closedWindow() }], bake: '2s' });
    const id = await begin('v3');
    await waitingFor(id, 'window');
    world.errorRates.set('svcNode1v3', 0.5);
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('VerdictFailed') as string });
  });

  test('for a freeze: it goes on as soon as the freeze is lifted; falling does not wait', async () => {
    await provision(world, { steps: [50], bake: '2s' });
    expect((await world.api('PUT', '/freeze', {})).status).toBe(400);
    expect(await world.api('PUT', '/freeze', { who: 'ada', reason: 'incident 42' })).toMatchObject({ status: 200, body: { freeze: { who: 'ada', until: null } } });
    const [id] = [await begin('v2')];
    expect((await waitingFor(id, 'freeze')).waiting!.reason).toBe('frozen by ada until it is lifted: incident 42');
    await world.api('DELETE', '/freeze');
    await baking(id, 0);
    await world.api('PUT', '/freeze', { who: 'ada', reason: 'again', for: '1h' });
    world.errorRates.set('svcNode1v2', 0.5);
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
    expect(await routeOf(world)).toEqual(routeSpec);
  });
});

describe('hooks', () => {
  const names = { before: 'meshshift-hook-before', step: 'meshshift-hook-step', after: 'meshshift-hook-after' };
  const pass = () => ({ outcome: 'pass' });

  test('are asked before, at each step and after, and their yes leads on', async () => {
    await provision(world, { steps: [50, 100], bake: '2s', hooks: names });
    const asked: unknown[] = [];
    for (const name of Object.values(names)) {
      world.hooks.set(name, (event) => {
        asked.push(event);
        return pass();
      });
    }
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(asked).toMatchObject([{ hook: 'before', id, step: -1, weight: 0 }, { hook: 'step', step: 0, weight: 50 }, { hook: 'step', step: 1, weight: 100 }, { hook: 'after', weight: 100, canary: 'svcNode1v2' }]);
  });

  test.each([
    ['before', 0],
    ['step', 50],
    ['after', 100],
  ] as const)('a no rolls back: %s', async (point, weight) => {
    await provision(world, { steps: [50, 100], bake: '2s', hooks: names });
    for (const [name, hook] of Object.entries(names)) world.hooks.set(hook, name === point ? () => ({ outcome: 'fail', reason: 'no orders' }) : pass);
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: `VerdictFailed: the hook ${names[point]} says fail: no orders` });
    expect(world.events.filter(({ type }) => type === 'Rollout Shifted').reduce((most, { detail }) => Math.max(most, Number(detail['weight'])), 0)).toBe(weight);
    expect(await routeOf(world)).toEqual(routeSpec);
  });

  test('one that cannot be asked, or says not yet, holds; the deadline ends it', async () => {
    await provision(world, { steps: [50], bake: '1s', hooks: { step: names.step } });
    const id = await begin('v2');
    await when(id, ({ reason }) => reason.includes('could not be asked'), 'a hold');
    world.hooks.set(names.step, () => ({ outcome: 'inconclusive', reason: 'wait' }));
    await when(id, ({ reason }) => reason.endsWith('says inconclusive: wait'), 'another answer');
    world.hooks.set(names.step, () => 'yes');
    await when(id, ({ reason }) => reason.includes('must answer'), 'a wrong answer');
    world.hooks.set(names.step, pass);
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('a cohort', () => {
  const steps = [{ cohort: { cookie: { name: 'beta', value: 'yes' } }, bake: '600s' }, 50];
  const cohort = async () => (await world.mesh.send(new DescribeRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1-cohort' }))).route!.spec!;
  const routes = async () => (await world.mesh.send(new ListRoutesCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1' }))).routes!.map(({ routeName }) => routeName);

  test('takes the canary by a route above the weighted one, until the rollout has ended', async () => {
    await provision(world, { steps, bake: '2s' });
    const id = await begin('v2');
    await baking(id, 0);
    const spec = await cohort();
    expect(spec.priority).toBe(routeSpec.priority);
    expect(spec.http2Route).toMatchObject({
      match: { prefix: '/', headers: [{ name: 'x-team', match: { exact: 'a' } }, { name: 'cookie', match: { regex: '(.*;\\s*)?beta=yes(;.*)?' } }] },
      action: { weightedTargets: [{ virtualNode: 'svcNode1v2', weight: 100 }] },
      timeout: routeSpec.http2Route!.timeout,
    });
    expect(await weights()).toEqual({ svcNode1: 100, svcNode1v2: 0 });
    await act(id, 'promote');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await routes()).toEqual(['svcNode1']);
  });

  test('is gone after a roll-back', async () => {
    await provision(world, { steps, bake: '2s' });
    const id = await begin('v2');
    await baking(id, 0);
    expect(await routes()).toContain('svcNode1-cohort');
    await act(id, 'abort');
    await ended(id);
    expect(await routes()).toEqual(['svcNode1']);
    expect(await routeOf(world)).toEqual(routeSpec);
  });
});

describe('a foreign change of the route', () => {
  const change = () =>
    world.mesh.send(
      new UpdateRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: { ...routeSpec, http2Route: { ...routeSpec.http2Route!, action: { weightedTargets: [{ virtualNode: 'svcNode1', weight: 10 }, { virtualNode: 'svcNode1v2', weight: 90 }] } } } }),
    );

  test('halts where asked, until a person has seen it', async () => {
    await provision(world, { steps: [25, 50], bake: '2s', onForeignChange: 'halt' });
    const id = await begin('v2');
    await baking(id, 0);
    await change();
    const { reason } = await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'the halt');
    expect(reason).toContain('svcNode1 was set from 75 to 10 by someone else');
    expect(await weights()).toEqual({ svcNode1: 10, svcNode1v2: 90 });
    await act(id, 'resume', { who: 'ada' });
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(kinds(await world.rollout(id))).toEqual(expect.arrayContaining(['halted', 'resume', 'healed']));
  });

  test.each([
    ['a promotion that raises nothing', { steps: [100], bake: '2s' }, ({ step }: Rollout) => step === 0],
    ['the end', { steps: [100], bake: '1s', afterPromotion: { bake: '2s' } }, ({ phase }: Rollout) => phase === 'Promoting'],
  ])('halts before %s puts it right', async (_, fields, holds) => {
    await provision(world, { ...fields, onForeignChange: 'halt' });
    const id = await begin('v2');
    await when(id, (rollout) => holds(rollout) && rollout.bake !== null, 'the bake at 100 %');
    await change();
    const { reason } = await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'the halt');
    expect(reason).toContain('svcNode1 was set from 0 to 10 by someone else; svcNode1v2 was set from 100 to 90 by someone else');
    expect(await weights()).toEqual({ svcNode1: 10, svcNode1v2: 90 });
    await act(id, 'advance', { who: 'ada' });
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await weights()).toEqual({ svcNode1v2: 100 });
    expect(kinds(await world.rollout(id))).toEqual(expect.arrayContaining(['halted', 'advance', 'healed']));
  });
});

test('a promotion from 100 % that someone else has lowered does not rise while the line is stopped', async () => {
  await provision(world, { steps: [100], bake: '600s' });
  const id = await begin('v2');
  await baking(id, 0);
  await world.api('PUT', '/freeze', { who: 'ada', reason: 'incident' });
  await world.mesh.send(new UpdateRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: routeSpec }));
  await act(id, 'advance');
  expect(await waitingFor(id, 'freeze')).toMatchObject({ waiting: { raise: 'promotion' }, reason: 'frozen by ada until it is lifted: incident' });
  expect(await weights()).toEqual({ svcNode1: 100 });
  await world.api('DELETE', '/freeze');
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await weights()).toEqual({ svcNode1v2: 100 });
  // It was asked for twice: before the freeze was lifted, and after.
  expect((await states(id)).filter((state) => state === 'Promote')).toHaveLength(2);
});

describe('a push in the middle of a rollout', () => {
  test('queue: it waits for the end, without trying again and again', async () => {
    await provision(world, { steps: [50], bake: '600s', concurrency: 'queue' });
    const first = await begin('v2');
    await baking(first, 0);
    const [second, third] = [await begin('v3'), await begin('v4')];
    await eventually(() => Promise.resolve(world.calls.filter(({ name }) => name === 'Queue').length === 2 ? true : undefined), 'both to queue');
    await act(first, 'promote');
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
    const next = await baking(second, 0);
    expect(next.stable).toBe('svcNode1v2');
    await act(second, 'abort');
    await ended(second);
    await baking(third, 0);
    await act(third, 'promote');
    expect(await ended(third)).toMatchObject({ status: 'SUCCEEDED' });
    // Three, one more for each that was woken, and those that look again: after 15 s, then after twice as long each time.
    expect(world.calls.filter(({ name }) => name === 'Plan').length).toBeLessThanOrEqual(12);
  });

  test('queue: one that waits is listed and shown, and an abort takes it out', async () => {
    await provision(world, { steps: [50], bake: '600s', concurrency: 'queue' });
    const first = await begin('v2');
    await baking(first, 0);
    const second = await begin('v3');
    const waiting = await when(second, () => true, 'it to be shown');
    expect(waiting).toMatchObject({ id: second, phase: 'Pending', image: { tag: 'v3' }, reason: 'waits for the end of the rollout that holds its route', steps: [] });
    const { body } = (await world.api('GET', '/rollouts')) as { body: { rollouts: Rollout[] } };
    expect(body.rollouts.map(({ id, phase }) => [id, phase])).toEqual([[second, 'Pending'], [first, 'Progressing']]);
    expect(await act(second, 'pause', { who: 'ada' })).toMatchObject({ status: 409, body: { error: 'ActionRefused', message: `pause is refused: the rollout ${second} waits for its route; until it begins there is abort alone` } });
    expect(await act(second, 'abort', { who: 'ada', reason: 'not today' })).toMatchObject({ status: 202, body: { phase: 'RolledBack', reason: 'RolloutAborted: aborted: not today' } });
    expect(await ended(second)).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
    expect(kinds(await world.rollout(second))).toEqual(['queued', 'abort', 'rolled back']);
    expect(world.events.filter(({ type }) => type === 'Rollout Rolled Back').map(({ detail }) => detail['id'])).toEqual([second]);
    await act(first, 'promote');
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await weights()).toEqual({ svcNode1v2: 100 });
  });

  test('queue: one whose execution is stopped is taken out', async () => {
    await provision(world, { steps: [50], bake: '600s', concurrency: 'queue' });
    const first = await begin('v2');
    await baking(first, 0);
    const second = await begin('v3');
    await when(second, ({ reason }) => reason.startsWith('waits'), 'it to queue');
    await world.stepFunctions.send(new StopExecutionCommand({ executionArn: arnOf(second), error: 'Stopped', cause: 'by ada' }));
    expect(await when(second, ({ phase }) => phase === 'RolledBack', 'its end')).toMatchObject({ reason: 'RolloutAborted: aborted: Stopped: by ada' });
    await eventually(() => Promise.resolve(world.events.some(({ type, detail }) => type === 'Rollout Rolled Back' && detail['id'] === second) || undefined), 'its end to be told');
    await act(first, 'promote');
    expect(await ended(first)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('replace: of those that wait while the route is given back, only the newest begins', async () => {
    await provision(world, { steps: [50], bake: '600s', rollBack: { weight: 20, interval: '2s' } });
    const first = await begin('v2');
    await baking(first, 0);
    const second = await begin('v3');
    await when(first, ({ phase }) => phase === 'RollingBack', 'the roll-back');
    const third = await begin('v4');
    expect(await ended(second)).toMatchObject({ error: 'Failed', cause: `RolloutRejected: the newer rollout ${third} replaced this one` });
    expect(kinds(await world.rollout(second))).toEqual(['refused']);
    expect(await baking(third, 0)).toMatchObject({ stable: 'svcNode1' });
    await act(third, 'promote');
    expect(await ended(third)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await weights()).toEqual({ svcNode1v4: 100 });
  });

  test('replace: a holder that waits for a window gives way', async () => {
    await provision(world, { steps: [25, { weight: 50, window: closedWindow() }], bake: '2s' });
    const first = await begin('v2');
    await waitingFor(first, 'window');
    const second = await begin('v3');
    expect(await ended(first)).toMatchObject({ error: 'RolledBack' });
    await baking(second, 0);
    await act(second, 'abort');
    await ended(second);
  });
});

test('a rollout that was started is shown by its id at once', async () => {
  await provision(world, { steps: [50], bake: '2s' });
  let begins = (): void => undefined;
  world.faults.set('Plan', () => new Promise((resolve) => (begins = () => resolve(undefined))));
  const { body } = (await world.api('POST', '/rollouts', { definition: 'svc1', image: { tag: 'v2' }, trigger: 'ada' })) as { body: { id: string } };
  await eventually(() => Promise.resolve(world.calls.some(({ name }) => name === 'Plan') ? true : undefined), 'its execution');
  expect(await world.rollout(body.id)).toMatchObject({ id: body.id, phase: 'Pending', trigger: 'ada', image: { tag: 'v2' }, reason: 'its execution begins' });
  world.faults.clear();
  begins();
  expect(await ended(body.id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await world.rollout(body.id)).toMatchObject({ phase: 'Succeeded' });
});

describe('a rollout that could not be rolled back', () => {
  test('does not keep a fix from being released: it is rolled back for it', async () => {
    await provision(world, { steps: [25, 50], bake: '600s' });
    const first = await begin('v2');
    await baking(first, 0);
    const stuck = (): Promise<never> => Promise.reject(Object.assign(new Error('the route is bewitched'), { name: 'Bewitched' }));
    world.faults.set('RollBack', stuck).set('ExecutionStopped', stuck);
    await act(first, 'abort');
    expect(await ended(first)).toMatchObject({ error: 'RollBackFailed' });
    await eventually(() => Promise.resolve(world.calls.some(({ name }) => name === 'ExecutionStopped') ? true : undefined), 'its end to be told');
    expect(await weights()).toEqual({ svcNode1: 75, svcNode1v2: 25 });
    world.faults.clear();
    const fix = await begin('v3');
    await baking(fix, 0);
    expect(await world.rollout(first)).toMatchObject({ phase: 'RolledBack', reason: `RolloutAbandoned: its execution is over; rolled back for ${fix}` });
    expect(await weights()).toEqual({ svcNode1: 75, svcNode1v3: 25 });
    await act(fix, 'promote');
    expect(await ended(fix)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('undo', () => {
  test('brings the version before back, once, and only while it is retained', async () => {
    await provision(world, { steps: [50], bake: '2s' });
    const id = await begin('v2');
    expect((await act(id, 'undo')).status).toBe(404);
    await ended(id);
    expect(await act(id, 'undo', { who: 'ada', reason: 'slow' })).toMatchObject({ status: 202 });
    const undone = await when(id, ({ phase }) => phase === 'RolledBack', 'the undoing');
    expect(undone.reason).toBe('Undone: by ada: slow');
    expect(await routeOf(world)).toEqual(routeSpec);
    expect(await act(id, 'undo')).toMatchObject({ status: 202 });
    const again = await begin('v3');
    expect(await ended(again)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test.each([
    ['stable was deleted', { afterPromotion: { retireStable: 'delete' } }, /was deleted/],
    ['another rollout holds the route', {}, /holds the route/],
  ])('is refused when %s', async (what, fields, reason) => {
    await provision(world, { steps: [50], bake: '2s', ...fields });
    const id = await begin('v2');
    await ended(id);
    if (what.startsWith('another')) {
      await world.api('PUT', '/canaries/svc1', { ...definition, steps: [50], bake: '600s' });
      await baking(await begin('v3'), 0);
    }
    expect(await act(id, 'undo')).toMatchObject({ status: 409, body: { error: 'ActionRefused', message: expect.stringMatching(reason) as string } });
  });
});

test('a gradual roll-back comes down step by step', async () => {
  await provision(world, { steps: [80], bake: '600s', rollBack: { weight: 30, interval: '1s' } });
  const id = await begin('v2');
  await baking(id, 0);
  await act(id, 'abort');
  expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
  const { history } = await world.rollout(id);
  expect(history.filter(({ kind }) => kind === 'lowered').map(({ reason }) => reason)).toEqual(['50 % on svcNode1v2', '20 % on svcNode1v2']);
  expect(await routeOf(world)).toEqual(routeSpec);
});

describe('a plan', () => {
  test('tells steps, times and cost, and nothing is started', async () => {
    await provision(world, { steps: [10, 25, 50, 75, 100], bake: '8s', afterPromotion: { bake: '8s' } });
    const answer = await world.api('GET', '/rollouts/plan?definition=svc1&tag=v2');
    expect(answer).toMatchObject({ status: 200, body: { stable: 'svcNode1', canary: 'svcNode1v2', transitions: 35, holder: null, price: { usdPerThousandTransitions: 0.025 } } });
    expect((await world.api('POST', '/rollouts/plan', { definition: { ...definition, steps: [50] }, image: { tag: 'v2' } })).body).toMatchObject({ steps: [{ weight: 50, weights: { svcNode1: 50, svcNode1v2: 50 } }] });
    expect((await world.api('GET', '/rollouts')).body).toEqual({ rollouts: [] });
    const id = await begin('v2');
    await ended(id);
    // What the engine counts is what was foretold, and within the budget of a five-step rollout.
    const entered = (await world.history(arnOf(id))).filter(({ type }) => type?.endsWith('StateEntered')).length;
    const holds = (await world.rollout(id)).verdicts.filter(({ next }) => next === 'hold').length;
    expect(entered - 3 * holds).toBe((answer.body as { transitions: number }).transitions);
    expect(entered - 3 * holds).toBeLessThanOrEqual(40);
    expect((await world.api('GET', '/rollouts?phase=Succeeded&tag=v2&text=good')).body).toMatchObject({ rollouts: [{ id }] });
    expect((await world.api('GET', '/rollouts?phase=Failed')).body).toEqual({ rollouts: [] });
  });

  test.each([
    ['replace', 'it would be rolled back and replaced', 'svcNode1', { svcNode1: 75, svcNode1v3: 25 }],
    ['queue', 'this one would wait for its end', 'svcNode1v2', { svcNode1v2: 75, svcNode1v3: 25 }],
  ])('in the middle of a rollout, %s: tells it as the rollout under way will leave the route', async (concurrency, then, stable, steps) => {
    await provision(world, { steps: [50], bake: '600s', concurrency });
    const id = await begin('v2');
    await baking(id, 0);
    const { body } = await world.api('POST', '/rollouts/plan', { definition: { ...definition, concurrency, steps: [25] }, image: { tag: 'v3' } });
    expect(body).toMatchObject({ stable, steps: [{ weights: steps }], holder: { id, then } });
    expect((await world.api('GET', '/rollouts')).body).toMatchObject({ rollouts: [{ id }] });
    await act(id, 'abort');
    await ended(id);
  });

  test('says that the new version cannot be cloned without a host name', async () => {
    await provision(world);
    const answer = await world.api('POST', '/rollouts/plan', { definition: { ...definition, canary: { virtualNode: 'n{{tag}}' } }, image: { tag: 'v2' } });
    expect(answer).toMatchObject({ status: 400, body: { message: 'canary.hostname: missing: must be given to create nv2, as svcNode1 is found by service discovery' } });
  });

  test.each([
    ['GET', '/rollouts/plan?definition=nope&tag=v2', undefined, 404],
    ['GET', '/rollouts/plan?definition=svc1', undefined, 400],
    ['POST', '/rollouts/plan', { definition: { ...definition, steps: [0] }, image: { tag: 'v2' } }, 400],
    ['GET', '/rollouts?phase=Nope', undefined, 400],
  ])('%s %s is refused', async (method, path, body, status) => {
    await provision(world);
    expect((await world.api(method, path, body)).status).toBe(status);
  });
});
