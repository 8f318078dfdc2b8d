import type { Json } from '../../json.ts';
import type { State } from '../asl/types.ts';
import { StatesError } from '../errors.ts';
import { dueOf, isRunnable, threadsOf, type Frame, type TaskWait, type Thread } from './frame.ts';
import { errorOf, inputOf, type EventType, type HistoryEvent } from './history.ts';
import { asStatesError, failState } from './recover.ts';
import { emit, MAX_EVENTS, resume, stateOf, write, type Command, type Run, type StepContext } from './run.ts';
import { itemFinished, runMap } from './states/map.ts';
import { branchFinished, runParallel } from './states/parallel.ts';
import { endWait, runChoice, runFail, runPass, runSucceed, runWait } from './states/simple.ts';
import { runTask, taskFailed, taskSubmitted, taskSucceeded, taskTimedOut } from './states/task.ts';
import { abortChildren, endWithError, startThread } from './threads.ts';

/** What reaches an execution from outside. */
export type Signal =
  | { readonly kind: 'start'; readonly timeoutSeconds?: number }
  | { readonly kind: 'continue' }
  | { readonly kind: 'timeReached' }
  | { readonly kind: 'taskSubmitted'; readonly task: number; readonly output: Json }
  | { readonly kind: 'taskSucceeded'; readonly task: number; readonly output: Json }
  | { readonly kind: 'taskFailed'; readonly task: number; readonly error: string | undefined; readonly cause: string | undefined }
  | { readonly kind: 'heartbeat'; readonly task: number }
  | { readonly kind: 'stop'; readonly error: string | undefined; readonly cause: string | undefined };

export interface Step {
  readonly frame: Frame;
  readonly events: readonly HistoryEvent[];
  readonly commands: readonly Command[];
  /** False when the signal found nothing to act on: a late answer, or an execution that has ended. */
  readonly accepted: boolean;
}

/** A step is stored at latest after so many events, so that a loop of Pass states stays interruptible. */
const EVENTS_PER_STEP = 200;

type Runner = (run: Run, thread: Thread, state: never) => Promise<void>;

const RUNNERS: Readonly<Record<State['Type'], Runner>> = {
  Pass: runPass,
  Succeed: runSucceed,
  Fail: runFail,
  Choice: runChoice,
  Wait: runWait,
  Task: runTask,
  Parallel: runParallel,
  Map: runMap,
};

const childFinished: Run['childFinished'] = async (run, parent, child, output) => {
  const state = stateOf(run, parent);
  if (state.Type === 'Map') await itemFinished(run, parent, state, child, output);
  if (state.Type === 'Parallel') await branchFinished(run, parent, state, child, output);
};

function enter(run: Run, thread: Thread): void {
  const { Type } = stateOf(run, thread);
  Object.assign(thread, { retries: [], retryCount: 0, enteredAt: run.context.now });
  thread.enteredEvent = emit(run, thread, `${Type}StateEntered` as EventType, { stateEnteredEventDetails: { name: thread.state, ...inputOf(thread.input) } });
  resume(run, thread, 'execute');
}

async function execute(run: Run, thread: Thread): Promise<void> {
  const state = stateOf(run, thread);
  try {
    await RUNNERS[state.Type](run, thread, state as never);
  } catch (failure) {
    // A Parallel or Map that failed while starting leaves nothing behind.
    if (run.frame.threads[thread.id] !== undefined) abortChildren(run, thread);
    await failState(run, thread, asStatesError(failure, thread));
  }
}

/** Runs until every thread waits, the execution ends, or the step is long enough to be stored. */
async function advance(run: Run): Promise<void> {
  const { frame, queue, events } = run;
  while (queue.length > 0 && events.length < EVENTS_PER_STEP) {
    const thread = frame.threads[queue.shift() as number];
    if (thread?.phase === 'enter') enter(run, thread);
    else if (thread?.phase === 'execute') await execute(run, thread);
    if (frame.nextEvent >= MAX_EVENTS && frame.status === 'RUNNING') endByLength(run);
  }
}

/** The last event a history has room for tells that it is full. */
function endByLength(run: Run): void {
  const reason = `The execution reached the maximum number of history events (${MAX_EVENTS}).`;
  write(run, 0, 'ExecutionFailed', { executionFailedEventDetails: { error: 'States.Runtime', cause: reason } });
  endWithError(run, 'FAILED', { error: 'States.Runtime', reason });
}

