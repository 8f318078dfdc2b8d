import { updateRecord } from '../../src/rollout/record/records.ts';
import { call, rolloutsOf } from './rollouts.ts';
import { provision, routeOf, routeSpec } from './pgmesh.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.stop());

const { act, baking, begin, ended, states, waitingFor, weights, when } = rolloutsOf(() => world);

interface Noticed {
  readonly rollouts: readonly { id: string; effect: string }[];
}

/** As CloudWatch tells it; `at` in epoch ms. */
const change = (alarmName: string, value: string, at = Date.now(), source = 'aws.cloudwatch') => ({
  version: '0',
  id: 'e',
  source,
  'detail-type': 'CloudWatch Alarm State Change',
  account: '000000000000',
  time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  region: 'us-east-1',
  resources: [`arn:aws:cloudwatch:us-east-1:000000000000:alarm:${alarmName}`],
  detail: {
    alarmName,
    configuration: {},
    previousState: { value: 'OK', reason: 'it was fine', timestamp: '2026-01-01T00:00:00.000+0000' },
    state: { value, reason: `Threshold Crossed: ${value}`, timestamp: new Date(at).toISOString().replace('Z', '+0000') },
  },
});
const tell = (...of: Parameters<typeof change>) => call('AlarmRaised', change(...of)) as Promise<Noticed>;
const alarms = ['svc1-5xx', 'svc1-latency'];

describe('an alarm that goes to ALARM while a rollout runs', () => {
  test('ends its bake at once by failing its task, and rolls back', async () => {
    await provision(world, { bake: '600s', alarms });
    const id = await begin('v2');
    await baking(id);
    expect(await tell('svc1-latency', 'ALARM')).toEqual({ rollouts: [{ id, effect: 'rollBack' }] });
    const why = 'the alarm svc1-latency went to ALARM: Threshold Crossed: ALARM';
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: `AlarmRaised: ${why}` });
    expect(await routeOf(world)).toEqual(routeSpec);
    // From the bake to the roll-back, with no step between.
    expect((await states(id)).slice(-4)).toEqual(['Bake', 'RollBack', 'Restored', 'GivenUp']);
    const rollout = await world.rollout(id);
    expect(rollout).toMatchObject({ phase: 'RolledBack', alarm: { name: 'svc1-latency', reason: why } });
    expect(rollout.history).toContainEqual(expect.objectContaining({ who: 'alarm svc1-latency', kind: 'alarm', reason: why }));
    expect(await tell('svc1-latency', 'ALARM')).toEqual({ rollouts: [] });
  });

  test('that is of no definition, was over before the rollout began, or leaves ALARM changes nothing', async () => {
    await provision(world, { steps: [50], bake: '600s', alarms });
    const before = Date.now();
    const id = await begin('v2');
    await baking(id);
    expect(await tell('other', 'ALARM')).toEqual({ rollouts: [] });
    expect(await tell('svc1-5xx', 'ALARM', before - 1)).toEqual({ rollouts: [{ id, effect: 'none' }] });
    expect(await tell('svc1-5xx', 'OK')).toEqual({ rollouts: [{ id, effect: 'none' }] });
    expect(await tell('svc1-5xx', 'INSUFFICIENT_DATA')).toEqual({ rollouts: [{ id, effect: 'none' }] });
    await act(id, 'promote');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await world.rollout(id)).alarm).toBeNull();
  });

  // Where nothing bakes there is no token yet; what was told stands in the record.
  test.each([
    ['the canary is brought up', 'EnsureCanary'],
    ['the weight is shifted', 'ShiftTraffic'],
    ['the bake is opened', 'Bake'],
    ['the bake is judged', 'Judge'],
    ['everything is given to the canary', 'Promote'],
    ['the rollout is about to finish', 'Finish'],
  ])('is not lost while %s', async (_, state) => {
    await provision(world, { steps: [50], bake: '2s', alarms });
    let raised = false;
    world.faults.set(state, async () => {
      if (!raised) await tell('svc1-5xx', 'ALARM');
      raised = true;
      return undefined;
    });
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: expect.stringMatching(/^AlarmRaised: the alarm svc1-5xx went to ALARM/) as string });
    expect(await routeOf(world)).toEqual(routeSpec);
  });

  test('rolls back after the promotion too, while that bakes', async () => {
    await provision(world, { steps: [50], bake: '2s', afterPromotion: { bake: '600s' }, alarms });
    const id = await begin('v2');
    await when(id, ({ phase, bake }) => phase === 'Promoting' && bake !== null, 'the bake after promotion');
    expect(await weights()).toEqual({ svcNode1: 0, svcNode1v2: 100 });
    await tell('svc1-5xx', 'ALARM', Date.now(), 'meshshift.sample');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
    expect(await routeOf(world)).toEqual(routeSpec);
  });

  test('and whose event is lost is seen before the next rise', async () => {
    await provision(world, { steps: [25, 50], bake: '600s', alarms });
    const id = await begin('v2');
    await baking(id);
    await world.store.write([{ kind: 'put', pk: 'alarm', sk: 'svc1-5xx', value: { name: 'svc1-5xx', state: 'ALARM', since: Date.now(), reason: 'too many' } }]);
    await act(id, 'advance');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: 'AlarmRaised: the alarm svc1-5xx went to ALARM: too many' });
  });
});

