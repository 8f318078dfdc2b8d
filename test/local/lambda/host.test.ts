import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/contracts/log.ts';
import { FunctionNotFound, openLambdaHost, type LambdaHost } from '../../../src/local/lambda/host.ts';
import type { DeployedFunction } from '../../../src/local/deployment/types.ts';
import { systemTimers, type Timers } from '../../../src/local/timers.ts';

const HANDLERS = `
let calls = 0;
export const count = async () => ++calls;
export const environment = async () => process.env;
export const nothing = async () => {};
export const context = async (event, { functionName, awsRequestId, getRemainingTimeInMillis }) => ({ functionName, id: typeof awsRequestId, left: getRemainingTimeInMillis() > 0, event });
class ResourceNotActive extends Error { name = 'ResourceNotActive'; }
export const fail = async () => { throw new ResourceNotActive('virtualNode a is INACTIVE'); };
export const crash = async () => { setImmediate(() => { throw new TypeError('out of turn'); }); await new Promise(() => {}); };
export const exit = async () => process.exit(3);
export const hang = async () => new Promise(() => {});
export const sometimes = async (how) => { calls += 1; if (how === 'exit') process.exit(1); return how === 'answer' ? calls : new Promise(() => {}); };
let inside = 0; let most = 0;
export const overlap = async () => { inside += 1; most = Math.max(most, inside); await new Promise((resolve) => setImmediate(resolve)); inside -= 1; return most; };
`;

let folder: string;
let host: LambdaHost | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-lambda-'));
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS);
});
afterEach(async () => {
  await host?.close();
  rmSync(folder, { recursive: true });
});

const deploy = (exportName: string): DeployedFunction => ({
  key: exportName,
  name: `shop-${exportName}`,
  arn: `arn:aws:lambda:us-east-1:000000000000:function:shop-${exportName}`,
  module: join(folder, 'handlers.mjs'),
  exportName,
  environment: { OWN: 'yes', AWS_ENDPOINT_URL: 'http://its.own' },
  timeoutSeconds: 5,
  memoryMiB: 128,
  routes: [],
});

