import { GetExecutionHistoryCommand, SendTaskFailureCommand, SendTaskHeartbeatCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { awaitToken, chainOf, openHarness, type Harness } from '../support/engine-harness.ts';
import { until } from '../support/virtual-time.ts';

let tokens: string[] = [];
let harness: Harness;
/** What the function does with its token before it returns. */
let atOnce: ((token: string) => Promise<unknown>) | undefined;
beforeEach(async () => {
  tokens = [];
  atOnce = undefined;
  harness = await openHarness({
    keep: async ({ token }: { token: string }) => {
      tokens.push(token);
      await atOnce?.(token);
      return 'kept';
    },
    broken: () => {
      throw new TypeError('no store');
    },
  });
});
afterEach(() => harness.close());

const machine = (states: Record<string, object>): object => ({ StartAt: Object.keys(states)[0], States: states });
const bake = (more: object = {}): object => machine({ B: { ...awaitToken('keep'), TimeoutSeconds: 3600, Output: '{% $states.result %}', End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }], ...more }, Z: { Type: 'Pass', End: true } });
const PREFIX = ['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskSubmitted 4'];

async function launchBake(more: object = {}): Promise<{ arn: string; token: string }> {
  const arn = await harness.launch(bake(more));
  await harness.settle();
  return { arn, token: await until('the token', () => tokens.at(-1)) };
}

test('success ends the task with the output that came with the token', async () => {
  const { arn, token } = await launchBake();
  await harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '{"verdict":"pass"}' }));
  const { status, output } = await harness.finish(arn);
  expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: '{"verdict":"pass"}' });
  expect(chainOf(await harness.history(arn))).toEqual([...PREFIX, 'TaskSucceeded 5', 'TaskStateExited 6', 'ExecutionSucceeded 7']);
});

test.each([
  ['with error and cause', { error: 'Aborted', cause: 'by hand' }, { Error: 'Aborted', Cause: 'by hand' }],
  ['without any, which a catcher sees as nulls', {}, { Error: null, Cause: null }],
])('failure %s reaches Catch', async (_, failure, output) => {
  const { arn, token } = await launchBake();
  await harness.client.send(new SendTaskFailureCommand({ taskToken: token, ...failure }));
  expect(JSON.parse((await harness.finish(arn)).output ?? '')).toEqual(output);
  expect(chainOf(await harness.history(arn)).slice(0, 7)).toEqual([...PREFIX, 'TaskFailed 5', 'TaskStateExited 6']);
});

test('a token that comes back before its function returned is taken', async () => {
  atOnce = (token) => harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' }));
  const arn = await harness.launch(bake());
  const { status, output } = await harness.finish(arn);
  expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: '1' });
});

test('a function that fails fails the task', async () => {
  const arn = await harness.launch(machine({ B: { ...awaitToken('broken'), End: true } }));
  const { status, error } = await harness.finish(arn);
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'TypeError' });
});

test('the timeout ends the task, and the token is then refused', async () => {
  const { arn, token } = await launchBake();
  const { output } = await harness.finish(arn);
  expect(JSON.parse(output ?? '')).toEqual({ Error: 'States.Timeout', Cause: '' });
  for (const command of [new SendTaskSuccessCommand({ taskToken: token, output: '1' }), new SendTaskFailureCommand({ taskToken: token }), new SendTaskHeartbeatCommand({ taskToken: token })]) {
    await expect(harness.client.send(command as SendTaskSuccessCommand)).rejects.toMatchObject({ name: 'TaskTimedOut', message: "Task Timed Out: 'Provided task does not exist anymore'" });
  }
});

test('a token is taken once: of two answers at the same time one is refused', async () => {
  const { arn, token } = await launchBake();
  const answers = await Promise.allSettled([1, 2].map((output) => harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: String(output) }))));
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect((await harness.finish(arn)).status).toBe('SUCCEEDED');
});

test('heartbeats keep the task', async () => {
  const { arn, token } = await launchBake({ HeartbeatSeconds: 60 });
  for (let beats = 0; beats < 5; beats += 1) {
    // Time goes on by less than a heartbeat: another execution waits for it.
    const other = await harness.launch(machine({ W: { Type: 'Wait', Seconds: 45, End: true } }), {}, { machine: 'other' });
    await harness.finish(other);
    await harness.client.send(new SendTaskHeartbeatCommand({ taskToken: token }));
  }
  expect(harness.time.now() - Date.UTC(2026, 0, 1)).toBe(225_000);
  const { output } = await harness.finish(arn);
  expect(JSON.parse(output ?? '')).toMatchObject({ Error: 'States.Timeout' });
  expect(harness.time.now() - Date.UTC(2026, 0, 1)).toBe(285_000);
});

test.each(['nonsense', Buffer.from('AQ1:999999:0b1e').toString('base64'), Buffer.from('AQ1:1:not-the-nonce').toString('base64')])('%s is no token', async (taskToken) => {
  await harness.launch(machine({ P: { Type: 'Pass', End: true } }));
  const error = taskToken === 'nonsense' || taskToken.startsWith('QVExOjk5') ? 'InvalidToken' : 'TaskTimedOut';
  await expect(harness.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }))).rejects.toMatchObject({ name: error });
});

test('an output that is no JSON is refused, and the task goes on', async () => {
  const { arn, token } = await launchBake();
  await expect(harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '{no' }))).rejects.toMatchObject({ name: 'InvalidOutput' });
  await harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '"yes"' }));
  expect((await harness.finish(arn)).output).toBe('"yes"');
});

test('each attempt has a token of its own', async () => {
  const { arn, token } = await launchBake({ Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1 }] });
  await harness.client.send(new SendTaskFailureCommand({ taskToken: token, error: 'Again' }));
  await harness.settle();
  harness.time.jump();
  const next = await until('the second token', () => tokens[1]);
  expect(next).not.toBe(token);
  await expect(harness.client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' }))).rejects.toMatchObject({ name: 'TaskTimedOut' });
  await harness.client.send(new SendTaskSuccessCommand({ taskToken: next, output: '2' }));
  expect((await harness.finish(arn)).output).toBe('2');
});

test('a history without execution data shows no token', async () => {
  const { arn, token } = await launchBake();
  const { events } = await harness.client.send(new GetExecutionHistoryCommand({ executionArn: arn, includeExecutionData: false }));
  expect(JSON.stringify(events)).not.toContain(token);
  expect(events?.[2]?.taskScheduledEventDetails).toEqual({ resourceType: 'lambda', resource: 'invoke.waitForTaskToken', region: 'us-east-1', timeoutInSeconds: 3600 });
});
