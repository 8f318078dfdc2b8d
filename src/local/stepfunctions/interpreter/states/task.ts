import type { Json } from '../../../json.ts';
import { MAX_SECONDS } from '../../asl/fields.ts';
import type { TaskState } from '../../asl/types.ts';
import { StatesError } from '../../errors.ts';
import { evaluationError } from '../../jsonata/evaluate.ts';
import { eventsOf } from '../../asl/resources.ts';
import type { TaskWait, Thread } from '../frame.ts';
import { leave } from '../leave.ts';
import { asStatesError, failState } from '../recover.ts';
import { bindingsOf, checkSize, emit, suspend, type Extra, type Run } from '../run.ts';

async function seconds(run: Run, thread: Thread, state: TaskState, field: 'TimeoutSeconds' | 'HeartbeatSeconds', extra: Extra): Promise<number | undefined> {
  const template = state[field];
  if (template === undefined) return undefined;
  const value = await run.context.evaluator.evaluate(template, field, bindingsOf(run, thread, extra));
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_SECONDS) return value;
  throw evaluationError(`The value ${JSON.stringify(value)} of the field '${field}' is no integer from 1 to ${MAX_SECONDS}.`, field);
}

/** Schedules the task: it is dispatched once this step is stored. */
export async function runTask(run: Run, thread: Thread, state: TaskState): Promise<void> {
  const { context, frame } = run;
  const nonce = context.uuid();
  const token = state.Resource.endsWith('.waitForTaskToken') ? context.mintToken(nonce) : undefined;
  const extra: Extra = token === undefined ? {} : { token };
  const args: Json = state.Arguments === undefined ? thread.input : await context.evaluator.evaluate(state.Arguments, 'Arguments', bindingsOf(run, thread, extra));
  checkSize(args, `The arguments of the state '${thread.state}'`);
  const timeout = await seconds(run, thread, state, 'TimeoutSeconds', extra);
  const heartbeat = await seconds(run, thread, state, 'HeartbeatSeconds', extra);

  const events = eventsOf(state.Resource);
  emit(run, thread, ...events.scheduled({ region: context.region, args, timeout, heartbeat }));
  emit(run, thread, ...events.started());
  const task = frame.nextTask;
  frame.nextTask += 1;
  const wait: TaskWait = {
    kind: 'task',
    task,
    resource: state.Resource,
    arguments: args,
    nonce,
    ...(token === undefined ? {} : { token }),
    submitted: false,
    ...(timeout === undefined ? {} : { timeoutAt: context.now + timeout * 1000 }),
    ...(heartbeat === undefined ? {} : { heartbeatMs: heartbeat * 1000, heartbeatAt: context.now + heartbeat * 1000 }),
  };
  suspend(thread, wait);
  run.commands.push({ kind: 'run', task, resource: state.Resource, arguments: args, nonce, ...(token === undefined ? {} : { token }) });
}

/** The service took the request; the task goes on until its token or its end. */
export function taskSubmitted(run: Run, thread: Thread, wait: TaskWait, output: Json): void {
  if (wait.submitted) return;
  wait.submitted = true;
  const event = eventsOf(wait.resource).submitted?.(output);
  if (event !== undefined) emit(run, thread, ...event);
}

export async function taskSucceeded(run: Run, thread: Thread, state: TaskState, wait: TaskWait, result: Json): Promise<void> {
  delete thread.wait;
  try {
    checkSize(result, `The result of the state '${thread.state}'`);
    emit(run, thread, ...eventsOf(wait.resource).succeeded(result));
    await leave(run, thread, state, { Output: state.Output, Assign: state.Assign, Next: state.Next, fallback: result }, { result });
  } catch (failure) {
    await failState(run, thread, asStatesError(failure, thread));
  }
}

export async function taskFailed(run: Run, thread: Thread, wait: TaskWait, error: string | undefined, cause: string | undefined): Promise<void> {
  emit(run, thread, ...eventsOf(wait.resource).failed(error, cause));
  await failState(run, thread, new StatesError(error, cause));
}

/** The task, or its heartbeat, is overdue: both show as States.Timeout. */
export async function taskTimedOut(run: Run, thread: Thread, wait: TaskWait): Promise<void> {
  emit(run, thread, ...eventsOf(wait.resource).timedOut());
  run.commands.push({ kind: 'cancel', task: wait.task });
  const byHeartbeat = wait.timeoutAt === undefined || wait.timeoutAt > run.context.now;
  await failState(run, thread, new StatesError('States.Timeout', '', undefined, byHeartbeat ? 'States.HeartbeatTimeout' : undefined));
}
