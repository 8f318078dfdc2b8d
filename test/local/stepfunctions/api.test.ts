import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  paginateGetExecutionHistory,
  paginateListExecutions,
  StartExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { execFileSync } from 'node:child_process';
import { describeWith, hasCommand } from '../../support/components.ts';
import { openHarness, ROLE, type Harness } from '../support/engine-harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});
afterEach(() => harness.close());

const machine = (states: Record<string, object>): string => JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states });
const PASS = machine({ A: { Type: 'Pass', End: true } });
const WAIT = machine({ W: { Type: 'Wait', Seconds: 3600, End: true } });
const ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';

const create = (definition = PASS, name = 'm'): Promise<{ stateMachineArn: string | undefined }> => harness.client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE }));
const start = async (name?: string, input?: string, stateMachineArn = ARN): Promise<string> =>
  (await harness.client.send(new StartExecutionCommand({ stateMachineArn, ...(name === undefined ? {} : { name }), ...(input === undefined ? {} : { input }) }))).executionArn ?? '';

test('state machines are created, described, updated, listed and deleted', async () => {
  expect((await create()).stateMachineArn).toBe(ARN);
  expect(await harness.client.send(new DescribeStateMachineCommand({ stateMachineArn: ARN }))).toMatchObject({
    stateMachineArn: ARN,
    name: 'm',
    status: 'ACTIVE',
    type: 'STANDARD',
    definition: PASS,
    roleArn: ROLE,
    creationDate: new Date(harness.time.now()),
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  });
  await create(PASS, 'n');
  expect(await harness.client.send(new UpdateStateMachineCommand({ stateMachineArn: ARN, definition: WAIT }))).toMatchObject({ updateDate: expect.any(Date) as Date, revisionId: expect.any(String) as string });
  expect((await harness.client.send(new DescribeStateMachineCommand({ stateMachineArn: ARN }))).definition).toBe(WAIT);

  const first = await harness.client.send(new ListStateMachinesCommand({ maxResults: 1 }));
  expect(first.stateMachines?.map(({ name }) => name)).toEqual(['m']);
  const second = await harness.client.send(new ListStateMachinesCommand({ maxResults: 1, nextToken: first.nextToken }));
  expect(second.stateMachines?.map(({ name }) => name)).toEqual(['n']);
  expect(second.nextToken).toBeUndefined();

  await harness.client.send(new DeleteStateMachineCommand({ stateMachineArn: ARN }));
  await harness.client.send(new DeleteStateMachineCommand({ stateMachineArn: ARN }));
  await expect(harness.client.send(new DescribeStateMachineCommand({ stateMachineArn: ARN }))).rejects.toMatchObject({ name: 'StateMachineDoesNotExist', message: `State Machine Does Not Exist: '${ARN}'` });
});

test('the same creation twice is one; another definition under the name is refused', async () => {
  await create();
  await create();
  await expect(create(WAIT)).rejects.toMatchObject({ name: 'StateMachineAlreadyExists' });
});

test('an execution keeps the definition it was started with', async () => {
  await create(WAIT);
  const arn = await start();
  await harness.client.send(new UpdateStateMachineCommand({ stateMachineArn: ARN, definition: PASS }));
  expect((await harness.client.send(new DescribeStateMachineForExecutionCommand({ executionArn: arn }))).definition).toBe(WAIT);
  await harness.client.send(new DeleteStateMachineCommand({ stateMachineArn: ARN }));
  expect((await harness.finish(arn)).status).toBe('SUCCEEDED');
});