function open(exportName: string, { timers = systemTimers, concurrency }: { timers?: Timers; concurrency?: number } = {}): LambdaHost {
  host = openLambdaHost({
    functions: [deploy(exportName)],
    environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    timers,
    log: silent,
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  return host;
}

test('gives a handler its event and context, by name or ARN, and its answer back', async () => {
  const lambda = open('context');
  for (const name of ['shop-context', deploy('context').arn]) {
    const result = await lambda.invoke(name, '{"a":[1,null]}');
    expect(result).toEqual({ payload: JSON.stringify({ functionName: 'shop-context', id: 'string', left: true, event: { a: [1, null] } }) });
  }
});

test('starts a thread once and reuses it', async () => {
  const lambda = open('count');
  const answers = [await lambda.invoke('shop-count', '{}'), await lambda.invoke('shop-count', '{}')];
  expect(answers).toEqual([{ payload: '1' }, { payload: '2' }]);
});

test('gives a function exactly its own environment plus the endpoint', async () => {
  process.env['MESHSHIFT_TEST_LEAK'] = 'secret';
  const result = await open('environment').invoke('shop-environment', '{}');
  delete process.env['MESHSHIFT_TEST_LEAK'];
  expect('payload' in result && JSON.parse(result.payload)).toEqual({ OWN: 'yes', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
});

test('answers null for a handler that returns nothing', async () => {
  expect(await open('nothing').invoke('shop-nothing', '{}')).toEqual({ payload: 'null' });
});

test("reports an error by its name, which state machines match", async () => {
  const result = await open('fail').invoke('shop-fail', '{}');
  expect(result).toMatchObject({ error: { errorType: 'ResourceNotActive', errorMessage: 'virtualNode a is INACTIVE' } });
});

test.each([
  ['crash', 'Runtime.UnhandledException', /out of turn/],
  ['exit', 'Runtime.ExitError', /exit status 3/],
])('a thread that dies in %s reports it, and the next invocation gets a new thread', async (name, errorType, message) => {
  const lambda = open(name, { concurrency: 1 });
  for (const _ of [1, 2]) {
    const result = await lambda.invoke(`shop-${name}`, '{}');
    expect(result).toMatchObject({ error: { errorType, errorMessage: expect.stringMatching(message) as unknown } });
  }
});

test('says that the export is missing', async () => {
  const result = await open('absent').invoke('shop-absent', '{}');
  expect(result).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound', errorMessage: expect.stringMatching(/absent is undefined or not exported/) as unknown } });
});

test('ends an invocation at its timeout, by the clock that is passed in', async () => {
  const due: { ms: number; callback: () => void }[] = [];
  const timers: Timers = { now: () => 0, after: (ms, callback) => (due.push({ ms, callback }), () => undefined) };
  const invoking = open('hang', { timers }).invoke('shop-hang', '{}');
  await new Promise((resolve) => setImmediate(resolve));
  expect(due.map(({ ms }) => ms)).toEqual([5000]);
  due[0]?.callback();
  expect(await invoking).toMatchObject({ error: { errorType: 'Sandbox.Timedout', errorMessage: expect.stringMatching(/timed out after 5\.00 seconds/) as unknown } });
});

test('runs so many invocations at once in the one thread, and the others in their order', async () => {
  const lambda = open('overlap', { concurrency: 3 });
  const results = await Promise.all(Array.from({ length: 9 }, () => lambda.invoke('shop-overlap', '{}')));
  expect(results.map((result) => 'payload' in result && Number(result.payload)).sort()).toEqual(Array.from({ length: 9 }, () => 3));
});

test('does not begin an invocation that nobody waits for any more', async () => {
  const lambda = open('count', { concurrency: 1 });
  const abort = new AbortController();
  const [first, second, third] = [lambda.invoke('shop-count', '{}'), lambda.invoke('shop-count', '{}', abort.signal), lambda.invoke('shop-count', '{}')];
  abort.abort(new Error('cancelled'));
  await expect(second).rejects.toThrow('cancelled');
  expect([await first, await third]).toEqual([{ payload: '1' }, { payload: '2' }]);
  await expect(lambda.invoke('shop-count', '{}', abort.signal)).rejects.toThrow('cancelled');
});

test('ends a thread with an invocation that hangs, once the others in it are over; later ones get a new thread', async () => {
  const due: (() => void)[] = [];
  const timers: Timers = { now: () => 0, after: (_, callback) => (due.push(callback), () => undefined) };
  const lambda = open('sometimes', { timers });
  const [hanging, other] = [lambda.invoke('shop-sometimes', '"hang"'), lambda.invoke('shop-sometimes', '"wait"')];
  await lambda.invoke('shop-sometimes', '"answer"');
  due[0]!();
  expect(await hanging).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } });
  // A module of its own counts anew.
  expect(await lambda.invoke('shop-sometimes', '"answer"')).toEqual({ payload: '1' });
  due[1]!();
  expect(await other).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } });
});

test('a thread that dies ends all that it was at, by an error that is tried again', async () => {
  const lambda = open('sometimes');
  const results = await Promise.all(['"wait"', '"exit"', '"wait"'].map((payload) => lambda.invoke('shop-sometimes', payload)));
  for (const result of results) expect(result).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
});

test('a thread warmed up is the one that serves, and one that cannot be warmed says so when invoked', async () => {
  const lambda = open('count', { concurrency: 1 });
  lambda.warmUp('shop-count');
  lambda.warmUp('shop-count');
  lambda.warmUp('shop-other');
  expect(await lambda.invoke('shop-count', '{}')).toEqual({ payload: '1' });
  await lambda.close();
  const broken = open('absent');
  broken.warmUp('shop-absent');
  expect(await broken.invoke('shop-absent', '{}')).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound' } });
});

test('refuses a function that is not deployed', async () => {
  await expect(open('count').invoke('shop-other', '{}')).rejects.toBeInstanceOf(FunctionNotFound);
});

test('closing ends what is under way', async () => {
  const lambda = open('hang');
  const invoking = lambda.invoke('shop-hang', '{}');
  await new Promise((resolve) => setImmediate(resolve));
  await lambda.close();
  expect(await invoking).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
});
