import type { Json } from '../../../json.ts';
import type { ParallelState } from '../../asl/types.ts';
import { removeThread, type Thread } from '../frame.ts';
import { leave } from '../leave.ts';
import { asStatesError, failState } from '../recover.ts';
import { bindingsOf, checkSize, emit, suspend, write, type Run } from '../run.ts';
import { startThread } from '../threads.ts';

/** Starts every branch; each branch's first event follows ParallelStateStarted. */
export async function runParallel(run: Run, thread: Thread, state: ParallelState): Promise<void> {
  const input = state.Arguments === undefined ? thread.input : await run.context.evaluator.evaluate(state.Arguments, 'Arguments', bindingsOf(run, thread));
  checkSize(input, `The input of the branches of '${thread.state}'`);
  const started = emit(run, thread, 'ParallelStateStarted');
  suspend(thread, { kind: 'children', inputs: [], results: state.Branches.map(() => null), next: state.Branches.length, done: 0 });
  for (const slot of state.Branches.keys()) startThread(run, thread, slot, input, started);
}

/** Counts a branch that ended; the last one ends the state. Succeeded and Exited both follow that branch's last event. */
export async function branchFinished(run: Run, thread: Thread, state: ParallelState, branch: Thread, output: Json): Promise<void> {
  const { wait } = thread;
  if (wait?.kind !== 'children') throw new Error(`state ${thread.state} does not wait for branches`);
  wait.results[branch.slot ?? 0] = output;
  wait.done += 1;
  removeThread(run.frame, branch.id);
  if (wait.done < state.Branches.length) return;
  thread.last = branch.last;
  write(run, thread.last, 'ParallelStateSucceeded');
  const result = wait.results;
  delete thread.wait;
  try {
    await leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Next, fallback: result }, { result });
  } catch (failure) {
    await failState(run, thread, asStatesError(failure, thread));
  }
}