describe('an alarm that is in ALARM before a rollout begins', () => {
  test('holds the first weight until it is over', async () => {
    await provision(world, { steps: [50], bake: '2s', alarms });
    await tell('svc1-5xx', 'ALARM');
    // Told again out of order: what is older does not count.
    await tell('svc1-5xx', 'OK', Date.now() - 60_000);
    const id = await begin('v2');
    const { waiting } = await waitingFor(id, 'alarm');
    expect(waiting!.reason).toMatch(/^the alarm svc1-5xx is in ALARM since \S+Z: Threshold Crossed: ALARM, from before the rollout began$/);
    expect(await weights()).toEqual({ svcNode1: 100, svcNode1v2: 0 });
    await tell('svc1-5xx', 'OK');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('never keeps a fix from being released: a person who advances has seen it', async () => {
    await provision(world, { steps: [25, 50], bake: '600s', alarms });
    await tell('svc1-5xx', 'ALARM');
    const id = await begin('v2');
    await waitingFor(id, 'alarm');
    await act(id, 'advance', { who: 'ada', reason: 'this is the fix' });
    const { history } = await baking(id, 0);
    expect(history).toContainEqual(expect.objectContaining({ who: 'ada', kind: 'advance', reason: 'advanced by hand, in spite of the alarm: this is the fix' }));
    await act(id, 'advance');
    await baking(id, 1);
    // It is over, and goes off again: that is this rollout's doing.
    await tell('svc1-5xx', 'OK');
    await tell('svc1-5xx', 'ALARM');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
  });

  test.each([
    ['ignore', 'SUCCEEDED', undefined],
    ['refuse', 'FAILED', expect.stringMatching(/^PlanRefused: alarms: the alarm svc1-5xx is in ALARM since .*; alreadyRaised is refuse$/) as string],
  ])('alreadyRaised: %s: %s', async (alreadyRaised, status, cause) => {
    await provision(world, { steps: [50], bake: '2s', alarms: { names: alarms, alreadyRaised } });
    await tell('svc1-5xx', 'ALARM');
    expect(await ended(await begin('v2'))).toMatchObject({ status, ...(cause === undefined ? {} : { cause }) });
  });

  test('that is never over ends at the deadline', async () => {
    await provision(world, { steps: [50], bake: '1s', deadline: '2s', alarms });
    await tell('svc1-5xx', 'ALARM');
    expect(await ended(await begin('v2'))).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('DeadlineExceeded: the deadline has passed; the alarm svc1-5xx is in ALARM') as string });
  });
});

describe('at the point of no return', () => {
  test.each([
    ['abort', { error: 'RolledBack', cause: 'RolloutAborted: by ada: no' }],
    ['pause', { status: 'SUCCEEDED' }],
  ])('%s just before it has its effect, or is told to be late', async (action, outcome) => {
    await provision(world, { steps: [100], bake: '2s' });
    world.faults.set('Finish', async () => {
      world.faults.delete('Finish');
      expect((await act(id, action, { who: 'ada', reason: 'no' })).status).toBe(202);
      return undefined;
    });
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject(outcome);
    if (action === 'pause') expect((await world.rollout(id)).history).toContainEqual(expect.objectContaining({ who: 'ada', kind: 'too late', reason: 'pause came when nothing was left to do' }));
  });

  test('nothing is taken any more that would have no effect', async () => {
    await provision(world, { steps: [100], bake: '600s', alarms });
    const id = await begin('v2');
    await baking(id);
    await updateRecord(world.store, id, (record) => ({ record: { ...record, finishing: true } }));
    expect(await act(id, 'abort')).toMatchObject({ status: 409, body: { message: `abort is refused: the rollout ${id} is promoted, and about to end; undo brings the version before it back` } });
    expect(await tell('svc1-5xx', 'ALARM')).toEqual({ rollouts: [{ id, effect: 'none' }] });
    await updateRecord(world.store, id, (record) => ({ record: { ...record, finishing: false } }));
    await act(id, 'promote');
    await ended(id);
  });
});
