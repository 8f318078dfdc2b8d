import type { Json } from '../../../json.ts';
import type { MapState } from '../../asl/types.ts';
import { evaluationError } from '../../jsonata/evaluate.ts';
import { removeThread, type ChildrenWait, type Thread } from '../frame.ts';
import { leave } from '../leave.ts';
import { asStatesError, failState } from '../recover.ts';
import { bindingsOf, checkSize, emit, suspend, write, type Run } from '../run.ts';
import { abortChildren, startThread } from '../threads.ts';

/** An inline Map runs at most so many iterations at once, whatever MaxConcurrency says. */
const INLINE_CONCURRENCY = 40;

async function itemsOf(run: Run, thread: Thread, state: MapState): Promise<Json[]> {
  const items = state.Items === undefined ? thread.input : await run.context.evaluator.evaluate(state.Items, 'Items', bindingsOf(run, thread));
  if (!Array.isArray(items)) throw evaluationError(`The value specified for the field 'Items' is no array.`, 'Items');
  return items;
}

async function concurrencyOf(run: Run, thread: Thread, state: MapState): Promise<number> {
  const value = await run.context.evaluator.evaluate(state.MaxConcurrency ?? 0, 'MaxConcurrency', bindingsOf(run, thread));
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw evaluationError(`The value ${JSON.stringify(value)} of the field 'MaxConcurrency' is no integer of at least 0.`, 'MaxConcurrency');
  }
  return value === 0 ? INLINE_CONCURRENCY : Math.min(value, INLINE_CONCURRENCY);
}

const iteration = (thread: Thread, index: number): { name: string; index: number } => ({ name: thread.state, index });

/** Starts the next item; its first event follows `last`. */
async function startItem(run: Run, thread: Thread, state: MapState, wait: ChildrenWait, last: number): Promise<void> {
  const index = wait.next;
  wait.next += 1;
  const item = { Index: index, Value: wait.inputs[index] ?? null };
  const input =
    state.ItemSelector === undefined ? item.Value : await run.context.evaluator.evaluate(state.ItemSelector, 'ItemSelector', bindingsOf(run, thread, { item }));
  checkSize(input, `The input of an iteration of '${thread.state}'`);
  const started = write(run, last, 'MapIterationStarted', { mapIterationStartedEventDetails: iteration(thread, index) });
  startThread(run, thread, index, input, started, item);
}

export async function runMap(run: Run, thread: Thread, state: MapState): Promise<void> {
  const inputs = await itemsOf(run, thread, state);
  const concurrency = await concurrencyOf(run, thread, state);
  const started = emit(run, thread, 'MapStateStarted', { mapStateStartedEventDetails: { length: inputs.length } });
  const wait: ChildrenWait = { kind: 'children', inputs, results: inputs.map(() => null), next: 0, done: 0 };
  suspend(thread, wait);
  while (wait.next < Math.min(concurrency, inputs.length)) await startItem(run, thread, state, wait, started);
  if (inputs.length === 0) await endMap(run, thread, state, wait);
}

/** Counts an item that ended and starts the next in its place, whose first event follows the last one of the item that ended. */
export async function itemFinished(run: Run, thread: Thread, state: MapState, item: Thread, output: Json): Promise<void> {
  const { wait } = thread;
  if (wait?.kind !== 'children') throw new Error(`state ${thread.state} does not wait for items`);
  const index = item.slot ?? 0;
  wait.results[index] = output;
  wait.done += 1;
  removeThread(run.frame, item.id);
  const succeeded = write(run, item.last, 'MapIterationSucceeded', { mapIterationSucceededEventDetails: iteration(thread, index) });
  try {
    if (wait.next < wait.inputs.length) await startItem(run, thread, state, wait, item.last);
  } catch (failure) {
    abortChildren(run, thread);
    await failState(run, thread, asStatesError(failure, thread));
    return;
  }
  if (wait.done < wait.inputs.length) return;
  thread.last = succeeded;
  await endMap(run, thread, state, wait);
}

/** MapStateSucceeded stands aside: the exit follows what was before it, as in Step Functions. */
async function endMap(run: Run, thread: Thread, state: MapState, { results }: ChildrenWait): Promise<void> {
  write(run, thread.last, 'MapStateSucceeded');
  delete thread.wait;
  try {
    await leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Next, fallback: results }, { result: results });
  } catch (failure) {
    await failState(run, thread, asStatesError(failure, thread));
  }
}
