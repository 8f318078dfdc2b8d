import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Json } from '../../../src/local/json.ts';
import { awaitToken, chainOf, invoke, openHarness, type Harness, type TestFunction } from '../support/engine-harness.ts';

class Flaky extends Error {
  override name = 'Flaky';
}

const functions: Record<string, TestFunction> = {
  double: ({ n }: { n: number }) => ({ n: n * 2 }),
  fail: () => {
    throw new Flaky('not today');
  },
  failOn: (value: number) => {
    if (value === 2) throw new Flaky(`not ${value}`);
    return value * 10;
  },
};

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness(functions);
});
afterEach(() => harness.close());

interface Case {
  name: string;
  definition: object;
  input?: Json;
  status?: string;
  output?: Json;
  error?: string;
  cause?: string;
  /** Each event's type and previousEventId. */
  chain: string[];
}

const END = { End: true };
const pass = { Type: 'Pass', ...END };
const machine = (states: Record<string, object>): object => ({ StartAt: Object.keys(states)[0], States: states });

const CASES: Case[] = [
  {
    name: 'Pass hands its input on',
    definition: machine({ A: { Type: 'Pass', Next: 'B' }, B: pass }),
    input: { a: [1, { b: null }] },
    output: { a: [1, { b: null }] },
    chain: ['ExecutionStarted 0', 'PassStateEntered 0', 'PassStateExited 2', 'PassStateEntered 3', 'PassStateExited 4', 'ExecutionSucceeded 5'],
  },
  {
    name: 'Assign takes the variables as they were, and Output may use them next',
    definition: machine({
      A: { Type: 'Pass', Assign: { x: '{% $states.input.n %}', list: ['{% $states.input.n + 1 %}', 'text'] }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}', y: '{% $x %}' }, Output: { before: '{% $x %}' }, Next: 'C' },
      C: { ...pass, Output: { x: '{% $x %}', y: '{% $y %}', list: '{% $list %}', input: '{% $states.input %}' } },
    }),
    input: { n: 1 },
    output: { x: 2, y: 1, list: [2, 'text'], input: { before: 1 } },
    chain: ['ExecutionStarted 0', 'PassStateEntered 0', 'PassStateExited 2', 'PassStateEntered 3', 'PassStateExited 4', 'PassStateEntered 5', 'PassStateExited 6', 'ExecutionSucceeded 7'],
  },
  {
    name: 'Succeed ends with its Output',
    definition: machine({ A: { Type: 'Succeed', Output: '{% $states.input.a & "!" %}' } }),
    input: { a: 'yes' },
    output: 'yes!',
    chain: ['ExecutionStarted 0', 'SucceedStateEntered 0', 'SucceedStateExited 2', 'ExecutionSucceeded 3'],
  },
  {
    name: 'Fail ends the execution with error and cause, which may be expressions',
    definition: machine({ A: { Type: 'Fail', Error: '{% $states.input.kind %}', Cause: '{% "because of " & $states.input.kind %}' } }),
    input: { kind: 'Broken' },
    status: 'FAILED',
    error: 'Broken',
    cause: 'because of Broken',
    chain: ['ExecutionStarted 0', 'FailStateEntered 0', 'ExecutionFailed 2'],
  },
  {
    name: 'Choice takes the first rule that holds, with its Assign and Output',
    definition: machine({
      A: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'Big' },
          { Condition: '{% $states.input.n > 5 %}', Next: 'Middle', Assign: { size: 'middle' }, Output: { n: '{% $states.input.n %}' } },
        ],
        Default: 'Big',
      },
      Middle: { ...pass, Output: { size: '{% $size %}', n: '{% $states.input.n %}' } },
      Big: pass,
    }),
    input: { n: 7, rest: true },
    output: { size: 'middle', n: 7 },
    chain: ['ExecutionStarted 0', 'ChoiceStateEntered 0', 'ChoiceStateExited 2', 'PassStateEntered 3', 'PassStateExited 4', 'ExecutionSucceeded 5'],
  },
  {
    name: 'Choice takes Default when none holds',
    definition: machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }], Default: 'C' }, B: pass, C: { ...pass, Output: 'default' } }),
    output: 'default',
    chain: ['ExecutionStarted 0', 'ChoiceStateEntered 0', 'ChoiceStateExited 2', 'PassStateEntered 3', 'PassStateExited 4', 'ExecutionSucceeded 5'],
  },
  {
    name: 'Choice without a match and without Default fails',
    definition: machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }] }, B: pass }),
    status: 'FAILED',
    error: 'States.NoChoiceMatched',
    chain: ['ExecutionStarted 0', 'ChoiceStateEntered 0', 'ExecutionFailed 2'],
  },
  {
    name: 'Choice with a condition that is no boolean fails',
    definition: machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }] }, B: pass }),
    status: 'FAILED',
    error: 'States.QueryEvaluationError',
    chain: ['ExecutionStarted 0', 'ChoiceStateEntered 0', 'EvaluationFailed 2', 'ExecutionFailed 3'],
  },
  {
    name: 'Wait for seconds of an expression',
    definition: machine({ A: { Type: 'Wait', Seconds: '{% $states.input.s %}', ...END } }),
    input: { s: 90 },
    output: { s: 90 },
    chain: ['ExecutionStarted 0', 'WaitStateEntered 0', 'WaitStateExited 2', 'ExecutionSucceeded 3'],
  },
  {
    name: 'Wait until a timestamp',
    definition: machine({ A: { Type: 'Wait', Timestamp: '2026-03-01T00:00:00Z', Output: 'spring', ...END } }),
    output: 'spring',
    chain: ['ExecutionStarted 0', 'WaitStateEntered 0', 'WaitStateExited 2', 'ExecutionSucceeded 3'],
  },
  {
    name: 'Wait for what is no number fails',
    definition: machine({ A: { Type: 'Wait', Seconds: '{% "soon" %}', ...END } }),
    status: 'FAILED',
    error: 'States.QueryEvaluationError',
    chain: ['ExecutionStarted 0', 'WaitStateEntered 0', 'EvaluationFailed 2', 'ExecutionFailed 3'],
  },
  {
    name: 'Task: Arguments in, result out',
    definition: machine({ A: { ...invoke('double', { n: '{% $states.input.value %}' }), Output: '{% $states.result.Payload %}', ...END } }),
    input: { value: 21 },
    output: { n: 42 },
    chain: ['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskSucceeded 4', 'TaskStateExited 5', 'ExecutionSucceeded 6'],
  },
  {
    name: "Task by the function's ARN: the payload itself is the result",
    definition: machine({ A: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:double', Arguments: { n: 4 }, ...END } }),
    output: { n: 8 },
    chain: ['ExecutionStarted 0', 'TaskStateEntered 0', 'LambdaFunctionScheduled 2', 'LambdaFunctionStarted 3', 'LambdaFunctionSucceeded 4', 'TaskStateExited 5', 'ExecutionSucceeded 6'],
  },
  {
    name: 'Task that fails',
    definition: machine({ A: { ...invoke('fail'), ...END } }),
    status: 'FAILED',
    error: 'Flaky',
    cause: '{"errorType":"Flaky","errorMessage":"not today","trace":[]}',
    chain: ['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskFailed 4', 'ExecutionFailed 5'],
  },
  {
    name: 'Task of a function that is not there',
    definition: machine({ A: { ...invoke('nobody'), ...END } }),
    status: 'FAILED',
    error: 'Lambda.ResourceNotFoundException',
    chain: ['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskFailed 4', 'ExecutionFailed 5'],
  },
  {
    name: 'Parallel gives the branches its Arguments and collects their outputs in order',
    definition: machine({
      P: {
        Type: 'Parallel',
        Arguments: '{% $states.input.n %}',
        Branches: [machine({ A: { ...pass, Output: '{% $states.input + 1 %}' } }), machine({ B: { Type: 'Wait', Seconds: 5, Output: 'last to end', ...END } }), machine({ C: pass })],
        ...END,
      },
    }),
    input: { n: 1 },
    output: [2, 'last to end', 1],
    chain: [
      'ExecutionStarted 0',
      'ParallelStateEntered 0',
      'ParallelStateStarted 2',
      'PassStateEntered 3',
      'WaitStateEntered 3',
      'PassStateEntered 3',
      'PassStateExited 4',
      'PassStateExited 6',
      'WaitStateExited 5',
      'ParallelStateSucceeded 9',
      'ParallelStateExited 9',
      'ExecutionSucceeded 11',
    ],
  },
  {
    name: 'Parallel fails with its first branch that does, and stops the others',
    definition: machine({
      P: { Type: 'Parallel', Branches: [machine({ A: { Type: 'Wait', Seconds: 5, ...END } }), machine({ B: { ...awaitToken('double'), ...END } }), machine({ C: { Type: 'Fail', Error: 'Bad', Cause: 'C' } })], ...END },
    }),
    status: 'FAILED',
    error: 'Bad',
    cause: 'C',
    chain: [
      'ExecutionStarted 0',
      'ParallelStateEntered 0',
      'ParallelStateStarted 2',
      'WaitStateEntered 3',
      'TaskStateEntered 3',
      'FailStateEntered 3',
      'TaskScheduled 5',
      'TaskStarted 7',
      'WaitStateAborted 4',
      'TaskStateAborted 8',
      'ParallelStateFailed 6',
      'ExecutionFailed 11',
    ],
  },
  {
    name: 'Parallel within Parallel, caught by the outer one',
    definition: machine({
      P: {
        Type: 'Parallel',
        Branches: [machine({ Q: { Type: 'Parallel', Branches: [machine({ F: { Type: 'Fail', Error: 'Deep' } })], ...END } })],
        Catch: [{ ErrorEquals: ['Deep'], Next: 'Z', Output: { caught: '{% $states.errorOutput.Error %}' } }],
        ...END,
      },
      Z: pass,
    }),
    output: { caught: 'Deep' },
    chain: [
      'ExecutionStarted 0',
      'ParallelStateEntered 0',
      'ParallelStateStarted 2',
      'ParallelStateEntered 3',
      'ParallelStateStarted 4',
      'FailStateEntered 5',
      'ParallelStateFailed 6',
      'ParallelStateFailed 7',
      'ParallelStateExited 8',
      'PassStateEntered 9',
      'PassStateExited 10',
      'ExecutionSucceeded 11',
    ],
  },
  {
    name: 'Map one by one: the next item follows what the last one did',
    definition: machine({
      M: { Type: 'Map', Items: '{% $states.input.items %}', MaxConcurrency: 1, ItemProcessor: machine({ A: { ...pass, Output: '{% $states.input * 10 %}' } }), ...END },
    }),
    input: { items: [1, 2] },
    output: [10, 20],
    chain: [
      'ExecutionStarted 0',
      'MapStateEntered 0',
      'MapStateStarted 2',
      'MapIterationStarted 3',
      'PassStateEntered 4',
      'PassStateExited 5',
      'MapIterationSucceeded 6',
      'MapIterationStarted 6',
      'PassStateEntered 8',
      'PassStateExited 9',
      'MapIterationSucceeded 10',
      'MapStateSucceeded 11',
      'MapStateExited 11',
      'ExecutionSucceeded 13',
    ],
  },
  {
    name: 'Map side by side, with ItemSelector, Output and variables from around it',
    definition: machine({
      A: { Type: 'Pass', Assign: { base: 100 }, Next: 'M' },
      M: {
        Type: 'Map',
        Items: ['a', 'b'],
        ItemSelector: { item: '{% $states.context.Map.Item.Value %}', index: '{% $states.context.Map.Item.Index %}', n: '{% $base + $states.context.Map.Item.Index %}' },
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...machine({ B: { ...pass, Output: '{% $states.input.item & $string($states.input.n) & $states.context.Map.Item.Value %}' } }) },
        Output: { all: '{% $states.result %}' },
        ...END,
      },
    }),
    output: { all: ['a100a', 'b101b'] },
    chain: [
      'ExecutionStarted 0',
      'PassStateEntered 0',
      'PassStateExited 2',
      'MapStateEntered 3',
      'MapStateStarted 4',
      'MapIterationStarted 5',
      'MapIterationStarted 5',
      'PassStateEntered 6',
      'PassStateEntered 7',
      'PassStateExited 8',
      'MapIterationSucceeded 10',
      'PassStateExited 9',
      'MapIterationSucceeded 12',
      'MapStateSucceeded 13',
      'MapStateExited 13',
      'ExecutionSucceeded 15',
    ],
  },
  {
    name: 'Map of nothing',
    definition: machine({ M: { Type: 'Map', Items: [], ItemProcessor: machine({ A: pass }), ...END } }),
    output: [],
    chain: ['ExecutionStarted 0', 'MapStateEntered 0', 'MapStateStarted 2', 'MapStateSucceeded 3', 'MapStateExited 3', 'ExecutionSucceeded 5'],
  },
  {
    name: 'Map fails with its first item that does, and starts no more',
    definition: machine({ M: { Type: 'Map', MaxConcurrency: 1, ItemProcessor: machine({ A: { ...invoke('failOn'), ...END } }), ...END } }),
    input: [1, 2, 3],
    status: 'FAILED',
    error: 'Flaky',
    chain: [
      'ExecutionStarted 0',
      'MapStateEntered 0',
      'MapStateStarted 2',
      'MapIterationStarted 3',
      'TaskStateEntered 4',
      'TaskScheduled 5',
      'TaskStarted 6',
      'TaskSucceeded 7',
      'TaskStateExited 8',
      'MapIterationSucceeded 9',
      'MapIterationStarted 9',
      'TaskStateEntered 11',
      'TaskScheduled 12',
      'TaskStarted 13',
      'TaskFailed 14',
      'MapIterationFailed 15',
      'MapStateFailed 16',
      'ExecutionFailed 17',
    ],
  },
  {
    name: 'Map over what is no list fails, and its Catch takes it',
    definition: machine({ M: { Type: 'Map', Items: '{% $states.input %}', ItemProcessor: machine({ A: pass }), Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Z', Output: 'caught' }], ...END }, Z: pass }),
    output: 'caught',
    chain: ['ExecutionStarted 0', 'MapStateEntered 0', 'EvaluationFailed 2', 'MapStateExited 3', 'PassStateEntered 4', 'PassStateExited 5', 'ExecutionSucceeded 6'],
  },
];

test.each(CASES)('$name', async ({ definition, input = {}, status = 'SUCCEEDED', output, error, cause, chain }) => {
  const arn = await harness.launch(definition, input);
  const ended = await harness.finish(arn);
  expect({ status: ended.status, error: ended.error }).toEqual({ status, error });
  if (output !== undefined) expect(JSON.parse(ended.output ?? 'null')).toEqual(output);
  if (cause !== undefined) expect(ended.cause).toBe(cause);
  expect(chainOf(await harness.history(arn))).toEqual(chain);
});

test('events hold what Step Functions puts in them', async () => {
  const arn = await harness.launch(
    machine({ A: { Type: 'Pass', Assign: { x: { y: 1 } }, Next: 'T' }, T: { ...invoke('double', { n: 2 }), TimeoutSeconds: 30, HeartbeatSeconds: 10, Output: '{% $states.result.Payload %}', ...END } }),
    { a: 1 },
  );
  await harness.finish(arn);
  const events = (await harness.history(arn)).map(({ timestamp, ...event }) => {
    expect(timestamp).toEqual(new Date(harness.time.now()));
    return event;
  });
  const included = { truncated: false };
  expect(events).toMatchObject([
    { id: 1, executionStartedEventDetails: { input: '{"a":1}', inputDetails: included, roleArn: 'arn:aws:iam::000000000000:role/states' } },
    { id: 2, stateEnteredEventDetails: { name: 'A', input: '{"a":1}', inputDetails: included } },
    { id: 3, stateExitedEventDetails: { name: 'A', output: '{"a":1}', outputDetails: included, assignedVariables: { x: '{"y":1}' }, assignedVariablesDetails: included } },
    { id: 4, stateEnteredEventDetails: { name: 'T', input: '{"a":1}' } },
    { id: 5, taskScheduledEventDetails: { resourceType: 'lambda', resource: 'invoke', region: 'us-east-1', timeoutInSeconds: 30, heartbeatInSeconds: 10, parameters: '{"FunctionName":"double","Payload":{"n":2}}' } },
    { id: 6, taskStartedEventDetails: { resourceType: 'lambda', resource: 'invoke' } },
    { id: 7, taskSucceededEventDetails: { resourceType: 'lambda', resource: 'invoke', outputDetails: included } },
    { id: 8, stateExitedEventDetails: { name: 'T', output: '{"n":4}' } },
    { id: 9, executionSucceededEventDetails: { output: '{"n":4}', outputDetails: included } },
  ]);
  expect(JSON.parse(events[6]?.taskSucceededEventDetails?.output ?? '')).toMatchObject({ ExecutedVersion: '$LATEST', Payload: { n: 4 }, StatusCode: 200 });
});

test('the context object tells what Step Functions tells', async () => {
  const arn = await harness.launch(machine({ A: { ...pass, Output: '{% $states.context %}' } }), { in: 1 }, { name: 'one' });
  const { output } = await harness.finish(arn);
  const at = new Date(harness.time.now()).toISOString();
  expect(JSON.parse(output ?? '')).toEqual({
    Execution: { Id: arn, Name: 'one', Input: { in: 1 }, RoleArn: 'arn:aws:iam::000000000000:role/states', StartTime: at, RedriveCount: 0 },
    State: { Name: 'A', EnteredTime: at, RetryCount: 0 },
    StateMachine: { Id: 'arn:aws:states:us-east-1:000000000000:stateMachine:machine', Name: 'machine' },
  });
});

test('putEvents takes Detail as JSON and fails when an entry does', async () => {
  const put = { Type: 'Task', Resource: 'arn:aws:states:::events:putEvents', Arguments: { Entries: [{ Source: 'shop', DetailType: 'Sold', Detail: { n: '{% $states.input.n %}' } }] }, End: true };
  const { status, output } = await harness.finish(await harness.launch(machine({ A: put }), { n: 3 }));
  expect(status).toBe('SUCCEEDED');
  expect(JSON.parse(output ?? '')).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: '0' }] });
  expect(harness.events).toEqual([{ Source: 'shop', DetailType: 'Sold', Detail: '{"n":3}' }]);
});

