import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Json } from '../../../src/local/json.ts';
import { matchesError } from '../../../src/local/stepfunctions/errors.ts';
import { retryDelay } from '../../../src/local/stepfunctions/interpreter/recover.ts';
import { awaitToken, chainOf, invoke, openHarness, type Harness } from '../support/engine-harness.ts';

class Flaky extends Error {
  override name = 'Flaky';
}

let failures = 0;
let harness: Harness;
beforeEach(async () => {
  failures = 0;
  harness = await openHarness(
    {
      /** Fails as often as its payload says, then answers. */
      flaky: ({ times, size }: { times: number; size?: number }) => {
        failures += 1;
        if (failures <= times) throw new Flaky(`failure ${failures}`);
        return size === undefined ? { after: failures } : 'x'.repeat(size);
      },
      hang: (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve('too late'));
        }),
      nothing: () => null,
    },
    { random: () => 0.5 },
  );
});
afterEach(() => harness.close());

const machine = (states: Record<string, object>): object => ({ StartAt: Object.keys(states)[0], States: states });
const END = { End: true };
const Z = { Type: 'Pass', End: true };
const caught = (names: string[]): object => ({ Catch: [{ ErrorEquals: names, Next: 'Z', Output: { error: '{% $states.errorOutput %}', input: '{% $states.input %}' } }] });

/** Milliseconds between the events of a type. */
const gaps = (events: HistoryEvent[], type: string): number[] => {
  const times = events.filter((event) => event.type === type).map(({ timestamp }) => timestamp?.getTime() ?? 0);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
};

describe('Retry', () => {
  test.each([
    ['the defaults: three times, 1 s, 2 s, 4 s', { ErrorEquals: ['States.ALL'] }, 3, [1000, 2000, 4000]],
    ['interval and rate', { ErrorEquals: ['Flaky'], IntervalSeconds: 10, BackoffRate: 1.5, MaxAttempts: 4 }, 4, [10_000, 15_000, 22_500, 33_750]],
    ['a bound of the delay', { ErrorEquals: ['Flaky'], IntervalSeconds: 2, BackoffRate: 10, MaxDelaySeconds: 30, MaxAttempts: 3 }, 3, [2000, 20_000, 30_000]],
    ['full jitter takes a random part, here half', { ErrorEquals: ['Flaky'], IntervalSeconds: 4, BackoffRate: 2, JitterStrategy: 'FULL' }, 3, [2000, 4000, 8000]],
  ])('waits by %s', async (_, retrier, times, delays) => {
    const arn = await harness.launch(machine({ A: { ...invoke('flaky'), Retry: [retrier], Output: '{% $states.result.Payload %}', ...END } }), { times });
    const { status, output } = await harness.finish(arn);
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: JSON.stringify({ after: times + 1 }) });
    const events = await harness.history(arn);
    expect(gaps(events, 'TaskScheduled')).toEqual(delays);
    expect(chainOf(events).slice(0, 8)).toEqual(['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskFailed 4', 'TaskScheduled 5', 'TaskStarted 6', times === 0 ? 'TaskSucceeded 7' : 'TaskFailed 7']);
  });

  test('ends after MaxAttempts, each retrier counting for itself, then catches', async () => {
    const retry = [{ ErrorEquals: ['Other'], MaxAttempts: 9 }, { ErrorEquals: ['Flaky'], MaxAttempts: 1 }];
    const arn = await harness.launch(machine({ A: { ...invoke('flaky'), Retry: retry, ...caught(['Flaky']), ...END }, Z }), { times: 99 });
    const { output } = await harness.finish(arn);
    expect(JSON.parse(output ?? '')).toMatchObject({ error: { Error: 'Flaky', Cause: '{"errorType":"Flaky","errorMessage":"failure 2","trace":[]}' }, input: { times: 99 } });
  });

  test('MaxAttempts 0 never retries', async () => {
    const arn = await harness.launch(machine({ A: { ...invoke('flaky'), Retry: [{ ErrorEquals: ['Flaky'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }], ...END } }), { times: 1 });
    expect((await harness.finish(arn)).status).toBe('FAILED');
    expect(failures).toBe(1);
  });

  test('RetryCount is seen in the context, and starts anew in each state', async () => {
    const task = { ...invoke('flaky', { times: 2 }), Retry: [{ ErrorEquals: ['Flaky'] }], Assign: { count: '{% $states.context.State.RetryCount %}' }, Next: 'Z' };
    const arn = await harness.launch(machine({ A: task, Z: { ...Z, Output: ['{% $count %}', '{% $states.context.State.RetryCount %}'] } }));
    expect((await harness.finish(arn)).output).toBe('[2,0]');
  });

  test('a Parallel starts all its branches again', async () => {
    const branches = [machine({ A: { ...invoke('flaky'), ...END } }), machine({ B: { Type: 'Wait', Seconds: 1, ...END } })];
    const arn = await harness.launch(machine({ P: { Type: 'Parallel', Branches: branches, Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 60 }], ...END } }), { times: 1 });
    expect((await harness.finish(arn)).status).toBe('SUCCEEDED');
    const types = (await harness.history(arn)).map(({ type }) => type);
    expect(types.filter((type) => type === 'ParallelStateStarted')).toHaveLength(2);
    expect(types.filter((type) => type === 'ParallelStateFailed')).toHaveLength(1);
    expect(types.filter((type) => type === 'ParallelStateEntered')).toHaveLength(1);
  });

  test('the delay is bounded and never negative', () => {
    expect(retryDelay({ ErrorEquals: ['x'], IntervalSeconds: 3, BackoffRate: 2, JitterStrategy: 'FULL' }, 5, 0)).toBe(0);
    expect(retryDelay({ ErrorEquals: ['x'], IntervalSeconds: 3, BackoffRate: 2, MaxDelaySeconds: 10 }, 500, 0)).toBe(10_000);
  });
});

