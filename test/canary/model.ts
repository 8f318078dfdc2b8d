import { DescribeExecutionCommand, ExecutionAlreadyExists, SendTaskFailureCommand, SendTaskSuccessCommand, StartExecutionCommand, TaskTimedOut, type SFNClient } from '@aws-sdk/client-sfn';
import type { BakeEnd } from '../../src/canary/next-action.ts';
import { applyWeights, targetsOf, withTargets } from '../../src/canary/weights.ts';
import { TransientFault } from '../../src/contracts/faults.ts';
import { silent } from '../../src/contracts/log.ts';
import type { Action, RouteSpec } from '../../src/contracts/rollout.ts';
import { beginRollout } from '../../src/rollout/steps/begin.ts';
import { openBake } from '../../src/rollout/steps/bake.ts';
import { ensureCanary } from '../../src/rollout/steps/ensure-canary.ts';
import { rollBackStopped } from '../../src/rollout/triggers/execution-stopped.ts';
import { finishRollout } from '../../src/rollout/steps/finish-rollout.ts';
import { liftFreeze, setFreeze } from '../../src/rollout/raise/freeze.ts';
import { findHolder } from '../../src/rollout/record/lock.ts';
import { readRecord } from '../../src/rollout/record/records.ts';
import { judgeBake } from '../../src/rollout/steps/judge-bake.ts';
import type { Ports } from '../../src/rollout/ports.ts';
import { noticeAlarm } from '../../src/rollout/triggers/alarm-raised.ts';
import { openRecordedImages } from '../../src/rollout/images/recorded.ts';
import { openRecordedAlarms } from '../../src/rollout/record/recorded-alarms.ts';
import { promote } from '../../src/rollout/steps/promote.ts';
import { enqueue } from '../../src/rollout/steps/queue.ts';
import { rollBack } from '../../src/rollout/steps/roll-back.ts';
import { fireSchedule } from '../../src/rollout/schedules/fired.ts';
import { shiftToStep } from '../../src/rollout/steps/shift-traffic.ts';
import { startRollout } from '../../src/rollout/actions/start-rollout.ts';
import { takeAction } from '../../src/rollout/actions/take-action.ts';
import { openTokenCipher } from '../../src/rollout/bake/token-cipher.ts';
import { noWorkloads } from '../../src/workloads/none.ts';
import { memoryMesh, memoryStore } from './memory.ts';

const START = Date.parse('2026-06-05T12:00:00Z');
export const target = { mesh: 'm', virtualRouter: 'r', route: 'r' };
/** Each service has a route of its own; the one of `d` is `target`. */
export const targetOf = (service: string) => (service === 'd' ? target : { ...target, route: service });
export const stableOf = (service: string): string => (service === 'd' ? 'v0' : `${service}-v0`);
const routeOf = (service: string) => ({ create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: targetOf(service).route } }) as const;
export const routeBeforeOf = (service: string): RouteSpec => ({ priority: 5, http2Route: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: stableOf(service), weight: 100 }] } } });
export const routeBefore = routeBeforeOf('d');

/** What the route's priority becomes when someone else changes it. */
export const OTHER_PRIORITY = 6;

/** An execution of canary.asl.json: the states that do something, in its order and with its catchers. */
interface Execution {
  readonly name: string;
  readonly input: { undo?: string; restore?: string; definition?: string; image?: { tag: string } };
  readonly startedAt: number;
  state: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  /** The rollout that it is about. */
  id: string;
  step: number;
  bake: number;
  seconds: number;
  endedBy: BakeEnd;
  error: string;
  cause: string;
  decision: Awaited<ReturnType<typeof judgeBake>> | undefined;
  token: string | undefined;
  due: number | undefined;
  entered: number;
  attempts: number;
}

const hasEnded = ({ status }: Execution): boolean => status !== 'RUNNING';

