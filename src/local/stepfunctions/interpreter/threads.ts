import type { Json } from '../../json.ts';
import type { StatesError } from '../errors.ts';
import { removeThread, threadsOf, type Thread } from './frame.ts';
import { outputOf, type EventType } from './history.ts';
import { emit, machineOf, parentOf, stateOf, write, type Run } from './run.ts';

/** Starts a thread at its machine's first state. */
export function startThread(run: Run, parent: Thread | undefined, slot: number, input: Json, last: number, item?: Thread['item']): Thread {
  const { frame, context } = run;
  const id = frame.nextThread;
  frame.nextThread += 1;
  const thread: Thread = {
    id,
    ...(parent === undefined ? {} : { parent: parent.id, slot }),
    ...(item === undefined ? {} : { item }),
    state: '',
    phase: 'enter',
    input,
    variables: {},
    last,
    enteredEvent: 0,
    enteredAt: context.now,
    retries: [],
    retryCount: 0,
  };
  frame.threads[id] = thread;
  thread.state = machineOf(run, thread).StartAt;
  run.queue.push(id);
  return thread;
}

/** A thread reached its end: the execution succeeds, or the Parallel or Map around it counts it. */
export async function finishThread(run: Run, thread: Thread, output: Json): Promise<void> {
  const { frame } = run;
  const parent = parentOf(run, thread);
  if (parent === undefined) {
    write(run, thread.last, 'ExecutionSucceeded', { executionSucceededEventDetails: outputOf(output) });
    end(run, 'SUCCEEDED');
    frame.output = output;
    return;
  }
  await run.childFinished(run, parent, thread, output);
}

const ABORTABLE: Readonly<Record<string, EventType>> = { Task: 'TaskStateAborted', Wait: 'WaitStateAborted', Parallel: 'ParallelStateAborted', Map: 'MapStateAborted' };

/** Ends the threads of a Parallel or Map, deepest first, and cancels their tasks. */
export function abortChildren(run: Run, parent: Thread): void {
  const parentType = stateOf(run, parent).Type;
  for (const thread of threadsOf(run.frame).filter((each) => each.parent === parent.id)) {
    abortChildren(run, thread);
    const type = ABORTABLE[stateOf(run, thread).Type];
    if (type !== undefined && thread.phase === 'waiting') emit(run, thread, type);
    if (parentType === 'Map') emit(run, thread, 'MapIterationAborted', { mapIterationAbortedEventDetails: { name: parent.state, index: thread.slot ?? 0 } });
    cancelTask(run, thread);
    removeThread(run.frame, thread.id);
  }
}

/** Tells the executor that nobody waits for a thread's task any more. */
function cancelTask({ commands }: Run, { wait }: Thread): void {
  if (wait?.kind === 'task') commands.push({ kind: 'cancel', task: wait.task });
}

/** Closes the execution: no thread goes on. */
function end(run: Run, status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'): void {
  run.frame.status = status;
  for (const thread of threadsOf(run.frame)) cancelTask(run, thread);
  run.frame.threads = {};
  run.queue.length = 0;
}

export function endWithError(run: Run, status: 'FAILED' | 'TIMED_OUT' | 'ABORTED', { error, reason }: Pick<StatesError, 'error' | 'reason'>): void {
  end(run, status);
  if (error !== undefined && error !== '') run.frame.error = error;
  if (reason !== undefined && reason !== '') run.frame.cause = reason;
}