describe('nested executions', () => {
  const start = (resource: string): object => ({
    Type: 'Task',
    Resource: `arn:aws:states:::states:${resource}`,
    Arguments: { StateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:child', Input: { n: 1 } },
    End: true,
  });
  const child = async (definition: object): Promise<void> => {
    await harness.finish(await harness.launch(definition, { n: 0 }, { machine: 'child' }));
  };

  test('startExecution goes on at once', async () => {
    await child(machine({ W: { Type: 'Wait', Seconds: 100, ...END } }));
    const { status, output } = await harness.finish(await harness.launch(machine({ A: start('startExecution') })));
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '')).toMatchObject({ ExecutionArn: expect.stringContaining(':execution:child:') as string });
  });

  test('.sync:2 awaits the end and gives the output as JSON', async () => {
    await child(machine({ W: { Type: 'Wait', Seconds: 100, Output: { n: '{% $states.input.n + 1 %}' }, ...END } }));
    const arn = await harness.launch(machine({ A: start('startExecution.sync:2') }));
    const { status, output } = await harness.finish(arn);
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '')).toMatchObject({ Status: 'SUCCEEDED', Output: { n: 2 }, Input: { n: 1 } });
    expect((await harness.history(arn)).map(({ type }) => type)).toContain('TaskSubmitted');
  });

  test('.sync:2 stops the nested one when it is stopped itself', async () => {
    await child(machine({ W: { Type: 'Wait', Seconds: 100, ...END } }));
    const arn = await harness.launch(machine({ A: start('startExecution.sync:2') }));
    await harness.settle();
    await harness.client.send(new StopExecutionCommand({ executionArn: arn }));
    await harness.settle();
    const { executions } = await harness.client.send(new ListExecutionsCommand({ stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:child' }));
    expect(executions?.map(({ status }) => status)).toEqual(['ABORTED', 'SUCCEEDED']);
  });

  test('.sync:2 fails when the nested one does', async () => {
    await child(machine({ F: { Type: 'Fail', Error: 'Inner' } }));
    const { status, error, cause } = await harness.finish(await harness.launch(machine({ A: start('startExecution.sync:2') })));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(JSON.parse(cause ?? '')).toMatchObject({ Status: 'FAILED', Error: 'Inner' });
  });
});
