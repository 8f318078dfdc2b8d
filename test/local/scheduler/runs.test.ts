import { CreateScheduleCommand, DeleteScheduleCommand, GetScheduleCommand, UpdateScheduleCommand, type CreateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { FUNCTION, ROLE, SchedulerHarness, schedule, START } from './harness.ts';

const HOUR = 3_600_000;
let harness: SchedulerHarness;
beforeEach(async () => {
  harness = new SchedulerHarness();
  await harness.open();
});
afterEach(async () => {
  await harness.close();
  harness.remove();
});

const create = (input: CreateScheduleCommandInput) => harness.client.send(new CreateScheduleCommand(input));
const get = (Name: string) => harness.client.send(new GetScheduleCommand({ Name }));
const at = (): string[] => harness.calls.map((call) => call.at.replace('.000Z', 'Z'));
const date = (text: string): Date => new Date(text);

describe('runs', () => {
  test.each<[what: string, input: CreateScheduleCommandInput, expected: string[]]>([
    ['a one-time schedule once', schedule('s', 'at(2026-01-02T03:04:05)'), ['2026-01-02T03:04:05Z']],
    ['one in a time zone', schedule('s', 'at(2026-07-01T09:00:00)', { ScheduleExpressionTimezone: 'Europe/Berlin' }), ['2026-07-01T07:00:00Z']],
    ['one whose time has passed, at once', schedule('s', 'at(2025-12-31T23:00:00)'), ['2026-01-01T00:00:00Z']],
    ['one that ignores its dates', schedule('s', 'at(2026-01-02T00:00:00)', { StartDate: date('2026-02-01T00:00:00Z'), EndDate: date('2025-01-01T00:00:00Z') }), ['2026-01-02T00:00:00Z']],
    ['working days', schedule('s', 'cron(0 9 ? * MON-FRI *)', { EndDate: date('2026-01-06T09:00:00Z') }), ['2026-01-01T09:00:00Z', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00Z', '2026-01-06T09:00:00Z']],
    ['a calendar from its StartDate', schedule('s', 'cron(0 12 * * ? *)', { StartDate: date('2026-01-03T12:00:00Z'), EndDate: date('2026-01-05T11:59:59Z') }), ['2026-01-03T12:00:00Z', '2026-01-04T12:00:00Z']],
    ['a rate from now', schedule('s', 'rate(6 hours)', { EndDate: date('2026-01-01T17:00:00Z') }), ['2026-01-01T00:00:00Z', '2026-01-01T06:00:00Z', '2026-01-01T12:00:00Z']],
    ['a rate from its StartDate', schedule('s', 'rate(1 day)', { StartDate: date('2026-01-01T08:30:00Z'), EndDate: date('2026-01-03T08:30:00Z') }), ['2026-01-01T08:30:00Z', '2026-01-02T08:30:00Z', '2026-01-03T08:30:00Z']],
    ['a disabled one never', schedule('s', 'rate(1 hour)', { State: 'DISABLED' }), []],
    ['a day without 2:30 not at all', schedule('s', 'cron(30 2 29-30 3 ? 2026)', { ScheduleExpressionTimezone: 'Europe/Berlin' }), ['2026-03-30T00:30:00Z']],
  ])('%s', async (_, input, expected) => {
    await create(input);
    await harness.runOut();
    expect(at()).toEqual(expected);
    expect(harness.scheduler.pending).toBe(0);
  });

  test('somewhere in a flexible window', async () => {
    harness.random = 0.5;
    await create(schedule('s', 'at(2026-01-01T10:00:00)', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 }, Target: { Arn: FUNCTION, RoleArn: ROLE, Input: '"<aws.scheduler.scheduled-time>"' } }));
    await harness.runOut();
    expect(harness.calls).toMatchObject([{ at: '2026-01-01T10:15:00.000Z', input: '"2026-01-01T10:00:00Z"' }]);
  });

  test('hundreds of schedules, each at its time', async () => {
    for (let batch = 0; batch < 4; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => create(schedule(`s-${batch}-${index}`, `at(2026-01-02T${String(batch).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}:00)`))));
    }
    const calls = await harness.callsMade(400);
    expect(new Set(calls.map(({ once }) => once)).size).toBe(400);
    expect(calls.every((call, index) => index === 0 || call.at >= (calls[index - 1]?.at ?? ''))).toBe(true);
    expect(calls.filter((call) => call.at === '2026-01-02T03:59:00.000Z')).toHaveLength(1);
  });
});

