import { readFileSync } from 'node:fs';
import { silent } from '../../src/contracts/log.ts';
import type { RouteSpec } from '../../src/contracts/rollout.ts';
import { createTelemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import type { LocalDatabase } from '../../src/local/database.ts';
import { Engine, stepFunctionsService } from '../../src/local/stepfunctions/index.ts';
import { openRunners } from '../../src/local/stepfunctions/tasks/runners.ts';
import type { RolloutRecord } from '../../src/rollout/record/records.ts';
import { startWatch } from '../../src/rollout/watch/start-watch.ts';
import { openGroupCommit } from '../../src/store/group-commit.ts';
import { openDatabase } from '../../src/store/libsql.ts';
import type { LogSync } from '../../src/store/log-sync.ts';
import { turn, virtualTime } from '../local/support/virtual-time.ts';
import { addStateMachine, evaluator } from '../support/state-machines.ts';
import type { Call, Carry } from './calls.ts';
import type { Wait } from './faults.ts';
import { openFunctions } from './functions.ts';
import { openLambda } from './lambda.ts';
import { openOutside, TOKEN_KEY } from './outside.ts';
import { route, routeBefore } from './route.ts';
import { startTraffic, TICK_MS, type Traffic } from './traffic.ts';

const START = Date.parse('2026-06-05T12:00:00Z');
const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const MACHINE_ARN = `arn:aws:states:${PLACE.region}:${PLACE.accountId}:stateMachine:canary`;
const definition = readFileSync(new URL('../../statemachines/canary.asl.json', import.meta.url), 'utf8').replace(
  /\$\{(\w+)FunctionArn\}/g,
  (_, name: string) => `arn:aws:lambda:${PLACE.region}:${PLACE.accountId}:function:${name}`,
);

/** What goes on for longer without a call or a commit waits for the clock. */
const QUIET_TURNS = 3;
const MOST_JUMPS = 40_000;
const MOST_ASKED = 3000;

const real = globalThis.fetch;
let inWorld = real;
/** Set once: Jest keeps all that a global ever was, and with it whole worlds. */
globalThis.fetch = (...asked) => inWorld(...asked);

/** Sees every outgoing call and does with it what it likes; `perform` is what the call would do. */
export type Meddle = (call: Call, perform: () => Promise<unknown>, time: { readonly now: () => number; readonly wait: Wait }) => Promise<unknown>;

/** Whether anything is under way: calls and commits are counted, as nothing else takes more than some turns of the event loop. */
function openActivity() {
  const counts = { all: 0, underWay: 0 };
  return {
    seen: (): void => {
      counts.all += 1;
    },
    /** Counts work that others wait for the end of. */
    track: async <T>(work: Promise<T>): Promise<T> => {
      counts.underWay += 1;
      try {
        return await work;
      } finally {
        counts.underWay -= 1;
        counts.all += 1;
      }
    },
    isIdle: (): boolean => counts.underWay === 0,
    settle: async (): Promise<void> => {
      for (let quiet = 0; quiet < QUIET_TURNS; ) {
        const before = counts.all;
        await turn();
        quiet = counts.all === before ? quiet + 1 : 0;
      }
    },
  };
}

/** What is in memory has no log to sync. */
const NOWHERE: LogSync = { assertSound: () => undefined, committed: () => undefined, synced: () => Promise.resolve(), close: () => Promise.resolve() };

/** The engine's database, in memory. */
function openMemoryDatabase(seen: () => void): LocalDatabase {
  const connection = openDatabase(':memory:');
  const group = openGroupCommit(connection, NOWHERE);
  return {
    ...{ connection, ...group },
    commit: async (change) => {
      const answer = await group.commit(change);
      seen();
      return answer;
    },
  };
}

const ENDED_BADLY: ReadonlySet<unknown> = new Set(['FAILED', 'TIMED_OUT', 'ABORTED']);

export interface WorldOptions {
  /** Who looks at open bakes: the control plane on each report, a schedule each minute, both, or nobody. */
  readonly watches?: readonly ('control plane' | 'schedule')[];
}

const MINUTE_MS = 60_000;

/**
 * A rollout's whole world in this process and on a clock of its own: the state machine as it is deployed, run by the local engine; the handlers'
 * functions; the watch; a mesh, a store, a bus and traffic in memory. Until it is closed `fetch` leads into it: there is one world at a time.
 */
export async function openFaultWorld(meddle: Meddle, { watches = ['control plane'] }: WorldOptions = {}) {
  const time = virtualTime(START);
  const now = (): number => time.now();
  const after = (ms: number, run: () => void): (() => void) => time.after(ms, run);
  const wait: Wait = (ms) => new Promise((resolve) => void after(ms, resolve));
  const activity = openActivity();
  const carry: Carry = async <T>(call: Call, perform: () => Promise<T>): Promise<T> => {
    activity.seen();
    try {
      return (await meddle(call, perform, { now, wait })) as T;
    } finally {
      activity.seen();
    }
  };

  const telemetry = createTelemetry({ intervalMs: TICK_MS, clock: now, after });
  const outside = openOutside({ carry, clock: now, wait, telemetry, traffic: () => traffic, operations: () => stepFunctionsService(engine).operations, canaryStateMachineArn: MACHINE_ARN });
  const lambda = openLambda(openFunctions((by) => outside.ports(by)), carry, time);
  const send = (name: string, event: object): void => void activity.track(lambda.invokeLater(name, event));

  const database = openMemoryDatabase(activity.seen);
  const engine: Engine = new Engine({
    ...{ database, ...PLACE, timers: time, log: silent, random: () => 0.5, evaluator },
    runners: openRunners({
      engine: () => engine,
      invoke: (arn, payload) => lambda.invoke('StepFunctions', arn.split(':').at(-1) ?? '', payload),
      putEvents: () => Promise.reject(new Error('no state puts events')),
    }),
    onStatusChange: (detail) => {
      if (ENDED_BADLY.has(detail['status'])) send('ExecutionStopped', { source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', detail });
      return Promise.resolve();
    },
  });
  await addStateMachine(engine, { name: 'canary', definition, roleArn: `arn:aws:iam::${PLACE.accountId}:role/x` });
  const lookEachMinute = (): void => {
    after(MINUTE_MS, lookEachMinute);
    for (const { id, bake, endsAt } of [...outside.watched.values()]) if (endsAt >= now()) send('Watch', { watch: id, bake });
  };
  if (watches.includes('schedule')) lookEachMinute();
  const watch = watches.includes('control plane') ? startWatch({ store: outside.storeOf('watch'), telemetry, openPolled: outside.polled.open, stepFunctions: outside.stepFunctionsOf('watch'), tokenKey: TOKEN_KEY, log: silent, clock: now }) : { close: () => Promise.resolve() };

  outside.mesh.put({ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'v0', spec: { serviceDiscovery: { dns: { hostname: 'v0.local' } } } } });
  outside.mesh.put({ ...route, input: { ...route.input, spec: routeBefore } });
  const traffic: Traffic = await startTraffic(outside.mesh, telemetry, time);

  inWorld = outside.fetch as unknown as typeof fetch;
  const world = {
    ...outside,
    ...{ engine, traffic, now, track: activity.track },
    spec: async (): Promise<RouteSpec> => (await outside.mesh.describe(route))!.spec,
    records: (): RolloutRecord[] => outside.store.all('rollout').map(({ value }) => value as RolloutRecord),
    /** The rollout of a tag, the newest attempt of it. */
    record: (tag: string): RolloutRecord | undefined => world.records().filter(({ image }) => image.tag === tag).sort((a, b) => b.attempt - a.attempt)[0],
    running: (): number => engine.store.running().length,
    isIdle: (): boolean => activity.isIdle() && engine.waiting === 0 && world.running() === 0,
    push: (tag: string): void => {
      const detail = { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'd', 'image-tag': tag };
      send('ImagePushed', { source: 'aws.ecr', 'detail-type': 'ECR Image Action', detail });
    },
    /** An alarm changes, and the event of it goes out. */
    alarm: (name: string, value: 'OK' | 'ALARM'): void => {
      const at = new Date(now());
      outside.alarms.set(name, { AlarmName: name, StateValue: value, StateTransitionedTimestamp: at.getTime() / 1000 });
      const detail = { alarmName: name, state: { value, timestamp: at.toISOString() } };
      send('AlarmRaised', { source: 'aws.cloudwatch', 'detail-type': 'CloudWatch Alarm State Change', time: at.toISOString(), detail });
    },
    /** A person who asks the API, and asks again while it does not answer. */
    ask: async (method: string, path: string, body: object = {}): Promise<number> => {
      const request = { rawPath: `/meshshift/v1${path}`, body: JSON.stringify(body), requestContext: { http: { method } } };
      for (let attempt = 0; attempt < MOST_ASKED; attempt += 1) {
        const result = await lambda.invoke('person', 'RolloutsApi', request).catch(() => undefined);
        if (result !== undefined && !result.failed) return (result.payload as { statusCode: number }).statusCode;
        await wait(1000);
      }
      throw new Error(`${method} ${path} is not answered`);
    },
    /** Lets time pass until `isOver`. @throws Error when it does not come about. */
    pass: async (isOver: () => boolean): Promise<void> => {
      for (let jumps = 0; ; jumps += 1) {
        await activity.settle();
        if (isOver()) return;
        if (jumps > MOST_JUMPS) throw new Error(`no exit: ${JSON.stringify(world.records().map(({ image, phase, step, reason }) => ({ tag: image.tag, phase, step, reason })))}`);
        time.jump();
      }
    },
    close: async (): Promise<void> => {
      // A look under way may wait for an answer.
      const closing = { isOver: false };
      void watch.close().finally(() => (closing.isOver = true));
      await world.pass(() => closing.isOver);
      telemetry.close();
      await engine.close();
      await database.close();
      inWorld = real;
    },
  };
  return world;
}
export type FaultWorld = Awaited<ReturnType<typeof openFaultWorld>>;
