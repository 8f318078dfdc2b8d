import type { Json } from '../../json.ts';
import type { State } from '../asl/types.ts';
import type { Thread } from './frame.ts';
import { assignedOf, outputOf, type EventType } from './history.ts';
import { bindingsOf, checkSize, emit, resume, type Extra, type Run } from './run.ts';
import { finishThread } from './threads.ts';

/** How a state is left: what `Output` and `Assign` say there, and what the output is without `Output`. */
export interface Exit {
  readonly Output?: Json | undefined;
  readonly Assign?: Readonly<Record<string, Json>> | undefined;
  readonly Next?: string | undefined;
  readonly fallback: Json;
  /** Prefix of fields in error messages, as `Catch[0]/`. */
  readonly at?: string;
}

/** Evaluates Output and Assign over the variables as they were, then leaves the state. */
export async function leave(run: Run, thread: Thread, state: State, exit: Exit, extra: Extra = {}): Promise<void> {
  const { evaluator } = run.context;
  const bindings = bindingsOf(run, thread, extra);
  const at = exit.at ?? '';
  const assigned = exit.Assign === undefined ? {} : ((await evaluator.evaluate(exit.Assign, `${at}Assign`, bindings)) as Record<string, Json>);
  const output = exit.Output === undefined ? exit.fallback : await evaluator.evaluate(exit.Output, `${at}Output`, bindings);
  for (const [name, value] of Object.entries(assigned)) checkSize(value, `The variable '${name}'`);
  checkSize(output, `The output of the state '${thread.state}'`);

  Object.assign(thread.variables, assigned);
  emit(run, thread, `${state.Type}StateExited` as EventType, { stateExitedEventDetails: { name: thread.state, ...outputOf(output), ...assignedOf(assigned) } });
  if (exit.Next === undefined) return finishThread(run, thread, output);
  thread.state = exit.Next;
  thread.input = output;
  resume(run, thread, 'enter');
  return undefined;
}
