import { setTimeout as wait } from 'node:timers/promises';
import { openAws } from '../../src/aws/call.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openSources } from '../../src/metrics/sources.ts';
import type { Ports } from '../../src/rollout/ports.ts';
import { openPublisher } from '../../src/rollout/publish.ts';
import type { WorkloadDriver } from '../../src/workloads/port.ts';
import { keep, meshOf, require, type Environment } from './environment.ts';
import { logLine } from './handle.ts';
import { storeOf } from './store.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_APP_MESH', 'AWS_ENDPOINT_URL_ECS', 'AWS_ENDPOINT_URL_SERVICEDISCOVERY', 'AWS_REGION', 'MESHSHIFT_DATA', 'MESHSHIFT_TABLE', 'MESHSHIFT_EVENT_BUS', 'MESHSHIFT_CANARY_STATE_MACHINE_ARN', 'MESHSHIFT_TOKEN_KEY', 'MESHSHIFT_TOKEN_KEY_SECRET', 'MESHSHIFT_PROMETHEUS_URL', 'MESHSHIFT_LINKS_URL', 'AWS_ENDPOINT_URL_CLOUDWATCH'];

/** Ports that only some handlers need. What a handler does not name is not in its bundle, nor among what its role allows. */
export type Part = (env: Environment) => Partial<Ports> | Promise<Partial<Ports>>;

const absent = (what: string) => (): never => {
  throw new Error(`this function was made without ${what}`);
};

const noDriver: WorkloadDriver<never> = { up: absent('workloads'), down: absent('workloads') };

/** What a handler that did not name the part has in its place. */
const ABSENT = {
  stepFunctions: { send: absent('executions') } as unknown as Ports['stepFunctions'],
  cipher: { seal: absent('task tokens'), open: absent('task tokens') },
  callHook: absent('hooks'),
  alarms: { read: absent('alarms'), note: absent('alarms') },
  images: { newest: absent('images'), note: absent('images') },
  workloads: { none: noDriver, process: noDriver, ecs: noDriver, lambda: noDriver },
  schedules: { apply: absent('schedules'), remove: absent('schedules') },
  bakeWatch: { begin: absent('a watch of bakes'), end: absent('a watch of bakes') },
} satisfies Partial<Ports>;

/** Everything outside that a handler of a rollout uses, from the function's environment. */
export const openPorts = (...parts: readonly Part[]): (() => Promise<Ports>) =>
  keep(NAMES, async (env): Promise<Ports> => {
    const mesh = meshOf();
    const common: Ports = {
      ...ABSENT,
      store: await storeOf(),
      mesh,
      metrics: openSources(openMeshMetrics(mesh), absent('metrics that have queries')),
      publish: openPublisher(openAws(env), env['MESHSHIFT_EVENT_BUS'] ?? 'default', logLine),
      canaryStateMachineArn: require(env, 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'),
      clock: Date.now,
      wait: (ms) => wait(ms),
      log: logLine,
    };
    for (const part of parts) Object.assign(common, await part(env));
    return common;
  });
