import { ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidToken, TaskTimedOut, type SFNClient } from '@aws-sdk/client-sfn';
import type { CallAws } from '../../src/aws/call.ts';
import { silent } from '../../src/contracts/log.ts';
import type { MeshResource } from '../../src/contracts/mesh-file.ts';
import type { Telemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import type { Json } from '../../src/local/json.ts';
import { AwsError, type Operations } from '../../src/local/server/aws-json.ts';
import type { MeshClient } from '../../src/mesh/client.ts';
import type { Invoke } from '../../src/aws/invoke.ts';
import { openCloudWatchAlarms } from '../../src/metrics/alarms.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openSources } from '../../src/metrics/sources.ts';
import { openHookCaller } from '../../src/rollout/raise/call-hook.ts';
import type { Ports } from '../../src/rollout/ports.ts';
import { openRecordedImages } from '../../src/rollout/images/recorded.ts';
import { openPublisher } from '../../src/rollout/publish.ts';
import { openTokenCipher } from '../../src/rollout/bake/token-cipher.ts';
import type { DocumentStore } from '../../src/store/port.ts';
import { noWorkloads } from '../../src/workloads/none.ts';
import { openEcsWorkloads } from '../../src/workloads/ecs/index.ts';
import { openLambdaWorkloads } from '../../src/workloads/lambda.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';
import { memoryMesh, memoryStore } from '../canary/memory.ts';
import type { BakeWatch, WatchedBake } from '../../src/rollout/watch/bake-watch.ts';
import { memoryEcs } from './ecs.ts';
import { openPolledWorld, PROMETHEUS_URL } from './polled.ts';
import type { Traffic } from './traffic.ts';
import { httpAnswer, type Carry, type Dependency, type HttpAnswer } from './calls.ts';

export const TOKEN_KEY = Buffer.alloc(32, 7).toString('base64');
/** How long a proxy takes to acknowledge a route. */
const ACK_MS = 12;

interface Options {
  readonly carry: Carry;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly traffic: () => Traffic;
  /** The operations of Step Functions, in this process. */
  readonly operations: () => Operations;
  readonly canaryStateMachineArn: string;
}

const EXCEPTIONS: Readonly<Record<string, new (options: { message: string; $metadata: object }) => Error>> = { ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidToken, TaskTimedOut };

function toException(error: unknown): unknown {
  if (!(error instanceof AwsError)) return error;
  const Exception = EXCEPTIONS[error.code];
  return Exception === undefined ? Object.assign(new Error(error.message), { name: error.code }) : new Exception({ message: error.message, $metadata: {} });
}

/** Everything that rollouts call, in memory. Each caller has ports of its own, so that each call tells who makes it. */
export function openOutside({ carry, clock, wait, telemetry, traffic, operations, canaryStateMachineArn }: Options) {
  const store = memoryStore();
  const polled = openPolledWorld(traffic, clock);
  const mesh = memoryMesh();
  const events: { readonly type: string; readonly id: string }[] = [];
  const workloads = new Set<string>();
  const ecs = memoryEcs(clock);
  /** What the user's own functions answer, by name. */
  const hooks = new Map<string, () => Json>();
  const alarms = new Map<string, object>();
  /** Callers by the host they know the control plane as. */
  const callers = new Map<string, string>();
  const written = new Map<string, { readonly version: number; readonly at: number }>();

  const carryAll = <T extends object>(by: string, to: Dependency, target: T, names: readonly (keyof T & string)[]): T => {
    const wrapped = names.map((operation) => [operation, (...args: unknown[]) => carry({ by, to, operation }, () => (target[operation] as (...given: unknown[]) => Promise<unknown>)(...args))]);
    return { ...target, ...Object.fromEntries(wrapped) } as T;
  };
  const update = async (resource: MeshResource, ifVersion: number) => {
    const data = await mesh.update(resource, ifVersion);
    if (resource.create === 'CreateRoute') written.set(String(resource.input['routeName']), { version: data.version, at: clock() });
    return data;
  };
  const meshOf = (by: string): MeshClient => {
    const url = `http://${by.toLowerCase()}.test`;
    const get: MeshClient['get'] = (path) => fetch(`${url}${path}`) as unknown as Promise<Response>;
    return carryAll(by, 'mesh', { ...mesh, update, url, get }, ['describe', 'create', 'update', 'delete', 'tags', 'tag']);
  };
  const storeOf = (by: string): DocumentStore => carryAll<DocumentStore>(by, 'store', store, ['get', 'query', 'write']);

  const propagation = (): object => ({
    proxies: [{ nodeId: 'proxy', state: 'acked' }],
    resources: [...written].map(([name, { version, at }]) => ({ kind: 'route', name, parent: 'r', version, acked: 1, pending: clock() < at + ACK_MS ? 1 : 0, rejected: 0 })),
  });
  const ROUTES: readonly (readonly [RegExp, Dependency, (method: string, match: RegExpExecArray, url: URL) => HttpAnswer])[] = [
    [/^\/meshshift\/v1\/propagation\/m$/, 'propagation', () => httpAnswer(200, propagation())],
    [/^\/meshshift\/v1\/telemetry\/m\/([^/]+)$/, 'telemetry', (_, [, node = ''], { searchParams }) => httpAnswer(200, telemetry.read('m', node, Number(searchParams.get('since'))))],
    [
      /^\/meshshift\/local\/workloads\/m\/([^/]+)$/,
      'workloads',
      (method, [, node = '']) => {
        if (method === 'PUT') workloads.add(node);
        else workloads.delete(node);
        return httpAnswer(200);
      },
    ],
  ];
  /** Stands in for `fetch`: the host of the URL is the caller. */
  const fetch = async (address: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}): Promise<HttpAnswer> => {
    const url = new URL(address);
    if (url.origin === PROMETHEUS_URL) return polled.prometheus(url.pathname, body as URLSearchParams);
    const found = ROUTES.map(([path, to, answer]) => ({ match: path.exec(url.pathname), to, answer })).find(({ match }) => match !== null);
    if (found === undefined) throw new Error(`nothing is at ${address}`);
    const by = callers.get(url.hostname) ?? '';
    return carry({ by, to: found.to, operation: method }, () => Promise.resolve(found.answer(method, found.match!, url)));
  };

  const sdk = (by: string, to: Dependency, perform: (command: { readonly input: Record<string, unknown> }, operation: string) => Promise<unknown>) => ({
    send: (command: { readonly input: Record<string, unknown> }) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      return carry({ by, to, operation }, () => perform(command, operation));
    },
  });
  const stepFunctionsOf = (by: string): SFNClient =>
    sdk(by, 'stepFunctions', async ({ input }, operation) => {
      try {
        return await operations()[operation]!(input, undefined as never);
      } catch (error) {
        throw toException(error);
      }
    }) as unknown as SFNClient;
  const putEvents = ({ Entries }: { readonly Entries: readonly { readonly DetailType: string; readonly Detail: string }[] }): Promise<unknown> => {
    for (const { DetailType: type, Detail } of Entries) events.push({ type, id: (JSON.parse(Detail) as { id: string }).id });
    return Promise.resolve({ FailedEntryCount: 0, Entries: [] });
  };
  const busOf = (by: string): CallAws => (service, operation, input) => {
    if (service !== 'events') throw new Error('the bus takes events only');
    return carry({ by, to: 'bus', operation }, () => putEvents(input as never));
  };
  const hooksOf =
    (by: string): Invoke =>
    (name) =>
      carry({ by, to: 'hooks', operation: 'Invoke' }, () => Promise.resolve({ payload: JSON.stringify(hooks.get(name)?.() ?? null), failed: false }));

  const cloudWatchOf = (by: string): CallAws => (service, operation, input) => {
    if (service !== 'monitoring') throw new Error('CloudWatch is asked for alarms only');
    return carry({ by, to: 'alarms', operation }, () => Promise.resolve({ MetricAlarms: (input as { AlarmNames: readonly string[] }).AlarmNames.flatMap((name) => alarms.get(name) ?? []) }));
  };
  const ecsOf = (by: string): CallAws => (service, operation, input) => carry({ by, to: service === 'ecs' ? 'ecs' : 'cloudMap', operation }, () => ecs.call(service, operation, input));
  /** Bakes that are looked at each minute. */
  const watched = new Map<string, WatchedBake>();
  const bakeWatch: BakeWatch = {
    begin: (bake) => Promise.resolve(void watched.set(`${bake.id} ${bake.bake}`, bake)),
    end: ({ id, bake }) => Promise.resolve(void watched.delete(`${id} ${bake}`)),
  };

  const ports = (by: string): Ports => {
    callers.set(`${by.toLowerCase()}.test`, by);
    const own = meshOf(by);
    return {
      store: storeOf(by),
      mesh: own,
      metrics: openSources(openMeshMetrics(own), polled.open),
      workloads: { none: noWorkloads, process: openProcessWorkloads(own.url), ecs: openEcsWorkloads(ecsOf(by)), lambda: openLambdaWorkloads(openHookCaller(hooksOf(by))) },
      publish: openPublisher(busOf(by), 'default', silent),
      callHook: openHookCaller(hooksOf(by)),
      alarms: openCloudWatchAlarms(cloudWatchOf(by)),
      images: openRecordedImages(storeOf(by), clock),
      // No rollout changes a definition.
      schedules: { apply: () => Promise.resolve(), remove: () => Promise.resolve() },
      bakeWatch,
      stepFunctions: stepFunctionsOf(by),
      canaryStateMachineArn,
      cipher: openTokenCipher(TOKEN_KEY),
      clock,
      wait,
      log: silent,
    };
  };
  return { polled, watched, store, mesh, events, workloads, ecs, hooks, alarms, fetch, ports, storeOf, stepFunctionsOf };
}
export type Outside = ReturnType<typeof openOutside>;
