import { CreateStateMachineCommand, DescribeExecutionCommand, GetExecutionHistoryCommand, ListExecutionsCommand, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { buildSync } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { awaitToken, chainOf, invoke, ROLE } from '../support/engine-harness.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Beside node_modules, so that the bundle finds its packages.
const cache = join(root, 'node_modules', '.cache', `meshshift-crash-${process.pid}`);
const driver = join(cache, 'driver.mjs');
beforeAll(() => {
  mkdirSync(cache, { recursive: true });
  buildSync({ entryPoints: [join(root, 'test/local/support/crash-driver.ts')], outfile: driver, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' });
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

interface Process {
  readonly child: ChildProcess;
  readonly client: SFNClient;
}

let folder: string;
let running: Process | undefined;
let errors: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-crash-'));
  errors = '';
});
afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

async function start(aheadMs = 0): Promise<SFNClient> {
  const child = spawn(process.execPath, [driver, folder, String(aheadMs)], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const client = new SFNClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
  running = { child, client };
  return client;
}

async function kill(): Promise<void> {
  if (running === undefined) return;
  const { child, client } = running;
  running = undefined;
  client.destroy();
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function poll<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it never came true; the engine said: ${errors}`);
}

const machine = (states: Record<string, object>): object => ({ StartAt: Object.keys(states)[0], States: states });
const record = (name: string, next?: string): object => ({ ...invoke('record', name), ...(next === undefined ? { End: true } : { Next: next }) });
const lines = (file: string): string[] => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim().split('\n') : []);
const calls = (): string[] => lines('calls.log').map((line) => (JSON.parse(line) as { name: string; payload: unknown })).map(({ name, payload }) => (name === 'record' ? String(payload) : name));
const history = async (client: SFNClient, executionArn: string): Promise<HistoryEvent[]> => (await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }))).events ?? [];

async function launch(client: SFNClient, definition: object, names = ['one']): Promise<string[]> {
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name: 'm', roleArn: ROLE, definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }) }));
  return Promise.all(names.map(async (name) => (await client.send(new StartExecutionCommand({ stateMachineArn, name }))).executionArn ?? ''));
}

const ended = (client: SFNClient, executionArn: string): Promise<string> =>
  poll(async () => {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' ? undefined : status;
  });

const reached = (client: SFNClient, executionArn: string, type: string): Promise<true> => poll(async () => ((await history(client, executionArn)).at(-1)?.type === type ? true : undefined));

const PART = (from: number): string[] => [`TaskStateEntered ${from === 1 ? 0 : from}`, `TaskScheduled ${from + 1}`, `TaskStarted ${from + 2}`, `TaskSucceeded ${from + 3}`, `TaskStateExited ${from + 4}`];

test('killed in a Wait, it goes on at the time it was to', async () => {
  let client = await start();
  const [arn = ''] = await launch(client, machine({ A: record('before', 'W'), W: { Type: 'Wait', Seconds: 3600, Next: 'B' }, B: record('after') }));
  await reached(client, arn, 'WaitStateEntered');
  await kill();
  client = await start(1_800_000);
  expect((await client.send(new DescribeExecutionCommand({ executionArn: arn }))).status).toBe('RUNNING');
  await kill();
  client = await start(3_700_000);
  expect(await ended(client, arn)).toBe('SUCCEEDED');
  expect(calls()).toEqual(['before', 'after']);
  expect(chainOf(await history(client, arn))).toEqual(['ExecutionStarted 0', ...PART(1), 'WaitStateEntered 6', 'WaitStateExited 7', ...PART(8), 'ExecutionSucceeded 13']);
});

test('killed in a Task, the task is dispatched again and told once', async () => {
  let client = await start();
  const [arn = ''] = await launch(client, machine({ A: record('before', 'S'), S: { ...invoke('slow', {}), Next: 'B' }, B: record('after') }));
  await poll(() => (calls().includes('slow') ? true : undefined));
  await kill();
  writeFileSync(join(folder, 'release'), '');
  client = await start();
  expect(await ended(client, arn)).toBe('SUCCEEDED');
  expect(calls()).toEqual(['before', 'slow', 'slow', 'after']);
  expect(chainOf(await history(client, arn))).toEqual(['ExecutionStarted 0', ...PART(1), ...PART(6), ...PART(11), 'ExecutionSucceeded 16']);
});

test('killed in a bake, the token given out before still ends it', async () => {
  let client = await start();
  const [arn = ''] = await launch(client, machine({ B: { ...awaitToken('keep'), TimeoutSeconds: 3600, Next: 'A' }, A: record('after') }));
  await reached(client, arn, 'TaskSubmitted');
  await kill();
  client = await start();
  await client.send(new SendTaskSuccessCommand({ taskToken: readFileSync(join(folder, 'token'), 'utf8'), output: '"pass"' }));
  expect(await ended(client, arn)).toBe('SUCCEEDED');
  // Submitted before the crash, it is not dispatched again.
  expect(calls()).toEqual(['keep', 'after']);
  expect(chainOf(await history(client, arn)).slice(0, 7)).toEqual(['ExecutionStarted 0', 'TaskStateEntered 0', 'TaskScheduled 2', 'TaskStarted 3', 'TaskSubmitted 4', 'TaskSucceeded 5', 'TaskStateExited 6']);
});

test('killed in a bake, its timeout comes all the same', async () => {
  let client = await start();
  const [arn = ''] = await launch(client, machine({ B: { ...awaitToken('keep'), TimeoutSeconds: 3600, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'A' }], End: true }, A: record('judged') }));
  await reached(client, arn, 'TaskSubmitted');
  await kill();
  client = await start(3_700_000);
  expect(await ended(client, arn)).toBe('SUCCEEDED');
  expect(calls()).toEqual(['keep', 'judged']);
});

test('killed again and again at whatever moment, every execution ends with its whole history', async () => {
  const steps = ['a', 'b', 'c', 'd'];
  const definition = machine({
    M: { Type: 'Map', Items: steps, ItemProcessor: machine({ R: { ...invoke('record', '{% $states.context.Execution.Name & "." & $states.input %}'), End: true } }), Next: 'P' },
    P: { Type: 'Parallel', Branches: ['x', 'y'].map((name) => machine({ [name]: record(name, `${name}2`), [`${name}2`]: { Type: 'Pass', End: true } })), Next: 'Z' },
    Z: { ...invoke('record', '{% $states.context.Execution.Name & ".z" %}'), End: true },
  });
  const names = Array.from({ length: 12 }, (_, index) => `e${index}`);
  let client = await start();
  const arns = await launch(client, definition, names);
  for (let kills = 1; kills <= 8; kills += 1) {
    const wanted = Math.min(kills * 9, 80);
    await poll(() => (calls().length >= wanted ? true : undefined));
    await kill();
    client = await start();
  }
  for (const arn of arns) expect(await ended(client, arn)).toBe('SUCCEEDED');

  const made = new Set(calls());
  for (const name of names) for (const step of [...steps, 'z']) expect(made).toContain(`${name}.${step}`);
  for (const arn of arns) {
    const events = await history(client, arn);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(events.every(({ id = 0, previousEventId = -1 }) => previousEventId < id)).toBe(true);
    const count = (type: string): number => events.filter((event) => event.type === type).length;
    expect([count('MapIterationStarted'), count('MapIterationSucceeded'), count('TaskScheduled'), count('TaskSucceeded'), count('ExecutionSucceeded')]).toEqual([4, 4, 7, 7, 1]);
  }
  // Changes are handed on after the step that made them is on disk.
  const changes = arns.flatMap((arn) => ['RUNNING', 'SUCCEEDED'].map((status) => JSON.stringify([arn, status])));
  await poll(() => {
    const told = new Set(lines('changes.log'));
    return changes.every((change) => told.has(change)) ? true : undefined;
  });
  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m' }));
  expect(executions).toHaveLength(names.length);
  expect(errors).not.toMatch(/error /);
}, 60_000);
