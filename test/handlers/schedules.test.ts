import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient, UpdateScheduleCommand, type UpdateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { toCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import { openSchedules } from '../../src/rollout/schedules/schedules.ts';
import { loopback } from '../metrics/loopback.ts';
import { definition, provision, pushOf, routeOf } from './pgmesh.ts';
import { eventually } from '../support/eventually.ts';
import { call, rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let scheduler: SchedulerClient;
beforeEach(async () => {
  world = await openWorld();
  scheduler = new SchedulerClient({ endpoint: world.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
});
afterEach(async () => {
  scheduler.destroy();
  await world.stop();
});

const { act, baking, begin, ended, weights, waitingFor, when } = rolloutsOf(() => world);

const group = 'meshshift-dev';
const names = async (): Promise<string[]> => (await scheduler.send(new ListSchedulesCommand({ GroupName: group }))).Schedules!.map(({ Name }) => Name!);
const get = (Name: string) => scheduler.send(new GetScheduleCommand({ Name, GroupName: group }));
const apply = (fields: object) => world.api('PUT', '/canaries/svc1', { ...definition, ...fields });

interface Fired {
  readonly effect: string;
  readonly reason: string;
  readonly id?: string;
}
/** As Scheduler tells the function of a time. */
const fire = (schedule: string, at = Date.now(), of = 'svc1') => call('ScheduleFired', { schedule, definition: of, at: new Date(at).toISOString(), run: 'r' }) as Promise<Fired>;
const push = (tag: string, seconds = 0) => call('ImagePushed', { ...pushOf(tag), time: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString() });

const YEARLY = 'cron(0 9 1 1 ? *)';
const schedule = { start: YEARLY, timezone: 'Europe/Berlin' };
const advance = { schedule: 'rate(1 day)' };
const deadline = '30d';

describe('the schedules of a definition', () => {
  test('are made, changed and taken away with it', async () => {
    expect((await apply({ schedule, advance, deadline })).status).toBe(200);
    expect(await names()).toEqual(['advance-svc1', 'start-svc1']);
    expect(await get('start-svc1')).toMatchObject({ ScheduleExpression: YEARLY, ScheduleExpressionTimezone: 'Europe/Berlin', State: 'ENABLED', Target: { Input: expect.stringContaining('"schedule":"start","definition":"svc1"') as string } });
    const { LastModificationDate: before } = await get('start-svc1');
    await apply({ schedule, advance, deadline });
    expect((await get('start-svc1')).LastModificationDate).toEqual(before);
    await apply({ schedule: { start: 'rate(7 days)' } });
    expect(await names()).toEqual(['start-svc1']);
    expect(await get('start-svc1')).toMatchObject({ ScheduleExpression: 'rate(7 days)', ScheduleExpressionTimezone: 'UTC' });
    expect((await world.api('DELETE', '/canaries/svc1')).status).toBe(200);
    expect(await names()).toEqual([]);
  });

  test('are put right by applying again, whatever someone else did to them', async () => {
    await apply({ schedule, advance, deadline });
    const { $metadata: _metadata, Arn: _arn, CreationDate: _created, LastModificationDate: _modified, ...actual } = await get('start-svc1');
    await scheduler.send(new UpdateScheduleCommand({ ...(actual as UpdateScheduleCommandInput), State: 'DISABLED', EndDate: new Date(Date.now() + 86_400_000) }));
    await apply({ schedule, advance, deadline });
    const { EndDate, State } = await get('start-svc1');
    expect({ EndDate, State }).toEqual({ EndDate: undefined, State: 'ENABLED' });
  });

  test('that cannot be kept are told: the definition is stored, and applying again is enough', async () => {
    const server = await loopback((_, response) => response.writeHead(500).end('{}'));
    const client = new SchedulerClient({ endpoint: server.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
    const schedules = openSchedules(client, { group, targetArn: 't', roleArn: 'r', deadLettersArn: 'd' });
    await expect(schedules.apply(toCanaryDefinition({ ...definition, schedule }))).rejects.toMatchObject({ name: 'SchedulesNotInStep', message: expect.stringMatching(/^the schedules of svc1 are not in step: .*; ask again$/) as string });
    client.destroy();
  });
});

describe('a scheduled start', () => {
  beforeEach(() => provision(world, { steps: [100], bake: '2s', schedule }));

  test('releases the newest image that matches, once; a push by itself starts nothing', async () => {
    expect(await fire('start')).toMatchObject({ effect: 'none', reason: 'no image of svc1 has a tag that matches v*' });
    for (const [tag, seconds] of [['v3', 30], ['v2', 10], ['latest', 50]] as const) expect(await push(tag, seconds)).toEqual({ rollouts: [] });
    const { effect, id } = await fire('start');
    expect(effect).toBe('started');
    expect(await ended(id!)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await world.rollout(id!)).toMatchObject({ image: { repository: 'svc1', tag: 'v3', digest: 'sha256:v3' }, trigger: `schedule ${YEARLY}` });
    expect(await fire('start')).toEqual({ effect: 'none', reason: 'svc1:v3 was rolled out before', id });
    await push('v4', 60);
    expect(await fire('start')).toMatchObject({ effect: 'started', reason: 'svc1:v4' });
  });

  test('does not release a version again that was rolled back', async () => {
    await push('v3');
    world.errorRates.set('svcNode1v3', 0.5);
    const { id } = await fire('start');
    await ended(id!);
    expect(await fire('start')).toMatchObject({ effect: 'none', id });
  });

  test('comes of EventBridge Scheduler: a time that has passed is at once', async () => {
    await push('v3');
    await apply({ steps: [100], bake: '2s', schedule: { start: 'at(2026-01-01T00:00:00)' } });
    const fired = await when(`svc1-${await executionHash()}-1`, () => true, 'the rollout');
    expect(await ended(fired.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('whose definition is gone, or has no schedule any more, takes the schedule away', async () => {
    await world.store.write([{ kind: 'delete', pk: 'definition', sk: 'svc1' }]);
    expect(await names()).toEqual(['start-svc1']);
    expect(await fire('start')).toMatchObject({ effect: 'none', reason: 'there is no canary definition svc1; its schedules are removed' });
    expect(await names()).toEqual([]);
    await apply({ schedule });
    await world.store.write([{ kind: 'put', pk: 'definition', sk: 'svc1', value: definition }]);
    expect(await fire('start')).toMatchObject({ effect: 'none', reason: 'svc1 has no schedule to start by any more' });
    expect(await names()).toEqual([]);
  });
});

/** Of the execution of svc1 with the digest sha256:v3. */
async function executionHash(): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update('svc1\nsha256:v3').digest('hex').slice(0, 16);
}

describe('a scheduled advance', () => {
  const fields = { steps: [25, 50], bake: '1s', advance, deadline };
  beforeEach(() => provision(world, { ...fields, analysis: { ...definition.analysis, noTraffic: 'advance' } }));

  test('moves one step a time, instead of a bake, and promotes behind the last', async () => {
    const id = await begin('v2');
    const { bake } = await baking(id, 0);
    // What is shown is the next time of the schedule, not the deadline.
    expect(bake!.endsAt - bake!.startedAt).toBe(86_400_000);
    const first = Date.now();
    expect(await fire('advance', first)).toMatchObject({ effect: 'advanced', id });
    await baking(id, 1);
    // Told again, as it may be.
    expect(await fire('advance', first)).toEqual({ effect: 'none', reason: 'its weight began to bake after that time', id });
    expect(await weights()).toEqual({ svcNode1: 50, svcNode1v2: 50 });
    expect(await fire('advance')).toMatchObject({ effect: 'advanced' });
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await fire('advance')).toEqual({ effect: 'none', reason: 'no rollout of svc1 is under way' });
  });

  test('moves nothing that is paused, waits, or may not be judged yet', async () => {
    const id = await begin('v2');
    await baking(id, 0);
    await act(id, 'pause');
    await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'the pause');
    expect(await fire('advance')).toMatchObject({ effect: 'none', reason: 'it is paused' });
    await act(id, 'resume');
    await when(id, ({ phase, bake }) => phase === 'Progressing' && bake !== null, 'the resumption');
    await world.api('PUT', '/freeze', { who: 'ada', reason: 'incident' });
    await fire('advance');
    await waitingFor(id, 'freeze');
    expect(await fire('advance')).toMatchObject({ effect: 'none', reason: 'frozen by ada until it is lifted: incident' });
    await world.api('DELETE', '/freeze');
    await baking(id, 1);
    await act(id, 'abort');
    await ended(id);
  });

  test.each([
    ['is deleted', () => world.api('DELETE', '/canaries/svc1'), 'there is no canary definition svc1; its schedules are removed'],
    ['has no schedule any more', () => apply({ steps: [100] }), 'svc1 has no schedule to advance by any more'],
  ])('goes on to the end of a rollout whose definition %s, and is taken away then', async (_, change, reason) => {
    const id = await begin('v2');
    await baking(id, 0);
    expect((await change()).status).toBe(200);
    expect(await names()).toEqual(['advance-svc1']);
    expect(await fire('advance')).toMatchObject({ effect: 'advanced', id });
    await baking(id, 1);
    expect(await fire('advance')).toMatchObject({ effect: 'advanced', id });
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await fire('advance')).toEqual({ effect: 'none', reason });
    expect(await names()).toEqual([]);
  });

  test('without traffic holds until the time after that; a failing verdict need not wait for one', async () => {
    world.traffic = 0;
    await apply(fields);
    const id = await begin('v2');
    await baking(id, 0);
    await fire('advance');
    const held = await when(id, ({ verdicts, bake }) => verdicts.at(-1)?.next === 'hold' && bake !== null, 'the hold');
    expect(held.step).toBe(0);
    world.traffic = 40;
    await when(id, ({ measurements }) => (measurements.at(-1)?.canary.requests ?? 0) > 100, 'traffic');
    expect((await world.rollout(id)).step).toBe(0);
    await fire('advance');
    await baking(id, 1);
    world.errorRates.set('svcNode1v2', 0.5);
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
    expect((await routeOf(world)).http2Route?.action?.weightedTargets).toHaveLength(1);
  });
});

describe('a look each minute at an open bake', () => {
  /** A Prometheus to which half of the canary's requests are bad. */
  const openPrometheus = () =>
    loopback(({ path, body }, response) => {
      const asked = new URLSearchParams(body);
      const now = Date.now() / 1000;
      const [start, end] = [Number(asked.get('start')), Number(asked.get('end'))];
      const value = asked.get('query') === 'bad svcNode1' ? '0' : asked.get('query') === 'bad svcNode1v2' ? '50' : '100';
      const values = Array.from({ length: end - start + 1 }, (_, index) => [start + index, value]);
      const data = path.endsWith('/query') ? { resultType: 'scalar', result: [now, String(now)] } : { resultType: 'matrix', result: [{ metric: {}, values }] };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'success', data }));
    });
  const orders = { name: 'orders', source: 'prometheus', bad: 'bad {{virtualNode}}', total: 'all {{virtualNode}}', max: '2%', period: '1s' };
  afterEach(() => {
    delete process.env['MESHSHIFT_PROMETHEUS_URL'];
  });

  test('is scheduled until its end where a metric is polled, has it end when the verdict is decisive, and takes itself away', async () => {
    process.env['MESHSHIFT_PROMETHEUS_URL'] = (await openPrometheus()).url;
    await provision(world, { bake: '20m', analysis: { metrics: [orders] } });
    const id = await begin('v2');
    const { bake } = await baking(id);
    const [name = ''] = await eventually(async () => ((await names()).length === 1 ? await names() : undefined), 'a schedule');
    const { ScheduleExpression, EndDate, ActionAfterCompletion, Target } = await get(name);
    expect({ ScheduleExpression, ActionAfterCompletion }).toEqual({ ScheduleExpression: 'rate(1 minute)', ActionAfterCompletion: 'DELETE' });
    expect(Math.abs(EndDate!.getTime() - bake!.endsAt)).toBeLessThan(1000);
    const look = () => call('Watch', JSON.parse(Target!.Input!)) as Promise<Fired>;
    // The control plane's watch, which asks no Prometheus, may act on what a look has counted before the look does.
    await eventually(async () => {
      const { effect, reason } = await look();
      return effect === 'ended' || reason === 'the bake is over';
    }, 'the end of the bake', 25_000);
    await ended(id);
    expect(await world.rollout(id)).toMatchObject({ phase: 'RolledBack', reason: expect.stringMatching(/^VerdictFailed: orders: worse: canary \d+ of \d+ requests \(50 %\), by the bound of 2 %/) as string });
    expect(await look()).toEqual({ effect: 'none', reason: 'the bake is over' });
    expect(await names()).toEqual([]);
  });

  test('is not scheduled where the mesh tells everything', async () => {
    await provision(world, { bake: '20m' });
    const id = await begin('v2');
    await baking(id);
    await act(id, 'abort');
    await ended(id);
    expect(await names()).toEqual([]);
  });
});