describe('what a target gets', () => {
  const withInput = (Input?: string, Target: object = {}) => schedule('s', 'at(2026-01-01T10:00:00)', { Target: { Arn: FUNCTION, RoleArn: ROLE, ...(Input === undefined ? {} : { Input }), ...Target } });

  test('its Input with the context attributes, an attempt of its own each time', async () => {
    harness.answer = ({ attempt }) => (attempt < 3 ? Promise.reject(new Error('throttled')) : Promise.resolve());
    await create(withInput('{"arn":"<aws.scheduler.schedule-arn>","time":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>","other":"<aws.scheduler.nothing>"}'));
    await harness.runOut();
    const inputs = harness.calls.map(({ input }) => JSON.parse(input) as Record<string, string>);
    expect(inputs[0]).toEqual({ arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/s', time: '2026-01-01T10:00:00Z', id: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown, other: '<aws.scheduler.nothing>' });
    expect(inputs).toEqual([inputs[0], inputs[0], inputs[0]]);
    expect(harness.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(at()).toEqual(['2026-01-01T10:00:00Z', '2026-01-01T10:00:01Z', '2026-01-01T10:00:03Z']);
    expect(new Set(harness.calls.map(({ once }) => once)).size).toBe(1);
  });

  test('a notification without Input', async () => {
    await create(withInput());
    await harness.runOut();
    expect(JSON.parse(harness.calls[0]?.input ?? '')).toMatchObject({
      source: 'aws.scheduler',
      'detail-type': 'Scheduled Event',
      time: '2026-01-01T10:00:00Z',
      resources: ['arn:aws:scheduler:us-east-1:000000000000:schedule/default/s'],
      detail: '{}',
    });
  });

  test.each<[what: string, policy: object, attempts: number]>([
    ['so many retries', { MaximumRetryAttempts: 2 }, 3],
    ['no retry', { MaximumRetryAttempts: 0 }, 1],
    // 0, 1, 3, 7, 15, 31 s, and the next would be at 63.
    ['an age', { MaximumEventAgeInSeconds: 60 }, 6],
  ])('no more attempts than its retry policy allows: %s', async (_, RetryPolicy, attempts) => {
    harness.answer = () => Promise.reject(new Error('broken'));
    await create(withInput('{"secret":"s3cret"}', { RetryPolicy }));
    await harness.runOut();
    expect(harness.calls).toHaveLength(attempts);
    expect(harness.scheduler.pending).toBe(0);
    expect(harness.logged.join()).toContain('could not be delivered');
    expect(harness.logged.join()).not.toContain('s3cret');
  });
});

describe('ActionAfterCompletion', () => {
  const exists = (Name: string): Promise<boolean> =>
    get(Name).then(
      () => true,
      () => false,
    );
  test('DELETE removes a one-time schedule when its run is over, not before', async () => {
    let finish: () => void = () => undefined;
    harness.answer = () => new Promise((resolve) => (finish = resolve));
    await create(schedule('s', 'at(2026-01-01T10:00:00)', { ActionAfterCompletion: 'DELETE' }));
    await harness.callsMade(1);
    expect(await exists('s')).toBe(true);
    finish();
    await harness.settle();
    expect(await exists('s')).toBe(false);
  });

  test('DELETE removes a recurrent schedule after its last run, given up or not', async () => {
    harness.answer = () => Promise.reject(new Error('broken'));
    await create(schedule('s', 'rate(1 hour)', { EndDate: date('2026-01-01T02:30:00Z'), ActionAfterCompletion: 'DELETE', Target: { Arn: FUNCTION, RoleArn: ROLE, RetryPolicy: { MaximumRetryAttempts: 0 } } }));
    await harness.callsMade(2);
    expect(await exists('s')).toBe(true);
    await harness.runOut();
    expect(harness.calls).toHaveLength(3);
    expect(await exists('s')).toBe(false);
  });

  test('NONE keeps it, and it does not run again', async () => {
    await create(schedule('s', 'at(2026-01-01T10:00:00)'));
    await harness.runOut();
    expect(await exists('s')).toBe(true);
    await harness.close();
    await harness.open(START + 48 * HOUR);
    await harness.runOut();
    expect(harness.calls).toHaveLength(1);
  });

  test('given a new time meanwhile, it stays', async () => {
    let finish: () => void = () => undefined;
    harness.answer = () => new Promise((resolve) => (finish = resolve));
    await create(schedule('s', 'at(2026-01-01T10:00:00)', { ActionAfterCompletion: 'DELETE' }));
    await harness.callsMade(1);
    await harness.client.send(new UpdateScheduleCommand(schedule('s', 'at(2026-01-01T12:00:00)', { ActionAfterCompletion: 'DELETE' })));
    finish();
    await harness.settle();
    expect(await exists('s')).toBe(true);
    await harness.callsMade(2);
    expect(at()).toEqual(['2026-01-01T10:00:00Z', '2026-01-01T12:00:00Z']);
  });
});

describe('a change', () => {
  const update = (input: CreateScheduleCommandInput) => harness.client.send(new UpdateScheduleCommand(input));
  const until3 = { EndDate: date('2026-01-01T03:30:00Z') };

  test('of the target alone leaves a rate its beat, and what ran does not run again', async () => {
    await create(schedule('s', 'rate(1 hour)', until3));
    await create(schedule('once', 'at(2026-01-01T00:00:00)'));
    await harness.callsMade(3);
    await update(schedule('s', 'rate(1 hour)', { ...until3, Description: 'new' }));
    await update(schedule('once', 'at(2026-01-01T00:00:00)', { Description: 'new' }));
    await harness.runOut();
    expect(at()).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '2026-01-01T02:00:00Z', '2026-01-01T03:00:00Z']);
  });

  test('of the expression starts anew', async () => {
    await create(schedule('s', 'at(2026-01-01T10:00:00)'));
    await update(schedule('s', 'at(2026-01-01T08:00:00)'));
    await harness.runOut();
    expect(at()).toEqual(['2026-01-01T08:00:00Z']);
  });

  test('to DISABLED holds it, to ENABLED goes on at its next time', async () => {
    await create(schedule('s', 'rate(1 hour)', until3));
    await create(schedule('clock', 'at(2026-01-01T01:30:00)'));
    await harness.callsMade(1);
    await update(schedule('s', 'rate(1 hour)', { ...until3, State: 'DISABLED' }));
    await harness.callsMade(2);
    await update(schedule('s', 'rate(1 hour)', until3));
    await harness.runOut();
    expect(at()).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z', '2026-01-01T02:00:00Z', '2026-01-01T03:00:00Z']);
  });

  test('that deletes it ends it', async () => {
    await create(schedule('s', 'rate(1 hour)'));
    await harness.callsMade(2);
    await harness.client.send(new DeleteScheduleCommand({ Name: 's' }));
    await harness.runOut();
    expect(harness.calls).toHaveLength(2);
  });
});

describe('started again', () => {
  const restart = async (later: number): Promise<void> => {
    await harness.close();
    await harness.open(START + later);
  };

  test.each<[what: string, input: CreateScheduleCommandInput, downFor: number, expected: string[]]>([
    ['a one-time schedule whose time passed runs once', schedule('s', 'at(2026-01-01T10:00:00)'), 96 * HOUR, ['2026-01-05T00:00:00Z']],
    ['a one-time schedule that is still to come runs at its time', schedule('s', 'at(2026-01-01T10:00:00)'), 2 * HOUR, ['2026-01-01T10:00:00Z']],
    ['a recurrent one leaves out what it missed and runs at its next time', schedule('s', 'cron(0 * * * ? *)', { EndDate: date('2026-01-01T05:00:00Z') }), 3.5 * HOUR, ['2026-01-01T04:00:00Z', '2026-01-01T05:00:00Z']],
    ['a time missed by less than a minute is on time', schedule('s', 'cron(0 1 * * ? *)', { EndDate: date('2026-01-02T00:00:00Z') }), HOUR + 59_000, ['2026-01-01T01:00:59Z']],
    ['a time missed by a minute is missed', schedule('s', 'cron(0 1 * * ? *)', { EndDate: date('2026-01-02T00:00:00Z') }), HOUR + 60_000, []],
    ['a rate keeps its beat', schedule('s', 'rate(2 hours)', { StartDate: date('2026-01-01T01:00:00Z'), EndDate: date('2026-01-01T10:00:00Z') }), 6 * HOUR, ['2026-01-01T07:00:00Z', '2026-01-01T09:00:00Z']],
    ['one that ended meanwhile does not run', schedule('s', 'rate(1 hour)', { StartDate: date('2026-01-01T01:00:00Z'), EndDate: date('2026-01-01T03:00:00Z') }), 24 * HOUR, []],
  ])('%s', async (_, input, downFor, expected) => {
    await create(input);
    await restart(downFor);
    await harness.runOut();
    expect(at()).toEqual(expected);
    await restart(downFor + 1000 * HOUR);
    await harness.runOut();
    expect(at()).toEqual(expected);
  });

  test('a flexible window that is still open is used', async () => {
    harness.random = 0.5;
    await create(schedule('s', 'cron(0 1 * * ? *)', { EndDate: date('2026-01-01T12:00:00Z'), FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 60 } }));
    await restart(1.25 * HOUR);
    await harness.runOut();
    expect(at()).toEqual(['2026-01-01T01:30:00Z']);
  });

  test('a recurrent schedule with DELETE that ended meanwhile is gone', async () => {
    await create(schedule('s', 'rate(1 hour)', { StartDate: date('2026-01-01T01:00:00Z'), EndDate: date('2026-01-01T01:30:00Z'), ActionAfterCompletion: 'DELETE' }));
    await restart(24 * HOUR);
    await harness.runOut();
    expect(harness.calls).toEqual([]);
    await expect(get('s')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('a run that was under way is tried again, as the same run', async () => {
    harness.answer = () => new Promise(() => undefined);
    await create(schedule('s', 'at(2026-01-01T10:00:00)', { ActionAfterCompletion: 'DELETE' }));
    await harness.callsMade(1);
    await restart(10 * HOUR);
    harness.answer = () => Promise.resolve();
    await harness.callsMade(2);
    const [first, second] = harness.calls;
    expect(second?.once).toBe(first?.once);
    await expect(get('s')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