/** Rollouts on a mesh in memory, driven a state at a time, in any order, with time passed in. */
export function openModel(random: () => number, services: readonly string[] = ['d']) {
  const store = memoryStore();
  const mesh = memoryMesh();
  for (const service of services) {
    const { create, input } = routeOf(service);
    mesh.put({ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: stableOf(service), spec: {} } });
    mesh.put({ create, input: { ...input, spec: routeBeforeOf(service) } });
  }
  /** `bad`: every canary is, or the one of a service. */
  const model = { now: START, bad: false as boolean | string, idle: false, faults: 0, meddled: false };
  const executions: Execution[] = [];
  /** An execution is in one state at a time; others may be in theirs meanwhile. */
  const busy = new Set<Execution>();
  let tokens = 0;

  const byToken = (token: string | undefined): Execution => {
    const execution = executions.find((one) => one.token !== undefined && one.token === token && one.status === 'RUNNING');
    if (execution === undefined) throw new TaskTimedOut({ message: 'over', $metadata: {} });
    return execution;
  };
  const stepFunctions = {
    send: (command: unknown): Promise<unknown> => {
      if (command instanceof StartExecutionCommand) {
        const { name = '', input = '{}' } = command.input;
        if (executions.some((one) => one.name === name)) return Promise.reject(new ExecutionAlreadyExists({ message: name, $metadata: {} }));
        executions.push({ name, input: JSON.parse(input) as Execution['input'], startedAt: model.now, state: 'Plan', status: 'RUNNING', id: name, step: 0, bake: 0, seconds: 0, endedBy: 'time', error: '', cause: '', decision: undefined, token: undefined, due: undefined, entered: 0, attempts: 0 });
        return Promise.resolve({ executionArn: name });
      }
      if (command instanceof DescribeExecutionCommand) return Promise.resolve({ status: executions.find(({ name }) => name === command.input.executionArn)?.status ?? 'FAILED' });
      try {
        if (command instanceof SendTaskSuccessCommand) wake(byToken(command.input.taskToken), (JSON.parse(command.input.output ?? '{}') as { endedBy: Execution['endedBy'] }).endedBy);
        if (command instanceof SendTaskFailureCommand) fail(byToken(command.input.taskToken), command.input.error ?? '', command.input.cause ?? '');
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
      return Promise.resolve({});
    },
  } as unknown as SFNClient;

  const ports: Ports = {
    store,
    mesh,
    stepFunctions,
    metrics: {
      read: ({ canary: node, since }, wanted) => {
        const total = model.idle ? 0 : 400;
        const isBad = typeof model.bad === 'string' ? node.startsWith(`${model.bad}-`) : model.bad;
        const interval = { at: model.now, canary: { total, bad: isBad ? total / 2 : 0 }, stable: { total, bad: 0 } };
        const reading = { intervals: since < model.now ? [interval] : [], now: model.now, lastReportAt: model.now, staleAfterMs: 10_000, periodMs: 1000, behind: 2 };
        return Promise.resolve({ requests: reading, metrics: Object.fromEntries(wanted.map(({ metric }) => [metric.name, reading])) });
      },
    },
    alarms: openRecordedAlarms(store),
    images: openRecordedImages(store, () => model.now),
    schedules: { apply: () => Promise.resolve(), remove: () => Promise.resolve() },
    bakeWatch: { begin: () => Promise.resolve(), end: () => Promise.resolve() },
    workloads: { none: noWorkloads, process: noWorkloads, ecs: noWorkloads, lambda: noWorkloads },
    publish: () => Promise.resolve(),
    callHook: () => Promise.resolve({ outcome: random() < 0.7 ? 'pass' : random() < 0.7 ? 'inconclusive' : 'fail', reason: '' }),
    canaryStateMachineArn: 'canary',
    cipher: openTokenCipher(undefined),
    clock: () => model.now,
    wait: () => Promise.resolve(),
    log: silent,
  };

  const go = (execution: Execution, state: string): void => {
    Object.assign(execution, { state, token: undefined, due: undefined, attempts: 0, entered: execution.entered + 1 });
    if (execution.state === 'Succeeded') execution.status = 'SUCCEEDED';
    if (execution.state === 'GivenUp') execution.status = 'FAILED';
  };
  const wake = (execution: Execution, endedBy: Execution['endedBy']): void => {
    execution.endedBy = endedBy;
    go(execution, execution.state === 'Bake' ? 'Judge' : 'Plan');
  };
  /** Whatever goes wrong leads to the roll-back, and from there to saying so. */
  const fail = (execution: Execution, error: string, cause: string): void => {
    Object.assign(execution, { error, cause });
    go(execution, execution.state === 'RollBack' || execution.state === 'Undo' ? 'SayFailed' : execution.state === 'SayFailed' ? 'GivenUp' : 'RollBack');
  };
  const awaitToken = (execution: Execution, seconds: number): string => {
    tokens += 1;
    Object.assign(execution, { token: `token-${tokens}`, due: model.now + seconds * 1000 });
    return `token-${tokens}`;
  };

  const STATES: Readonly<Record<string, (execution: Execution) => Promise<void>>> = {
    Plan: async (execution) => {
      const { undo, id, error, reason } = await beginRollout(ports, { id: execution.name, executionArn: execution.name, requestedAt: execution.startedAt, request: execution.input as never });
      Object.assign(execution, { id, error, cause: reason });
      go(execution, undo ? 'Undo' : 'EnsureCanary');
    },
    Queue: async (execution) => {
      const token = awaitToken(execution, Math.min(3600, Math.max(15, (model.now - execution.startedAt) / 1000)));
      await enqueue(ports, { id: execution.name, definition: execution.input.definition ?? '', requestedAt: execution.startedAt, token });
    },
    Undo: async (execution) => {
      await rollBack(ports, { id: execution.id, error: execution.error, reason: execution.cause });
      go(execution, 'Succeeded');
    },
    EnsureCanary: async (execution) => {
      await ensureCanary(ports, execution.id);
      go(execution, 'AddTarget');
    },
    AddTarget: async (execution) => {
      await shiftToStep(ports, execution.id, -1);
      execution.step = 0;
      go(execution, 'Shift');
    },
    Shift: async (execution) => {
      execution.seconds = (await shiftToStep(ports, execution.id, execution.step)).bakeSeconds;
      go(execution, 'Bake');
    },
    Bake: async (execution) => {
      const { id, bake, seconds } = execution;
      const token = awaitToken(execution, seconds);
      await openBake(ports, { id, bake, seconds, token });
    },
    Judge: async (execution) => {
      const { id, bake, endedBy } = execution;
      const decision = await judgeBake(ports, { id, bake, endedBy });
      Object.assign(execution, { bake: bake + 1, step: decision.step, seconds: decision.bakeSeconds });
      if (decision.action === 'rollBack') fail(execution, decision.error, decision.reason);
      else go(execution, { advance: 'Shift', hold: 'Bake', promote: 'Promote', finish: 'Finish' }[decision.action]);
    },
    Promote: async (execution) => {
      execution.seconds = (await promote(ports, execution.id)).bakeSeconds;
      go(execution, execution.seconds > 0 ? 'Bake' : 'Finish');
    },
    Finish: async (execution) => {
      await finishRollout(ports, { id: execution.id });
      go(execution, 'Succeeded');
    },
    RollBack: async (execution) => {
      const { waitSeconds } = await rollBack(ports, { id: execution.id, error: execution.error, reason: execution.cause, request: execution.input, gradual: true });
      if (waitSeconds === 0) {
        go(execution, 'GivenUp');
        return;
      }
      go(execution, 'Lowered');
      execution.due = model.now + waitSeconds * 1000;
    },
    SayFailed: async (execution) => {
      await finishRollout(ports, { id: execution.id, failed: { error: execution.error, reason: execution.cause } });
      go(execution, 'GivenUp');
    },
  };
  const RETRIED = new Set(['TransientFault', 'ConditionFailed', 'ResourceChanged']);
  const attemptsOf = (state: string): number => (['RollBack', 'Undo', 'Finish', 'SayFailed'].includes(state) ? 80 : 8);

  /** Runs the state that an execution is in; a call may fail before it did anything, or after it did all. */
  async function run(execution: Execution): Promise<void> {
    const { state } = execution;
    const handler = STATES[state];
    if (busy.has(execution) || handler === undefined || execution.token !== undefined || execution.due !== undefined || execution.status !== 'RUNNING') return;
    const fault = model.faults > random() ? (random() < 0.5 ? 'before' : 'after') : undefined;
    // The answer that gets lost must not move the execution on.
    const copy = { ...execution };
    busy.add(execution);
    try {
      if (fault === 'before') throw new TransientFault('before');
      await handler(fault === 'after' ? copy : execution);
      if (fault === 'after' && state !== 'Bake' && state !== 'Queue') throw new TransientFault('after');
    } catch (error) {
      const { name, message } = error as Error;
      // Meanwhile it may have been stopped, or its task ended by its token.
      if (execution.state !== state || hasEnded(execution)) return;
      execution.attempts += 1;
      Object.assign(execution, { token: undefined, due: undefined });
      if (state === 'Plan' && name === 'RouteLocked') go(execution, 'Queue');
      else if (!RETRIED.has(name) || execution.attempts > attemptsOf(state)) fail(execution, name, message);
    } finally {
      busy.delete(execution);
    }
  }

  return {
    ...{ model, store, mesh, ports, executions, services },
    running: () => executions.filter(({ status }) => status === 'RUNNING'),
    run,
    start: (tag: string, definition = 'd') => startRollout(ports, { definition, image: { tag } }),
    act: (id: string, action: Action, who: string) => takeAction(ports, id, { action, who, reason: '' }),
    alarm: (name: string, value: 'OK' | 'ALARM') =>
      noticeAlarm(ports, { source: 'meshshift.sample', 'detail-type': 'CloudWatch Alarm State Change', time: new Date(model.now).toISOString(), detail: { alarmName: name, state: { value, reason: '', timestamp: new Date(model.now).toISOString() } } }),
    /** A time of the schedules of `d` comes. */
    fire: (schedule: 'start' | 'advance', at = model.now) => fireSchedule(ports, { schedule, definition: 'd', at: new Date(at).toISOString(), run: '' }),
    freeze: () => setFreeze(ports, { who: 'x', reason: 'y', for: random() < 0.5 ? undefined : 3600 }),
    lift: () => liftFreeze(ports),
    route: async (service = 'd') => (await mesh.describe(routeOf(service)))!.spec as RouteSpec,
    /** Someone else writes the route while a rollout has both its sides in it: weights of their own, or what is beyond weights. */
    meddle: async (what: 'weights' | 'priority'): Promise<void> => {
      const holder = await findHolder(store, target);
      if (holder === undefined) return;
      const { stable, canary } = await readRecord(store, holder);
      const route = routeOf('d');
      const { spec, version } = (await mesh.describe(route)) as { spec: RouteSpec; version: number };
      const targets = targetsOf(spec);
      if (![stable, canary].every((node) => targets.some(({ virtualNode }) => virtualNode === node))) return;
      model.meddled = true;
      const changed = what === 'priority' ? { ...spec, priority: OTHER_PRIORITY } : withTargets(spec, applyWeights(targets, { [stable]: 37, [canary]: 63 }, stable));
      await mesh.update({ ...route, input: { ...route.input, spec: changed } }, version).catch((error: unknown) => {
        if ((error as Error).name !== 'ResourceChanged') throw error;
      });
    },
    /** To the next end of a wait; false when nothing waits. */
    passTime: (): boolean => {
      const due = executions.filter(({ status, due: at }) => status === 'RUNNING' && at !== undefined).sort((a, b) => a.due! - b.due!)[0];
      if (due === undefined) return false;
      model.now = Math.max(model.now + 1, due.due!);
      if (due.state === 'Lowered') go(due, 'RollBack');
      else if (due.state === 'Queue') go(due, 'Plan');
      else wake(due, 'time');
      return true;
    },
    /** Someone stops an execution: what it could not do itself is done in its place, and tried until it is. */
    stop: async (execution: Execution): Promise<void> => {
      if (execution.status === 'RUNNING') execution.status = 'ABORTED';
      const detail = { name: execution.name, input: JSON.stringify(execution.input), executionArn: execution.name, status: 'ABORTED' as const };
      await rollBackStopped(ports, { source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', detail });
    },
  };
}
export type Model = ReturnType<typeof openModel>;
