import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  paginateListSchedules,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { FUNCTION, ROLE, SchedulerHarness, schedule, START } from './harness.ts';

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
const NOON = 'at(2026-01-01T12:00:00)';

test('creates, gets, updates and deletes a schedule', async () => {
  const full: CreateScheduleCommandInput = {
    Name: 'nightly.1',
    ScheduleExpression: 'cron(0 3 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    StartDate: new Date('2026-02-01T00:00:00.500Z'),
    EndDate: new Date('2026-03-01T00:00:00Z'),
    State: 'DISABLED',
    Description: 'at night',
    ActionAfterCompletion: 'DELETE',
    KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/abc',
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
    Target: { Arn: FUNCTION, RoleArn: ROLE, Input: '{"a":1}', RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 3 }, DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' } },
  };
  const Arn = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly.1';
  expect(await create(full)).toMatchObject({ ScheduleArn: Arn });
  expect(await harness.client.send(new GetScheduleCommand({ Name: 'nightly.1' }))).toMatchObject({ ...full, Arn, GroupName: 'default', CreationDate: new Date(START), LastModificationDate: new Date(START) });
  await harness.client.send(new UpdateScheduleCommand(schedule('nightly.1', NOON)));
  const updated = await harness.client.send(new GetScheduleCommand({ Name: 'nightly.1' }));
  // What an update leaves out goes back to its default.
  expect(updated).toMatchObject({ ScheduleExpression: NOON, ScheduleExpressionTimezone: 'UTC', State: 'ENABLED', ActionAfterCompletion: 'NONE', FlexibleTimeWindow: { Mode: 'OFF' } });
  expect([updated.Description, updated.StartDate, updated.EndDate, updated.KmsKeyArn, updated.Target?.RetryPolicy]).toEqual([undefined, undefined, undefined, undefined, undefined]);
  await harness.client.send(new DeleteScheduleCommand({ Name: 'nightly.1' }));
  await expect(harness.client.send(new GetScheduleCommand({ Name: 'nightly.1' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 }, message: 'Schedule nightly.1 does not exist.' });
});

describe('what is refused', () => {
  const target = (Target: object): object => ({ Target: { Arn: FUNCTION, RoleArn: ROLE, ...Target } });
  test.each<[what: string, input: object, message: RegExp]>([
    ['a name with a blank', { Name: 'a b' }, /Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern/],
    ['a long name', { Name: 'x'.repeat(65) }, /'name' .*length less than or equal to 64/],
    ['no expression', { ScheduleExpression: undefined }, /at 'scheduleExpression' failed to satisfy constraint: Member must not be null/],
    ['another expression', { ScheduleExpression: 'hourly' }, /Value 'hourly' at 'scheduleExpression' .*Invalid Schedule Expression: must be at\(…\), rate\(…\) or cron\(…\)/],
    ['a wrong cron field', { ScheduleExpression: 'cron(0 25 * * ? *)' }, /Invalid Schedule Expression: hours: "25": must be from 0 to 23/],
    ['a place without time', { ScheduleExpressionTimezone: 'Mars/Base' }, /Value 'Mars\/Base' at 'scheduleExpressionTimezone' .*IANA/],
    ['another state', { State: 'ON' }, /Value 'ON' at 'state' .*enum value set: \[ENABLED, DISABLED\]/],
    ['a window without length', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, /'flexibleTimeWindow' .*must have MaximumWindowInMinutes/],
    ['a length without window', { FlexibleTimeWindow: { Mode: 'OFF', MaximumWindowInMinutes: 5 } }, /must not have MaximumWindowInMinutes/],
    ['a window of two days', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 2880 } }, /Value '2880' at 'flexibleTimeWindow.maximumWindowInMinutes' .*less than or equal to 1440/],
    ['no target', { Target: undefined }, /'target' .*must not be null/],
    ['no role', target({ RoleArn: 'me' }), /Value 'me' at 'target.roleArn'/],
    ['too many retries', target({ RetryPolicy: { MaximumRetryAttempts: 186 } }), /Value '186' at 'target.retryPolicy.maximumRetryAttempts' .*185/],
    ['a target that is not served', target({ Arn: 'arn:aws:sqs:us-east-1:000000000000:queue' }), /Target.Arn: 'arn:aws:sqs:.*must be a Lambda function, a state machine, an event bus, or/],
    ['a universal target that is not served', target({ Arn: 'arn:aws:scheduler:::aws-sdk:ec2:stopInstances', Input: '{}' }), /one of eventbridge:putEvents/],
    ['a universal target without Input', target({ Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution' }), /Target.Input: must be a JSON object/],
    ['an Input that is no JSON', target({ Input: '{"token":"s3cret"' }), /^Target.Input: must be well-formed JSON$/],
    ['an event bus without parameters', target({ Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/default' }), /EventBridgeParameters: must be given/],
    ['an event of AWS', target({ Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/default', EventBridgeParameters: { DetailType: 'x', Source: 'aws.ecr' } }), /'target.eventBridgeParameters.source'/],
    ['a start long ago', { ScheduleExpression: 'rate(1 hour)', StartDate: new Date(START - 300_001) }, /StartDate: .*cannot be earlier than 5 minutes ago/],
    ['an end that has passed', { ScheduleExpression: 'rate(1 hour)', EndDate: new Date(START) }, /EndDate: .*must be in the future/],
    ['an end before its start', { ScheduleExpression: 'rate(1 hour)', StartDate: new Date(START + 2000), EndDate: new Date(START + 1000) }, /EndDate: .*must be later than the StartDate/],
    ['a token with blanks', { ClientToken: 'a b' }, /ClientToken: must have/],
  ])('%s', async (_, input, message) => {
    await expect(create({ ...schedule('s', NOON), ...input })).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 }, message: expect.stringMatching(message) as unknown });
    expect((await harness.client.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
  });

  test.each<[what: string, send: () => Promise<unknown>, name: string]>([
    ['a schedule twice', async () => [await create(schedule('s', NOON)), await create(schedule('s', NOON))], 'ConflictException'],
    ['a schedule of no group', () => create(schedule('s', NOON, { GroupName: 'none' })), 'ResourceNotFoundException'],
    ['an update of nothing', () => harness.client.send(new UpdateScheduleCommand(schedule('s', NOON))), 'ResourceNotFoundException'],
    ['a deletion of nothing', () => harness.client.send(new DeleteScheduleCommand({ Name: 's' })), 'ResourceNotFoundException'],
    ['a list of no group', () => harness.client.send(new ListSchedulesCommand({ GroupName: 'none' })), 'ResourceNotFoundException'],
    ['a page of nobody', () => harness.client.send(new ListSchedulesCommand({ NextToken: 'x' })), 'ValidationException'],
    ['a page of 101', () => harness.client.send(new ListSchedulesCommand({ MaxResults: 101 })), 'ValidationException'],
    ['the group default again', () => harness.client.send(new CreateScheduleGroupCommand({ Name: 'default' })), 'ConflictException'],
    ['the end of the group default', () => harness.client.send(new DeleteScheduleGroupCommand({ Name: 'default' })), 'ValidationException'],
    ['a group that is not there', () => harness.client.send(new GetScheduleGroupCommand({ Name: 'none' })), 'ResourceNotFoundException'],
  ])('%s', async (_, send, name) => {
    await expect(send()).rejects.toMatchObject({ name });
  });

  test('a body that is no JSON, and a method that is no operation', async () => {
    const malformed = await fetch(`${harness.url}/schedules/s`, { method: 'POST', body: '{' });
    expect([malformed.status, malformed.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
    const unknown = await fetch(`${harness.url}/schedules/s`, { method: 'PATCH' });
    expect([unknown.status, unknown.headers.get('x-amzn-errortype')]).toEqual([404, 'UnknownOperationException']);
    expect((await fetch(`${harness.url}/schedules/%ff`)).status).toBe(400);
  });

  test('two creations at once: one is made', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => create(schedule('s', NOON))));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected']);
  });
});

describe('ClientToken', () => {
  test('asked again, a request is answered the same and done once', async () => {
    const input = { ...schedule('s', NOON), ClientToken: 'token-1' };
    const first = await create(input);
    expect((await create(input)).ScheduleArn).toBe(first.ScheduleArn);
    const gone = { Name: 's', ClientToken: 'token-2' };
    await harness.client.send(new DeleteScheduleCommand(gone));
    await harness.client.send(new DeleteScheduleCommand(gone));
    await create(schedule('s', NOON));
    await harness.client.send(new DeleteScheduleCommand(gone));
    expect((await harness.client.send(new GetScheduleCommand({ Name: 's' }))).Name).toBe('s');
  });
  test('for another request it is refused', async () => {
    await create({ ...schedule('s', NOON), ClientToken: 'token-1' });
    await expect(create({ ...schedule('t', NOON), ClientToken: 'token-1' })).rejects.toMatchObject({ name: 'ConflictException' });
  });
  test('it outlives a restart, and a day ends it', async () => {
    const input = { ...schedule('s', NOON), ClientToken: 'token-1' };
    await create(input);
    await harness.close();
    await harness.open(START + 1000);
    await create(input);
    await harness.close();
    await harness.open(START + 86_402_000);
    await expect(create(input)).rejects.toMatchObject({ name: 'ConflictException', message: 'Schedule s already exists.' });
  });
});

describe('lists', () => {
  const names = async (input: object): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for await (const { Schedules = [] } of paginateListSchedules({ client: harness.client }, input)) found.push(...Schedules.map(({ GroupName, Name }) => `${GroupName}/${Name}`));
    return found;
  };
  beforeEach(async () => {
    await harness.client.send(new CreateScheduleGroupCommand({ Name: 'other' }));
    for (const Name of ['a1', 'a2', 'a3', 'b1', 'b2']) await create(schedule(Name, NOON, Name === 'a2' ? { State: 'DISABLED' } : {}));
    for (const Name of ['a1', 'c1']) await create(schedule(Name, NOON, { GroupName: 'other' }));
  });
  test.each<[what: string, input: object, expected: string[]]>([
    ['all', {}, ['default/a1', 'default/a2', 'default/a3', 'default/b1', 'default/b2', 'other/a1', 'other/c1']],
    ['by pages', { MaxResults: 2 }, ['default/a1', 'default/a2', 'default/a3', 'default/b1', 'default/b2', 'other/a1', 'other/c1']],
    ['of a group', { GroupName: 'other', MaxResults: 1 }, ['other/a1', 'other/c1']],
    ['by prefix', { NamePrefix: 'a' }, ['default/a1', 'default/a2', 'default/a3', 'other/a1']],
    ['by state', { State: 'DISABLED' }, ['default/a2']],
  ])('%s', async (_, input, expected) => {
    expect(await names(input)).toEqual(expected);
  });
  test('what is deleted between two pages shifts none, and a token is of its question', async () => {
    const { Schedules, NextToken } = await harness.client.send(new ListSchedulesCommand({ MaxResults: 2 }));
    expect(Schedules?.[0]).toEqual({ Arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/a1', Name: 'a1', GroupName: 'default', State: 'ENABLED', Target: { Arn: FUNCTION }, CreationDate: new Date(START), LastModificationDate: new Date(START) });
    await harness.client.send(new DeleteScheduleCommand({ Name: 'a1' }));
    expect((await harness.client.send(new ListSchedulesCommand({ NextToken, MaxResults: 1 }))).Schedules?.map(({ Name }) => Name)).toEqual(['a3']);
    await expect(harness.client.send(new ListSchedulesCommand({ NextToken, NamePrefix: 'a' }))).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

test('groups hold schedules of their own, tags, and take them with them', async () => {
  const { ScheduleGroupArn = '' } = await harness.client.send(new CreateScheduleGroupCommand({ Name: 'g', Tags: [{ Key: 'team', Value: 'a' }] }));
  expect(ScheduleGroupArn).toBe('arn:aws:scheduler:us-east-1:000000000000:schedule-group/g');
  expect(await harness.client.send(new GetScheduleGroupCommand({ Name: 'g' }))).toMatchObject({ Name: 'g', Arn: ScheduleGroupArn, State: 'ACTIVE', CreationDate: new Date(START) });
  await harness.client.send(new TagResourceCommand({ ResourceArn: ScheduleGroupArn, Tags: [{ Key: 'cost', Value: '1' }] }));
  await harness.client.send(new UntagResourceCommand({ ResourceArn: ScheduleGroupArn, TagKeys: ['team', 'none'] }));
  expect((await harness.client.send(new ListTagsForResourceCommand({ ResourceArn: ScheduleGroupArn }))).Tags).toEqual([{ Key: 'cost', Value: '1' }]);
  await create(schedule('s', NOON, { GroupName: 'g' }));
  await create(schedule('s', NOON));
  expect((await harness.client.send(new ListScheduleGroupsCommand({}))).ScheduleGroups?.map(({ Name }) => Name)).toEqual(['default', 'g']);
  expect((await harness.client.send(new ListScheduleGroupsCommand({ NamePrefix: 'g' }))).ScheduleGroups).toHaveLength(1);
  await harness.client.send(new DeleteScheduleGroupCommand({ Name: 'g' }));
  await expect(harness.client.send(new GetScheduleCommand({ Name: 's', GroupName: 'g' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await harness.runOut();
  expect(harness.calls).toHaveLength(1);
});
