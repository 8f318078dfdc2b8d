import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, GetExecutionHistoryCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/contracts/log.ts';
import { startRuntime, type Runtime } from '../../src/local/runtime.ts';
import { describeWith, hasCommand } from '../support/components.ts';

const HANDLERS = `
import { appendFileSync } from 'node:fs';
const note = (name, event) => appendFileSync(new URL('./calls.log', import.meta.url), JSON.stringify([name, event]) + '\\n');
export const echo = async (event) => ({ event, endpoint: process.env.AWS_ENDPOINT_URL });
export const environment = async () => process.env;
export const record = async (event) => { note('record', event.detail); };
let failures = 0;
export const flaky = async (event) => { note('flaky', event); failures += 1; if (failures < 3) throw new RangeError('not yet'); };
export const api = async ({ rawPath, body, pathParameters, queryStringParameters, requestContext }) => ({ statusCode: 201, headers: { 'x-own': 'yes' }, body: JSON.stringify({ rawPath, body, pathParameters, queryStringParameters, method: requestContext.http.method }) });
`;
const MACHINE = {
  QueryLanguage: 'JSONata',
  StartAt: 'Call',
  States: {
    Call: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: '${EchoFunctionArn}', Payload: '{% $states.input %}' }, Output: '{% $states.result.Payload %}', Next: 'Tell' },
    Tell: { Type: 'Task', Resource: 'arn:aws:states:::events:putEvents', Arguments: { Entries: [{ Source: 'shop', DetailType: 'Told', Detail: { by: '{% $states.context.Execution.Name %}' } }] }, Output: '{% $states.input %}', End: true },
  },
};
const serverless = (machine: object): string => `
service: shop
provider: { name: aws, stage: dev, timeout: 10, memorySize: 128, environment: { COMMON: c } }
functions:
  echo: { handler: handlers.echo, environment: { OWN: o } }
  environment: { handler: handlers.environment }
  record: { handler: handlers.record }
  flaky: { handler: handlers.flaky }
  api:
    handler: handlers.api
    events:
      - httpApi: { method: POST, path: "/shop/{id}" }
resources:
  - Resources:
      MachineRole: { Type: AWS::IAM::Role, Properties: {} }
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          StateMachineName: shop-machine
          RoleArn: { "Fn::GetAtt": [MachineRole, Arn] }
          DefinitionString: ${JSON.stringify(JSON.stringify(machine))}
          DefinitionSubstitutions: { EchoFunctionArn: { "Fn::GetAtt": [EchoLambdaFunction, Arn] } }
      Pushed:
        Type: AWS::Events::Rule
        Properties:
          Name: pushed
          EventPattern: { source: [aws.ecr, meshshift.sample], detail: { tag: [{ prefix: v }] } }
          Targets: [{ Id: machine, Arn: { Ref: Machine }, InputPath: $.detail }]
      Told:
        Type: AWS::Events::Rule
        Properties:
          Name: told
          EventPattern: { source: [shop] }
          Targets: [{ Id: record, Arn: { "Fn::GetAtt": [RecordLambdaFunction, Arn] } }]
      Ended:
        Type: AWS::Events::Rule
        Properties:
          Name: ended
          EventPattern: { source: [aws.states], detail-type: [Step Functions Execution Status Change], detail: { status: [SUCCEEDED], stateMachineArn: [{ Ref: Machine }] } }
          Targets: [{ Id: record, Arn: { "Fn::GetAtt": [RecordLambdaFunction, Arn] } }]
`;
const ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:shop-machine';

let folder: string;
let runtime: Runtime | undefined;
let logged: string[];
const log: Log = (level, message, fields) => void logged.push(JSON.stringify([level, message, fields]));
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };

