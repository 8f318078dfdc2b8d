import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, GetExecutionHistoryCommand, SFNClient, StartExecutionCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { silent } from '../../src/contracts/log.ts';
import { createAccess, type AccessOptions } from '../../src/controlplane/access/access.ts';
import { guardHttp } from '../../src/controlplane/access/http-guard.ts';
import { openMeshApi, type MeshApi } from '../../src/controlplane/api/mesh-api.ts';
import { createTelemetry, type Telemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import { after } from '../../src/controlplane/timers.ts';
import { readDeployment } from '../../src/local/deployment/read-deployment.ts';
import { openLocalDatabase } from '../../src/local/database.ts';
import { serveAwsJson, operationOf, type AwsJsonService } from '../../src/local/server/aws-json.ts';
import { ensureGroup, openScheduler, openSchedulerApi, type SchedulerApi } from '../../src/local/scheduler/index.ts';
import { systemTimers } from '../../src/local/timers.ts';
import { Engine, stepFunctionsService } from '../../src/local/stepfunctions/index.ts';
import { openRunners } from '../../src/local/stepfunctions/tasks/runners.ts';
import type { Json } from '../../src/local/json.ts';
import type { OpenPolled } from '../../src/metrics/sources.ts';
import { startWatch, type Watch } from '../../src/rollout/watch/start-watch.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import type { DocumentStore } from '../../src/store/port.ts';
import { databasePath } from '../../src/store/open.ts';
import { diskAtOnce } from '../local/support/virtual-time.ts';
import { addStateMachine, evaluator } from '../support/state-machines.ts';
import { functions } from './functions.ts';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const TOKEN_KEY = Buffer.alloc(32, 7).toString('base64');
const INTERVAL_MS = 50;

/** Everything a rollout meets, in this process: App Mesh's API, telemetry, the engine, the bus and the watch, behind one loopback server. */
export interface World {
  readonly url: string;
  readonly folder: string;
  readonly store: DocumentStore;
  readonly mesh: AppMeshClient;
  readonly stepFunctions: SFNClient;
  readonly events: { readonly type: string; readonly detail: Record<string, unknown> }[];
  readonly calls: { readonly name: string; readonly payload: unknown }[];
  /** Share of bad answers by virtual node; 0.002 of every other. */
  readonly errorRates: Map<string, number>;
  /** Requests in each 10 ms; none when 0. */
  traffic: number;
  /** Whether the control plane's telemetry answers with errors. */
  metricsDown: boolean;
  /** What a function does instead of its handler, for faults. */
  readonly faults: Map<string, (payload: unknown) => Promise<unknown>>;
  /** What the user's own functions answer, by name; one that is not here fails. */
  readonly hooks: Map<string, (event: unknown) => unknown>;
  arn(machine: 'provision' | 'canary'): string;
  start(machine: 'provision' | 'canary', input: unknown, name?: string): Promise<string>;
  ended(executionArn: string): Promise<{ status: string; error?: string; cause?: string; output: unknown }>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  rollout(id: string): Promise<Rollout>;
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Ends watch and engine as a crash does, and starts them again over the same files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** As deployed: the packaged template holds the same (test/infra/package.test.ts). */
const deployed = readDeployment({ file: fileURLToPath(new URL('../../serverless.yml', import.meta.url)), region: REGION, accountId: ACCOUNT });

/** `arn:aws:lambda:…:function:meshshift-dev-plan` → `Plan`. */
const shortNameOf = (arn: string): string => (arn.split(':').at(-1) ?? '').replace(/^(?:meshshift-dev-)?(.)/, (_, first: string) => first.toUpperCase());

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Sends traffic by the weights of every route, as sidecars do, and reports it. */
function generate(api: MeshApi, telemetry: Telemetry, world: Pick<World, 'traffic' | 'errorRates'>): () => void {
  let fraction = 0;
  const timer = setInterval(() => {
    for (const mesh of api.reader.meshNames()) {
      for (const route of api.reader.view(mesh)?.routes.values() ?? []) {
        const targets = (route.spec.http2Route ?? route.spec.httpRoute ?? route.spec.grpcRoute)?.action?.weightedTargets ?? [];
        const sum = targets.reduce((total, { weight = 0 }) => total + weight, 0);
        const counts = targets.map(({ virtualNode = '', weight = 0 }) => {
          const requests = Math.round((world.traffic * weight) / sum);
          fraction += requests * (world.errorRates.get(virtualNode) ?? 0.002);
          const errors = Math.min(requests, Math.floor(fraction));
          fraction -= errors;
          return { virtualNode, ok: requests - errors, errors };
        });
        telemetry.report(mesh, world.traffic === 0 ? [] : counts);
      }
    }
  }, 10);
  return () => clearInterval(timer);
}

const contextOf = (functionName: string) => ({ functionName, awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 });

/** By whom the tests themselves change the mesh, where the control plane asks who it is. */
export const OPERATOR = { accessKeyId: 'OPERATOR', secretAccessKey: 'operator-secret-0123456789' };

export interface WorldOptions {
  /** How many times faster the engine's seconds pass. */
  readonly speed?: number;
  /** Who may ask the control plane, App Mesh's API and its extensions; anybody without it. */
  readonly access?: AccessOptions;
  /** How the watch polls metrics that have queries; without it it does not. */
  readonly openPolled?: OpenPolled;
}

const CONTROL_PLANE = /^\/(v20190125|meshshift\/v1\/(telemetry|propagation))\//;

/** Opens a world. */
export async function openWorld({ speed = 10, access, openPolled }: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-world-'));
  const store = openLibsqlStore(databasePath(folder), diskAtOnce);
  const api = await openMeshApi({ store, region: REGION, accountId: ACCOUNT, clock: Date.now, log: silent });
  const telemetry = createTelemetry({ intervalMs: INTERVAL_MS, clock: Date.now, after });
  const clients: { destroy(): void }[] = [];
  /** Who waits for some execution to change its status. */
  const waiting: (() => void)[] = [];
  let running: { engine: Engine; watch: Watch; service: AwsJsonService; schedules: SchedulerApi; close(): Promise<void> } | undefined;

  const invoke = async (name: string, payload: Json) => {
    const short = shortNameOf(name);
    world.calls.push({ name: short, payload });
    try {
      const answer = (await world.faults.get(short)?.(payload)) ?? (await functions[short]!(payload, contextOf(short)));
      return { payload: (answer ?? null) as Json, failed: false, requestId: 'test' };
    } catch (error) {
      const { name: errorType, message } = error as Error;
      return { payload: { errorType, errorMessage: message }, failed: true, requestId: 'test' };
    }
  };
  const callFunction = async (arn: string, input: string): Promise<void> => {
    const { failed, payload } = await invoke(arn, JSON.parse(input) as Json);
    if (failed) throw new Error(JSON.stringify(payload));
  };
  const putEvents = (entries: readonly { DetailType?: string; Detail?: string }[]) => {
    for (const { DetailType = '', Detail = '{}' } of entries) world.events.push({ type: DetailType, detail: JSON.parse(Detail) as Record<string, unknown> });
    return Promise.resolve({ FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: 'test' })) });
  };

  const open = async () => {
    const database = openLocalDatabase(folder, diskAtOnce);
    const base = Date.now();
    const engine: Engine = new Engine({
      database,
      region: REGION,
      accountId: ACCOUNT,
      log: silent,
      evaluator,
      timers: { now: () => Math.round(base + (Date.now() - base) * speed), after: (ms, run) => after(ms / speed, run) },
      runners: openRunners({ invoke, putEvents: (entries) => putEvents(entries as never), engine: () => engine }),
      onStatusChange: async (detail) => {
        const event = { source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', detail };
        const wanted = String(detail['stateMachineArn']).endsWith('canary') && ['FAILED', 'TIMED_OUT', 'ABORTED'].includes(String(detail['status']));
        for (const wake of waiting.splice(0)) wake();
        if (wanted) await invoke('ExecutionStopped', event as unknown as Json);
      },
    });
    engine.recover();
    for (const { name, definition, roleArn } of deployed.stateMachines) await addStateMachine(engine, { name, definition, roleArn });
    const watch = startWatch({ store, telemetry, ...(openPolled === undefined ? {} : { openPolled }), stepFunctions: world.stepFunctions, tokenKey: TOKEN_KEY, log: process.env['DEBUG'] ? console.error : silent, clock: Date.now });
    const service = stepFunctionsService(engine);
    const scheduler = openScheduler({ database, region: REGION, accountId: ACCOUNT, timers: systemTimers, log: silent, random: Math.random, deliver: callFunction });
    await scheduler.change((schedules) => ensureGroup(scheduler, schedules, 'meshshift-dev'));
    scheduler.recover();
    return {
      engine,
      watch,
      service,
      schedules: openSchedulerApi(scheduler, silent),
      close: async () => {
        scheduler.close();
        await watch.close();
        await engine.close();
        await database.close();
      },
    };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (api.owns(request.method ?? '', path)) return api.handle(request, response);
    const [, mesh, node] = /^\/meshshift\/v1\/telemetry\/([^/]+)\/([^/?]+)/.exec(path) ?? [];
    if (mesh !== undefined && node !== undefined) {
      if (world.metricsDown) send(response, 500, { message: 'down' });
      else send(response, 200, telemetry.read(mesh, node, Number(new URL(path, url).searchParams.get('since'))));
      return;
    }
    const body = await bodyOf(request);
    if (path.startsWith('/meshshift/v1/')) {
      const { status, body: answered } = await world.api(request.method ?? '', path.slice('/meshshift/v1'.length), body);
      send(response, status, answered);
      return;
    }
    const [, hook] = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(path) ?? [];
    if (hook !== undefined) {
      const answered = world.hooks.get(decodeURIComponent(hook))?.(JSON.parse(body));
      if (answered === undefined) response.setHeader('x-amzn-errortype', 'ResourceNotFoundException');
      send(response, answered === undefined ? 404 : 200, answered ?? { Message: 'no such function' });
      return;
    }
    if (running?.schedules.owns(path.split('?')[0] ?? '') === true) return running.schedules.handle(request, body, response);
    if (request.headers['x-amz-target'] === 'AWSEvents.PutEvents') {
      send(response, 200, await putEvents((JSON.parse(body) as { Entries: [] }).Entries));
      return;
    }
    if (running !== undefined && operationOf(request, running.service) !== undefined) return serveAwsJson(running.service, request, body, response, (error) => console.error(error));
    send(response, 404, { message: 'not here' });
  };
  const guarded = access === undefined ? answer : guardHttp(createAccess(access, REGION, Date.now), silent, answer);
  const server = createServer((request, response) => void (CONTROL_PLANE.test(request.url ?? '') ? guarded : answer)(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_APP_MESH: url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    MESHSHIFT_DATA: folder,
    MESHSHIFT_EVENT_BUS: 'default',
    MESHSHIFT_CANARY_STATE_MACHINE_ARN: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:meshshift-dev-canary`,
    MESHSHIFT_TOKEN_KEY: TOKEN_KEY,
    MESHSHIFT_SCHEDULE_GROUP: 'meshshift-dev',
    MESHSHIFT_SCHEDULE_TARGET_ARN: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:ScheduleFired`,
    MESHSHIFT_WATCH_ARN: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:Watch`,
    MESHSHIFT_SCHEDULE_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/schedule`,
    MESHSHIFT_DEAD_LETTERS_ARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:dead-letters`,
  });
  const options = { endpoint: url, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 };
  const [mesh, stepFunctions, bridge] = [new AppMeshClient({ ...options, credentials: OPERATOR }), new SFNClient(options), new EventBridgeClient(options)];
  clients.push(mesh, stepFunctions, bridge);

  const world: World = {
    url,
    folder,
    store,
    mesh,
    stepFunctions,
    events: [],
    calls: [],
    errorRates: new Map(),
    traffic: 40,
    metricsDown: false,
    faults: new Map(),
    hooks: new Map(),
    arn: (machine) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:meshshift-dev-${machine}`,
    start: async (machine, input, name) => (await stepFunctions.send(new StartExecutionCommand({ stateMachineArn: world.arn(machine), input: JSON.stringify(input), ...(name === undefined ? {} : { name }) }))).executionArn!,
    ended: async (executionArn) => {
      for (;;) {
        const change = new Promise<void>((resolve) => void waiting.push(resolve));
        const { status = '', error, cause, output } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
        if (status !== 'RUNNING') return { status, ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }), output: JSON.parse(output ?? 'null') as unknown };
        await change;
      }
    },
    history: async (executionArn) => {
      const events: HistoryEvent[] = [];
      let nextToken: string | undefined;
      do {
        const page = await stepFunctions.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, ...(nextToken === undefined ? {} : { nextToken }) }));
        events.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return events;
    },
    rollout: async (id) => (await world.api('GET', `/rollouts/${encodeURIComponent(id)}`)).body as Rollout,
    api: async (method, path, body) => {
      const event = {
        version: '2.0',
        rawPath: `/meshshift/v1${path.split('?')[0] ?? ''}`,
        queryStringParameters: Object.fromEntries(new URL(path, url).searchParams),
        requestContext: { http: { method, path } },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      };
      const { statusCode, body: text } = (await functions['RolloutsApi']!(event, contextOf('RolloutsApi'))) as { statusCode: number; body: string };
      return { status: statusCode, body: JSON.parse(text) as unknown };
    },
    restart: async () => {
      await running?.close();
      running = await open();
    },
    stop: async () => {
      stopTraffic();
      await running?.close();
      telemetry.close();
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const stopTraffic = generate(api, telemetry, world);
  running = await open();
  return world;
}