test('a name is one execution: again with the same input while it runs it is the same one', async () => {
  await create(WAIT);
  const arn = await start('one', '{"a":1}');
  expect(arn).toBe('arn:aws:states:us-east-1:000000000000:execution:m:one');
  expect(await start('one', ' {"a": 1} ')).toBe(arn);
  await expect(start('one', '{"a":2}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists', message: `Execution Already Exists: '${arn}'` });
  await harness.finish(arn);
  await expect(start('one', '{"a":1}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

test('of many starts of one name at once all get the one execution', async () => {
  await create(WAIT);
  const arns = await Promise.all(Array.from({ length: 20 }, () => start('one')));
  expect(new Set(arns).size).toBe(1);
  const { executions } = await harness.client.send(new ListExecutionsCommand({ stateMachineArn: ARN }));
  expect(executions).toHaveLength(1);
});

test('executions are described', async () => {
  await create(WAIT);
  const arn = await start('one', '{"a":1}');
  const startDate = new Date(harness.time.now());
  expect(await harness.client.send(new DescribeExecutionCommand({ executionArn: arn }))).toMatchObject({ executionArn: arn, stateMachineArn: ARN, name: 'one', status: 'RUNNING', startDate, input: '{"a":1}', inputDetails: { included: true } });
  const ended = await harness.finish(arn);
  expect(ended).toMatchObject({ status: 'SUCCEEDED', startDate, stopDate: new Date(startDate.getTime() + 3_600_000), output: '{"a":1}', outputDetails: { included: true } });
});

test('executions are listed, the latest first, by status and by page', async () => {
  await create(machine({ C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.bad = true %}', Next: 'F' }], Default: 'S' }, F: { Type: 'Fail' }, S: { Type: 'Succeed' } }));
  for (let index = 0; index < 25; index += 1) await harness.finish(await start(`e${index}`, JSON.stringify({ bad: index % 5 === 0 })));
  const names: (string | undefined)[] = [];
  let pages = 0;
  for await (const page of paginateListExecutions({ client: harness.client, pageSize: 10 }, { stateMachineArn: ARN })) {
    pages += 1;
    names.push(...(page.executions ?? []).map(({ name }) => name));
  }
  expect(pages).toBe(3);
  expect(names).toEqual(Array.from({ length: 25 }, (_, index) => `e${24 - index}`));
  const failed = await harness.client.send(new ListExecutionsCommand({ stateMachineArn: ARN, statusFilter: 'FAILED', maxResults: 3 }));
  expect(failed.executions?.map(({ name, status }) => [name, status])).toEqual([['e20', 'FAILED'], ['e15', 'FAILED'], ['e10', 'FAILED']]);
  await expect(harness.client.send(new ListExecutionsCommand({ stateMachineArn: ARN, statusFilter: 'SUCCEEDED', nextToken: failed.nextToken }))).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('the history comes by page, in either order', async () => {
  await create(machine(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`S${index}`, { Type: 'Pass', ...(index === 29 ? { End: true } : { Next: `S${index + 1}` }) }]))));
  const arn = await start();
  await harness.finish(arn);
  for (const reverseOrder of [false, true]) {
    const ids: (number | undefined)[] = [];
    for await (const page of paginateGetExecutionHistory({ client: harness.client, pageSize: 7 }, { executionArn: arn, reverseOrder })) ids.push(...(page.events ?? []).map(({ id }) => id));
    const expected = Array.from({ length: 62 }, (_, index) => index + 1);
    expect(ids).toEqual(reverseOrder ? expected.reverse() : expected);
  }
  expect((await harness.client.send(new GetExecutionHistoryCommand({ executionArn: arn }))).events).toHaveLength(62);
});

test('StopExecution aborts with error and cause, and again changes nothing', async () => {
  await create(WAIT);
  const arn = await start();
  await harness.settle();
  const { stopDate } = await harness.client.send(new StopExecutionCommand({ executionArn: arn, error: 'Enough', cause: 'by hand' }));
  expect(stopDate).toEqual(new Date(harness.time.now()));
  await harness.client.send(new StopExecutionCommand({ executionArn: arn, error: 'Again' }));
  expect(await harness.client.send(new DescribeExecutionCommand({ executionArn: arn }))).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'by hand' });
  const events = await harness.history(arn);
  expect(events.map(({ type, previousEventId }) => [type, previousEventId])).toEqual([['ExecutionStarted', 0], ['WaitStateEntered', 0], ['ExecutionAborted', 2]]);
  expect(events[2]?.executionAbortedEventDetails).toEqual({ error: 'Enough', cause: 'by hand' });
});

test('each change of status is told once, in order', async () => {
  await create(WAIT);
  const arn = await start('one', '{}');
  await harness.finish(arn);
  expect(harness.changes.map(({ status, executionArn, stopDate }) => [status, executionArn, stopDate])).toEqual([
    ['RUNNING', arn, null],
    ['SUCCEEDED', arn, harness.time.now()],
  ]);
});

test('tags', async () => {
  await create();
  await harness.client.send(new TagResourceCommand({ resourceArn: ARN, tags: [{ key: 'a', value: '1' }, { key: 'b', value: '2' }] }));
  await harness.client.send(new UntagResourceCommand({ resourceArn: ARN, tagKeys: ['a'] }));
  expect((await harness.client.send(new ListTagsForResourceCommand({ resourceArn: ARN }))).tags).toEqual([{ key: 'b', value: '2' }]);
});

test('a definition can be validated without creating it', async () => {
  const validate = (definition: string) => harness.client.send(new ValidateStateMachineDefinitionCommand({ definition }));
  expect(await validate(PASS)).toMatchObject({ result: 'OK', diagnostics: [] });
  expect(await validate(machine({ A: { Type: 'Pass', Next: 'B' } }))).toMatchObject({ result: 'FAIL', diagnostics: [{ severity: 'ERROR', code: 'MISSING_TRANSITION_TARGET', location: '/States/A/Next' }, { code: 'MISSING_END_STATE' }] });
});

describe('bad requests', () => {
  const send = async (operation: string, body: unknown): Promise<{ status: number; type: string; message: string }> => {
    const response = await fetch(harness.url, { method: 'POST', headers: { 'x-amz-target': `AWSStepFunctions.${operation}`, 'content-type': 'application/x-amz-json-1.0' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
    const { __type, message } = (await response.json()) as { __type: string; message: string };
    expect(response.headers.get('x-amzn-errortype')).toBe(__type);
    return { status: response.status, type: __type, message };
  };
  const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:m:none';
  test.each<[operation: string, body: unknown, type: string, message: RegExp]>([
    ['CreateStateMachine', {}, 'ValidationException', /^3 validation errors detected: Value at 'name' failed to satisfy constraint: Member must not be null; .*'definition'.*'roleArn'/],
    ['CreateStateMachine', { name: 'a b', definition: PASS, roleArn: ROLE }, 'InvalidName', /Invalid Name: 'a b'/],
    ['CreateStateMachine', { name: 'x'.repeat(81), definition: PASS, roleArn: ROLE }, 'ValidationException', /'name'.*less than or equal to 80/],
    ['CreateStateMachine', { name: 'm', definition: '{', roleArn: ROLE }, 'InvalidDefinition', /^Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION/],
    ['CreateStateMachine', { name: 'm', definition: PASS, roleArn: ROLE, type: 'EXPRESS' }, 'StateMachineTypeNotSupported', /EXPRESS/],
    ['CreateStateMachine', { name: 'm', definition: PASS, roleArn: ROLE, type: 'FAST' }, 'ValidationException', /'type'.*STANDARD/],
    ['UpdateStateMachine', { stateMachineArn: ARN }, 'StateMachineDoesNotExist', /m'/],
    ['StartExecution', { stateMachineArn: ARN }, 'StateMachineDoesNotExist', /m'/],
    ['StartExecution', { stateMachineArn: 'm' }, 'InvalidArn', /m'/],
    ['DescribeExecution', { executionArn: EXECUTION }, 'ExecutionDoesNotExist', /none'/],
    ['DescribeExecution', { executionArn: ARN }, 'InvalidArn', /stateMachine/],
    ['DescribeExecution', { executionArn: 7 }, 'ValidationException', /'executionArn'.*must be a string/],
    ['StopExecution', { executionArn: EXECUTION }, 'ExecutionDoesNotExist', /none'/],
    ['GetExecutionHistory', { executionArn: EXECUTION, maxResults: 1001 }, 'ValidationException', /'maxResults'.*less than or equal to 1000/],
    ['ListExecutions', {}, 'ValidationException', /stateMachineArn/],
    ['ListExecutions', { stateMachineArn: ARN, statusFilter: 'DONE' }, 'ValidationException', /'statusFilter'.*RUNNING/],
    ['ListStateMachines', { nextToken: 'abc' }, 'InvalidToken', /Invalid token/],
    ['SendTaskSuccess', { taskToken: 'a' }, 'ValidationException', /'output'.*must not be null/],
    ['TagResource', { resourceArn: ARN, tags: [] }, 'ResourceNotFound', /m'/],
    ['GetActivityTask', {}, 'UnknownOperationException', /GetActivityTask/],
    ['constructor', {}, 'UnknownOperationException', /constructor/],
    ['ListStateMachines', '[1]', 'SerializationException', /JSON object/],
    ['ListStateMachines', '{', 'SerializationException', /JSON object/],
  ])('%s %j is a %s', async (operation, body, type, message) => {
    const answer = await send(operation, body);
    expect(answer).toEqual({ status: 400, type, message: expect.stringMatching(message) as string });
  });

  test.each([
    ['{no', 'InvalidExecutionInput'],
    [JSON.stringify('x'.repeat(262_144)), 'ValidationException'],
  ])('StartExecution refuses an input such as %.10s', async (input, name) => {
    await create();
    await expect(start('one', input)).rejects.toMatchObject({ name });
    await expect(start('a:b')).rejects.toMatchObject({ name: 'InvalidName' });
    expect((await harness.client.send(new ListExecutionsCommand({ stateMachineArn: ARN }))).executions).toEqual([]);
  });
});

describeWith('aws', hasCommand('aws'), 'the AWS CLI', () => {
  const aws = (...args: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      void import('node:child_process').then(({ execFile }) =>
        execFile(
          'aws',
          ['stepfunctions', ...args, '--endpoint-url', harness.url, '--region', 'us-east-1', '--output', 'json'],
          { env: { PATH: process.env['PATH'], HOME: harness.folder, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' } },
          (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout === '' ? {} : JSON.parse(stdout))),
        ),
      );
    });
  test('creates, starts, describes, lists and reads a history', async () => {
    expect(execFileSync('aws', ['--version']).toString()).toMatch(/aws-cli/);
    expect(await aws('create-state-machine', '--name', 'm', '--definition', PASS, '--role-arn', ROLE)).toMatchObject({ stateMachineArn: ARN });
    const { executionArn } = (await aws('start-execution', '--state-machine-arn', ARN, '--name', 'one', '--input', '{"a":1}')) as { executionArn: string };
    await harness.finish(executionArn);
    expect(await aws('describe-execution', '--execution-arn', executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
    expect(await aws('list-executions', '--state-machine-arn', ARN, '--status-filter', 'SUCCEEDED')).toMatchObject({ executions: [{ name: 'one' }] });
    expect(await aws('get-execution-history', '--execution-arn', executionArn, '--max-items', '2', '--reverse-order')).toMatchObject({ events: [{ type: 'ExecutionSucceeded' }, { type: 'PassStateExited' }] });
    await expect(aws('describe-execution', '--execution-arn', `${executionArn}x`)).rejects.toThrow(/ExecutionDoesNotExist/);
  }, 60_000);
});