describe('what an error name matches', () => {
  const names = ['States.ALL', 'States.TaskFailed', 'States.Timeout', 'States.HeartbeatTimeout', 'Flaky', 'States.DataLimitExceeded', 'States.Runtime'] as const;
  test.each([
    ['Flaky', undefined, ['States.ALL', 'States.TaskFailed', 'Flaky']],
    ['States.Timeout', undefined, ['States.ALL', 'States.Timeout']],
    ['States.Timeout', 'States.HeartbeatTimeout', ['States.ALL', 'States.Timeout', 'States.HeartbeatTimeout']],
    ['States.DataLimitExceeded', undefined, ['States.DataLimitExceeded']],
    ['States.Runtime', undefined, []],
    [undefined, undefined, ['States.ALL', 'States.TaskFailed']],
  ])('%s %s', (error, alias, expected) => {
    expect(names.filter((name) => matchesError([name], { error, alias }))).toEqual(expected);
  });
});

describe('Catch', () => {
  const cases: [string, object, Json, Json][] = [
    ['without Output, the error is the output', { A: { ...invoke('flaky'), Catch: [{ ErrorEquals: ['Flaky'], Next: 'Z' }], ...END }, Z }, { times: 1 }, { Error: 'Flaky', Cause: '{"errorType":"Flaky","errorMessage":"failure 1","trace":[]}' }],
    [
      'Assign sees the error, and the first catcher that matches decides',
      { A: { ...invoke('flaky'), Catch: [{ ErrorEquals: ['Other'], Next: 'Y' }, { ErrorEquals: ['States.ALL'], Next: 'Z', Assign: { e: '{% $states.errorOutput.Error %}' }, Output: 1 }], ...END }, Y: { Type: 'Fail' }, Z: { ...Z, Output: ['{% $e %}', '{% $states.input %}'] } },
      { times: 1 },
      ['Flaky', 1],
    ],
    ['a result larger than 256 KiB, by its own name only', { A: { ...invoke('flaky'), ...caught(['States.DataLimitExceeded']), ...END }, Z: { ...Z, Output: 'caught' } }, { times: 0, size: 262_145 }, 'caught'],
    ['an expression that gives nothing', { A: { ...invoke('nothing', '{% $states.input.absent %}'), ...caught(['States.QueryEvaluationError']), ...END }, Z: { ...Z, Output: '{% $states.input.error.Error %}' } }, {}, 'States.QueryEvaluationError'],
    ['an Output that fails after the task succeeded', { A: { ...invoke('nothing'), Output: '{% $number("x") %}', ...caught(['States.ALL']), ...END }, Z: { ...Z, Output: 'caught' } }, {}, 'caught'],
    ['an error without a name', { P: { Type: 'Parallel', Branches: [machine({ F: { Type: 'Fail' } })], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }], ...END }, Z }, {}, { Error: null, Cause: null }],
    ['a task that is overdue', { A: { ...invoke('hang'), TimeoutSeconds: 30, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Z' }], ...END }, Z }, {}, { Error: 'States.Timeout', Cause: '' }],
  ];
  test.each(cases)('%s', async (_, states, input, output) => {
    const ended = await harness.finish(await harness.launch(machine(states as Record<string, object>), input));
    expect({ status: ended.status, cause: ended.cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    expect(JSON.parse(ended.output ?? '')).toEqual(output);
  });

  test.each([
    ['States.ALL does not catch States.DataLimitExceeded', { A: { ...invoke('flaky'), ...caught(['States.ALL']), ...END }, Z }, { times: 0, size: 262_145 }, 'States.DataLimitExceeded'],
    ['States.TaskFailed does not catch States.Timeout', { A: { ...invoke('hang'), TimeoutSeconds: 5, ...caught(['States.TaskFailed']), ...END }, Z }, {}, 'States.Timeout'],
    ["a catcher's own mistake is caught by none", { A: { ...invoke('flaky'), Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z', Output: '{% $states.errorOutput.absent %}' }], ...END }, Z }, { times: 1 }, 'States.QueryEvaluationError'],
  ])('%s', async (_, states, input, error) => {
    const ended = await harness.finish(await harness.launch(machine(states), input));
    expect({ status: ended.status, error: ended.error }).toEqual({ status: 'FAILED', error });
  });
});

describe('time', () => {
  test('an overdue task fails, and its late answer changes nothing', async () => {
    const arn = await harness.launch(machine({ A: { ...invoke('hang'), TimeoutSeconds: 60, ...END } }));
    const { status, error } = await harness.finish(arn);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Timeout' });
    await harness.settle();
    expect(chainOf(await harness.history(arn))).toEqual(['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskTimedOut 4', 'ExecutionFailed 5']);
  });

  test('a missing heartbeat shows as States.Timeout and matches States.HeartbeatTimeout', async () => {
    const arn = await harness.launch(machine({ A: { ...awaitToken('nothing'), TimeoutSeconds: 600, HeartbeatSeconds: 5, ...caught(['States.HeartbeatTimeout']), ...END }, Z }));
    const { output } = await harness.finish(arn);
    expect(JSON.parse(output ?? '')).toMatchObject({ error: { Error: 'States.Timeout' } });
    const events = await harness.history(arn);
    expect(chainOf(events).slice(2, 7)).toEqual(['TaskScheduled 2', 'TaskStarted 3', 'TaskSubmitted 4', 'TaskTimedOut 5', 'TaskStateExited 6']);
    expect(events[5]?.taskTimedOutEventDetails).toEqual({ resourceType: 'lambda', resource: 'invoke.waitForTaskToken', error: 'States.Timeout' });
  });

  test('TimeoutSeconds of the machine ends the execution', async () => {
    const arn = await harness.launch({ ...machine({ W: { Type: 'Wait', Seconds: 1000, ...END } }), TimeoutSeconds: 10 });
    const { status, error } = await harness.finish(arn);
    expect({ status, error }).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(chainOf(await harness.history(arn))).toEqual(['ExecutionStarted 0', 'WaitStateEntered 0', 'ExecutionTimedOut 2']);
  });

  test('a wait of a year takes as many timers as it needs', async () => {
    const start = harness.time.now();
    const { status } = await harness.finish(await harness.launch(machine({ W: { Type: 'Wait', Seconds: 31_536_000, ...END } })));
    expect(status).toBe('SUCCEEDED');
    expect(harness.time.now() - start).toBe(31_536_000_000);
    expect(Math.max(...harness.time.delays)).toBeLessThanOrEqual(2 ** 31 - 1);
  });
});

describe('bounds', () => {
  test('a loop of Pass states ends with 25,000 events', async () => {
    const arn = await harness.launch(machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'Z' }], Default: 'A' }, Z }));
    const { status, error } = await harness.finish(arn);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
    const events = await harness.history(arn);
    expect(events).toHaveLength(25_000);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  });

  test('such a loop can be stopped on its way', async () => {
    const { StopExecutionCommand } = await import('@aws-sdk/client-sfn');
    const arn = await harness.launch(machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'Z' }], Default: 'A' }, Z }));
    await harness.client.send(new StopExecutionCommand({ executionArn: arn, error: 'Enough' }));
    const { status, error } = await harness.finish(arn);
    expect({ status, error }).toEqual({ status: 'ABORTED', error: 'Enough' });
  });

  test('an expression that does not end is cut off', async () => {
    const arn = await harness.launch(machine({ A: { Type: 'Pass', Output: '{% ($f := function($n) { $f($n + 1) }; $f(0)) %}', ...END } }));
    const { status, error, cause } = await harness.finish(arn);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(cause).toMatch(/^An error occurred while executing the state 'A' \(entered at the event id #2\)\. .*timeout/i);
  });
});