const open = async (machine: object = MACHINE, options: { readonly linksUrl?: string } = {}): Promise<Runtime> => {
  writeFileSync(join(folder, 'serverless.yml'), serverless(machine));
  runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: join(folder, 'data'), deploymentFile: join(folder, 'serverless.yml'), log, ...options });
  return runtime;
};
const states = (): SFNClient => new SFNClient({ endpoint: runtime?.url ?? '', region: 'us-east-1', credentials });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-runtime-'));
  logged = [];
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS);
  appendFileSync(join(folder, 'calls.log'), '');
});
afterEach(async () => {
  await runtime?.close();
  runtime = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function poll<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it never came true; logged: ${logged.join('\n')}`);
}
const calls = (): [string, Record<string, unknown>][] =>
  readFileSync(join(folder, 'calls.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as [string, Record<string, unknown>]);
const ended = (client: SFNClient, executionArn: string) =>
  poll(async () => {
    const found = await client.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === 'RUNNING' ? undefined : found;
  });

test('an event starts a state machine, which calls a function, whose events and whose end reach other functions', async () => {
  const { url } = await open();
  const events = new EventBridgeClient({ endpoint: url, region: 'us-east-1', credentials });
  const { FailedEntryCount } = await events.send(
    new PutEventsCommand({
      Entries: [
        { Source: 'meshshift.sample', DetailType: 'ECR Image Action', Detail: '{"tag":"v2"}' },
        { Source: 'meshshift.sample', DetailType: 'ECR Image Action', Detail: '{"tag":"latest"}' },
      ],
    }),
  );
  expect(FailedEntryCount).toBe(0);
  const client = states();
  const execution = await poll(async () => (await client.send(new ListExecutionsCommand({ stateMachineArn: ARN, statusFilter: 'SUCCEEDED' }))).executions?.[0]);
  const { output } = await client.send(new DescribeExecutionCommand({ executionArn: execution.executionArn }));
  expect(JSON.parse(output ?? '')).toEqual({ event: { tag: 'v2' }, endpoint: url });
  const details = await poll(() => (calls().length >= 2 ? calls().map(([, detail]) => detail) : undefined));
  expect(details).toContainEqual({ by: execution.name });
  expect(details).toContainEqual(expect.objectContaining({ status: 'SUCCEEDED', executionArn: execution.executionArn, stateMachineArn: ARN }));
  expect((await client.send(new ListExecutionsCommand({ stateMachineArn: ARN }))).executions).toHaveLength(1);
  client.destroy();
  events.destroy();
});

test('a function has its own environment and the endpoint, and nothing else', async () => {
  const { url } = await open();
  const response = await fetch(`${url}/2015-03-31/functions/shop-dev-environment/invocations`, { method: 'POST' });
  const key = readFileSync(join(folder, 'data', 'token.key'), 'utf8').trim();
  expect(await response.json()).toEqual({
    COMMON: 'c',
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_APP_MESH: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    MESHSHIFT_DATA: join(folder, 'data'),
    MESHSHIFT_TOKEN_KEY: key,
    MESHSHIFT_MESH_KEY: JSON.stringify({ accessKeyId: 'local', secretAccessKey: 'local' }),
  });
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(statSync(join(folder, 'data', 'token.key')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
});

describe('Invoke', () => {
  const invoke = async (name: string, body: string | undefined, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${runtime?.url ?? ''}/2015-03-31/functions/${name}/invocations`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });

  test.each(['shop-dev-echo', 'shop-dev-echo:$LATEST', encodeURIComponent('arn:aws:lambda:us-east-1:000000000000:function:shop-dev-echo')])('%s answers', async (name) => {
    await open();
    const response = await invoke(name, '{"a":1}');
    expect([response.status, response.headers.get('x-amz-executed-version'), response.headers.get('x-amz-function-error')]).toEqual([200, '$LATEST', null]);
    expect(await response.json()).toMatchObject({ event: { a: 1 } });
  });

  test("a handler's error is an answer, a caller's is none", async () => {
    await open();
    const failed = await invoke('shop-dev-flaky', '{}');
    expect([failed.status, failed.headers.get('x-amz-function-error')]).toEqual([200, 'Unhandled']);
    expect(await failed.json()).toMatchObject({ errorType: 'RangeError', errorMessage: 'not yet' });
    const absent = await invoke('nobody', '{}');
    expect([absent.status, absent.headers.get('x-amzn-errortype')]).toEqual([404, 'ResourceNotFoundException']);
    const malformed = await invoke('shop-dev-echo', '{');
    expect([malformed.status, malformed.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidRequestContentException']);
    expect((await invoke('shop-dev-echo', '{}', { 'x-amz-invocation-type': 'DryRun' })).status).toBe(204);
  });

  test('an asynchronous invocation that fails is tried twice more', async () => {
    await open();
    expect((await invoke('shop-dev-flaky', '{"n":7}', { 'x-amz-invocation-type': 'Event' })).status).toBe(202);
    await poll(() => (calls().length === 3 ? true : undefined));
    expect(calls()).toEqual([['flaky', { n: 7 }], ['flaky', { n: 7 }], ['flaky', { n: 7 }]]);
  });
});

test('an HTTP API route reaches its function', async () => {
  const { url } = await open();
  const response = await fetch(`${url}/shop/a%20b?x=1&x=2`, { method: 'POST', body: 'text' });
  expect([response.status, response.headers.get('x-own')]).toEqual([201, 'yes']);
  expect(await response.json()).toMatchObject({ rawPath: '/shop/a%20b', body: 'text', queryStringParameters: { x: '1,2' }, method: 'POST' });
  expect((await fetch(`${url}/shop/1`)).status).toBe(405);
});