function start(run: Run, timeoutSeconds: number | undefined): boolean {
  const { context, frame } = run;
  if (frame.nextEvent > 1) return false;
  const { input, roleArn } = context.execution;
  write(run, 0, 'ExecutionStarted', { executionStartedEventDetails: { ...inputOf(input), roleArn } });
  if (timeoutSeconds !== undefined) frame.deadline = context.now + timeoutSeconds * 1000;
  // The first state's event names no previous one, as in Step Functions.
  startThread(run, undefined, 0, input, 0);
  return true;
}

const lastEvent = (run: Run): number => threadsOf(run.frame)[0]?.last ?? 0;

function stop(run: Run, error: string | undefined, cause: string | undefined): boolean {
  write(run, lastEvent(run), 'ExecutionAborted', { executionAbortedEventDetails: errorOf(error, cause) });
  endWithError(run, 'ABORTED', new StatesError(error, cause));
  return true;
}

async function wake(run: Run, thread: Thread): Promise<void> {
  const { wait } = thread;
  if (wait?.kind === 'task') return taskTimedOut(run, thread, wait);
  if (wait?.kind === 'retry') {
    resume(run, thread, 'execute');
    return undefined;
  }
  const state = stateOf(run, thread);
  if (state.Type !== 'Wait') throw new Error(`state ${thread.state} waits for no time`);
  try {
    delete thread.wait;
    await endWait(run, thread, state);
  } catch (failure) {
    await failState(run, thread, asStatesError(failure, thread));
  }
  return undefined;
}

async function timeReached(run: Run): Promise<boolean> {
  const { frame, context } = run;
  if (frame.deadline !== undefined && frame.deadline <= context.now) {
    write(run, lastEvent(run), 'ExecutionTimedOut', { executionTimedOutEventDetails: { error: 'States.Timeout' } });
    endWithError(run, 'TIMED_OUT', { error: 'States.Timeout', reason: undefined });
    return true;
  }
  const due = threadsOf(frame).filter((thread) => dueOf(thread) <= context.now);
  for (const thread of due) {
    // One that failed may have ended the others.
    if (frame.threads[thread.id] === thread) await wake(run, thread);
  }
  return due.length > 0;
}

async function answer(run: Run, signal: Extract<Signal, { task: number }>): Promise<boolean> {
  const thread = threadsOf(run.frame).find(({ wait }) => wait?.kind === 'task' && wait.task === signal.task);
  if (thread === undefined) return false;
  const wait = thread.wait as TaskWait;
  if (signal.kind === 'heartbeat') {
    if (wait.heartbeatMs !== undefined) wait.heartbeatAt = run.context.now + wait.heartbeatMs;
    return true;
  }
  if (signal.kind === 'taskSubmitted') taskSubmitted(run, thread, wait, signal.output);
  if (signal.kind === 'taskFailed') await taskFailed(run, thread, wait, signal.error, signal.cause);
  if (signal.kind !== 'taskSucceeded') return true;
  // Only now: a failure may have taken the thread, and its parent on to another state.
  const state = stateOf(run, thread);
  if (state.Type === 'Task') await taskSucceeded(run, thread, state, wait, signal.output);
  return true;
}

async function apply(run: Run, signal: Signal): Promise<boolean> {
  switch (signal.kind) {
    case 'start':
      return start(run, signal.timeoutSeconds);
    case 'continue':
      return isRunnable(run.frame);
    case 'timeReached':
      return timeReached(run);
    case 'stop':
      return stop(run, signal.error, signal.cause);
    default:
      return answer(run, signal);
  }
}

/**
 * The interpreter: a frame and a signal give the next frame, the history events in between and what is to be done once they are stored.
 * It reads nothing but its arguments; `frame` is left as it is.
 */
export async function step(before: Frame, signal: Signal, context: StepContext): Promise<Step> {
  const frame = structuredClone(before);
  if (frame.status !== 'RUNNING') return { frame, events: [], commands: [], accepted: false };
  const queue = threadsOf(frame).flatMap(({ id, phase }) => (phase === 'waiting' ? [] : [id]));
  const run: Run = { frame, context, events: [], commands: [], queue, childFinished };
  const accepted = await apply(run, signal);
  await advance(run);
  return { frame, events: run.events, commands: run.commands, accepted };
}

/** Ends an execution that the interpreter itself failed on: an execution that hangs for good would be worse. */
export function abandon(before: Frame, reason: string, context: StepContext): Step {
  const frame = structuredClone(before);
  const run: Run = { frame, context, events: [], commands: [], queue: [], childFinished };
  write(run, lastEvent(run), 'ExecutionFailed', { executionFailedEventDetails: { error: 'States.Runtime', cause: reason } });
  endWithError(run, 'FAILED', { error: 'States.Runtime', reason });
  return { frame, events: run.events, commands: run.commands, accepted: true };
}
