import { MAX_SECONDS } from '../../asl/fields.ts';
import type { ChoiceState, FailState, PassState, SucceedState, WaitState } from '../../asl/types.ts';
import type { Json } from '../../../json.ts';
import { StatesError } from '../../errors.ts';
import { evaluationError } from '../../jsonata/evaluate.ts';
import type { Thread } from '../frame.ts';
import { leave } from '../leave.ts';
import { failThread } from '../recover.ts';
import { bindingsOf, suspend, type Run } from '../run.ts';

export const runPass = (run: Run, thread: Thread, state: PassState): Promise<void> =>
  leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Next, fallback: thread.input });

export const runSucceed = (run: Run, thread: Thread, state: SucceedState): Promise<void> =>
  leave(run, thread, state, { Output: state.Output, fallback: thread.input });

async function text(run: Run, thread: Thread, field: 'Error' | 'Cause', template: string | undefined): Promise<string | undefined> {
  if (template === undefined) return undefined;
  const value = await run.context.evaluator.evaluate(template, field, bindingsOf(run, thread));
  if (typeof value !== 'string') throw evaluationError(`The JSONata expression specified for the field '${field}' returned a value that is no string.`, field);
  return value;
}

/** Fail has no exit: its thread ends with the error it names. */
export async function runFail(run: Run, thread: Thread, state: FailState): Promise<void> {
  const error = await text(run, thread, 'Error', state.Error);
  const cause = await text(run, thread, 'Cause', state.Cause);
  await failThread(run, thread, new StatesError(error, cause));
}

/** The first rule whose condition holds decides; without one, Default; without that, States.NoChoiceMatched. */
export async function runChoice(run: Run, thread: Thread, state: ChoiceState): Promise<void> {
  for (const [index, rule] of state.Choices.entries()) {
    const field = `Choices[${index}]/Condition`;
    const holds = await run.context.evaluator.evaluate(rule.Condition, field, bindingsOf(run, thread));
    if (typeof holds !== 'boolean') throw evaluationError(`The JSONata expression specified for the field '${field}' returned ${JSON.stringify(holds)}, not a boolean.`, field);
    if (holds) {
      await leave(run, thread, state, { Output: rule.Output, Assign: rule.Assign, Next: rule.Next, fallback: thread.input, at: `Choices[${index}]/` });
      return;
    }
  }
  if (state.Default === undefined) throw new StatesError('States.NoChoiceMatched', 'No choice rule matched and the state has no Default.');
  await leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Default, fallback: thread.input });
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function untilOf(now: number, field: 'Seconds' | 'Timestamp', value: Json): number {
  if (field === 'Timestamp') {
    const at = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(at)) throw evaluationError(`The value ${JSON.stringify(value)} of the field 'Timestamp' is no RFC 3339 timestamp such as 2026-01-31T12:00:00Z.`, field);
    return at;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_SECONDS) {
    throw evaluationError(`The value ${JSON.stringify(value)} of the field 'Seconds' is no integer from 0 to ${MAX_SECONDS}.`, field);
  }
  return now + value * 1000;
}

export async function runWait(run: Run, thread: Thread, state: WaitState): Promise<void> {
  const field = state.Seconds === undefined ? 'Timestamp' : 'Seconds';
  const value = await run.context.evaluator.evaluate(state[field] ?? null, field, bindingsOf(run, thread));
  suspend(thread, { kind: 'wait', until: untilOf(run.context.now, field, value) });
}

/** The wait is over. */
export const endWait = (run: Run, thread: Thread, state: WaitState): Promise<void> =>
  leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Next, fallback: thread.input });