test('only this machine is served, and to a proxy for links nothing else', async () => {
  const { url, port } = await open(MACHINE, { linksUrl: 'https://Releases.example.com/x' });
  const ask = (headers: Record<string, string>, path = '/meshshift/local/health'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(`${url}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  expect(await ask({})).toBe(200);
  expect(await ask({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  for (const headers of [{ host: 'evil.example' }, { host: `127.0.0.1.evil.example:${port}` }, { origin: 'https://evil.example' }, { origin: 'null' }]) expect(await ask(headers as Record<string, string>)).toBe(403);
  // This deployment has no links.
  const proxied = { host: 'releases.example.com', origin: 'https://releases.example.com' };
  expect(await ask(proxied, '/meshshift/v1/link?token=x')).toBe(404);
  for (const path of ['/meshshift/local/health', '/meshshift/v1/link', '/meshshift/v1/links?', '/shop/1?/meshshift/v1/link?token=x']) expect([path, await ask(proxied, path)]).toEqual([path, 403]);
  for (const headers of [{ ...proxied, host: 'evil.example' }, { ...proxied, origin: 'https://evil.example' }, { ...proxied, origin: 'null' }]) expect(await ask(headers, '/meshshift/v1/link?token=x')).toBe(403);
});

test('bodies are bounded, and what nobody serves is told', async () => {
  const { url } = await open();
  expect((await fetch(url, { method: 'POST', headers: { 'x-amz-target': 'AWSStepFunctions.StartExecution' }, body: 'x'.repeat(7_000_000) })).status).toBe(413);
  const unknown = await fetch(url, { method: 'POST', headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' }, body: '{}' });
  expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ __type: 'UnknownOperationException' })]);
});

test('started again on its folder it knows all, and changes what serverless.yml changed', async () => {
  await open();
  let client = states();
  const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn: ARN, name: 'one' }));
  expect((await ended(client, executionArn)).status).toBe('SUCCEEDED');
  client.destroy();
  await runtime?.close();

  await open({ QueryLanguage: 'JSONata', StartAt: 'Other', States: { Other: { Type: 'Pass', Output: 'new', End: true } } });
  client = states();
  expect((await client.send(new GetExecutionHistoryCommand({ executionArn }))).events?.length).toBeGreaterThan(5);
  const { executionArn: next = '' } = await client.send(new StartExecutionCommand({ stateMachineArn: ARN, name: 'two' }));
  expect((await ended(client, next)).output).toBe('"new"');
  client.destroy();
});

test('a folder has one runtime at a time, and what fails to start leaves nothing behind', async () => {
  await open();
  const first = runtime;
  await expect(open()).rejects.toMatchObject({ name: 'DataFolderInUse' });
  await first?.close();
  await expect(open({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } })).rejects.toThrow(/serverless\.yml: resources\.Machine: .*QueryLanguage/);
  runtime = undefined;
  await open();
});

test('no token or key is logged', async () => {
  await open();
  const key = readFileSync(join(folder, 'data', 'token.key'), 'utf8').trim();
  const client = states();
  const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn: ARN }));
  await ended(client, executionArn);
  expect(logged.join('\n')).not.toContain(key);
  client.destroy();
  expect(existsSync(join(folder, 'data', 'local.db'))).toBe(true);
});

describeWith('aws', hasCommand('aws'), 'the AWS CLI against the one port', () => {
  const aws = (...args: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      execFile(
        'aws',
        [...args, '--output', 'json'],
        { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, AWS_ENDPOINT_URL: runtime?.url, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' } },
        (error, stdout, stderr) => {
          if (error) reject(new Error(stderr));
          else resolve(stdout === '' ? {} : JSON.parse(stdout));
        },
      );
    });
  test('events, stepfunctions, lambda, appmesh and sts', async () => {
    await open();
    expect(await aws('events', 'list-rules')).toMatchObject({ Rules: [{ Name: 'ended' }, { Name: 'pushed' }, { Name: 'told' }] });
    expect(await aws('events', 'put-events', '--entries', JSON.stringify([{ Source: 'aws.ecr', DetailType: 'ECR Image Action', Detail: '{}' }]))).toEqual({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' }],
    });
    expect(await aws('stepfunctions', 'list-state-machines')).toMatchObject({ stateMachines: [{ name: 'shop-machine' }] });
    expect(await aws('lambda', 'invoke', '--function-name', 'shop-dev-echo', 'out.json')).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'))).toMatchObject({ endpoint: runtime?.url });
    expect(await aws('appmesh', 'create-mesh', '--mesh-name', 'shop')).toMatchObject({ mesh: { meshName: 'shop', status: { status: 'ACTIVE' }, metadata: { meshOwner: '000000000000' } } });
    expect(await aws('sts', 'get-caller-identity')).toEqual({ UserId: '000000000000', Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root' });
    await expect(aws('sts', 'get-session-token')).rejects.toThrow('An error occurred (InvalidAction) when calling the GetSessionToken operation: GetSessionToken is not an operation that the local runtime serves');
  }, 60_000);
});
