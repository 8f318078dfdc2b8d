import type { Json } from '../../json.ts';
import type { RecoveringState, Retrier, State } from '../asl/types.ts';
import { matchesError, StatesError } from '../errors.ts';
import { removeThread, type Thread } from './frame.ts';
import { errorOf } from './history.ts';
import { leave } from './leave.ts';
import { emit, parentOf, stateOf, suspend, write, type Run } from './run.ts';
import { abortChildren, endWithError } from './threads.ts';

/** Amazon States Language's defaults. */
const DEFAULTS = { MaxAttempts: 3, IntervalSeconds: 1, BackoffRate: 2 };

const recovers = (state: State): state is RecoveringState => state.Type === 'Task' || state.Type === 'Parallel' || state.Type === 'Map';

/**
 * Milliseconds until attempt `used` + 1: interval × rate^used, at most MaxDelaySeconds; full jitter takes a random part of it.
 * `random` is in [0, 1).
 */
export function retryDelay(retrier: Retrier, used: number, random: number): number {
  const { IntervalSeconds, BackoffRate, MaxDelaySeconds, JitterStrategy } = { ...DEFAULTS, ...retrier };
  const seconds = Math.min(IntervalSeconds * BackoffRate ** used, MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return Math.round((JitterStrategy === 'FULL' ? random * seconds : seconds) * 1000);
}

/** `$states.errorOutput` of an error. */
const errorOutput = ({ error, reason }: StatesError): Json => ({ Error: error ?? null, Cause: reason ?? null });

function tryAgain(run: Run, thread: Thread, state: RecoveringState, error: StatesError): boolean {
  const index = state.Retry?.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error)) ?? -1;
  const retrier = state.Retry?.[index];
  if (retrier === undefined) return false;
  const used = thread.retries[index] ?? 0;
  if (used >= (retrier.MaxAttempts ?? DEFAULTS.MaxAttempts)) return false;
  thread.retries = Array.from({ length: Math.max(thread.retries.length, index + 1) }, (_, at) => (thread.retries[at] ?? 0) + (at === index ? 1 : 0));
  thread.retryCount += 1;
  suspend(thread, { kind: 'retry', until: run.context.now + retryDelay(retrier, used, run.context.random()) });
  return true;
}

function tellEvaluation(run: Run, thread: Thread, { error, reason, location }: StatesError): void {
  if (location === undefined) return;
  emit(run, thread, 'EvaluationFailed', { evaluationFailedEventDetails: { error, cause: reason, location, state: thread.state } });
}

/** A state failed: it is tried again, or a catcher takes over, or its thread fails. */
export async function failState(run: Run, thread: Thread, error: StatesError): Promise<void> {
  const state = stateOf(run, thread);
  tellEvaluation(run, thread, error);
  if (!recovers(state)) return failThread(run, thread, error);
  if (tryAgain(run, thread, state, error)) return undefined;
  const index = state.Catch?.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error)) ?? -1;
  const catcher = state.Catch?.[index];
  if (catcher === undefined) return failThread(run, thread, error);
  const caught = errorOutput(error);
  try {
    delete thread.wait;
    await leave(run, thread, state, { ...catcher, fallback: caught, at: `Catch[${index}]/` }, { errorOutput: caught });
  } catch (failure) {
    // What a catcher itself gets wrong is caught by no one here.
    const own = asStatesError(failure, thread);
    tellEvaluation(run, thread, own);
    await failThread(run, thread, own);
  }
  return undefined;
}

/** Nothing caught an error of a thread: the execution fails, or the Parallel or Map around it does. */
export async function failThread(run: Run, thread: Thread, error: StatesError): Promise<void> {
  const { frame } = run;
  const parent = parentOf(run, thread);
  if (parent === undefined) {
    write(run, thread.last, 'ExecutionFailed', { executionFailedEventDetails: errorOf(error.error, error.reason) });
    endWithError(run, 'FAILED', error);
    return;
  }
  const state = stateOf(run, parent);
  if (state.Type !== 'Map' && state.Type !== 'Parallel') throw new Error(`state ${parent.state} has no branches that could fail`);
  if (state.Type === 'Map') emit(run, thread, 'MapIterationFailed', { mapIterationFailedEventDetails: { name: parent.state, index: thread.slot ?? 0 } });
  removeThread(frame, thread.id);
  abortChildren(run, parent);
  parent.last = thread.last;
  emit(run, parent, `${state.Type}StateFailed`);
  // An evaluation that failed is told once, where it failed.
  await failState(run, parent, new StatesError(error.error, error.reason, undefined, error.alias));
}

/** Any error of a step as a States error, saying in which state it happened. */
export function asStatesError(failure: unknown, thread: Thread): StatesError {
  if (!(failure instanceof StatesError)) throw failure;
  const where = `An error occurred while executing the state '${thread.state}' (entered at the event id #${thread.enteredEvent}). `;
  return new StatesError(failure.error, `${where}${failure.reason ?? ''}`, failure.location, failure.alias);
}
