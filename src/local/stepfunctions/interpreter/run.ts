import type { Json, JsonObject } from '../../json.ts';
import type { Machine, State } from '../asl/types.ts';
import { StatesError } from '../errors.ts';
import type { Bindings, Evaluator } from '../jsonata/evaluate.ts';
import type { Frame, Thread } from './frame.ts';
import type { EventDetails, EventType, HistoryEvent } from './history.ts';

/** What a step may know beyond the frame; time and randomness come in by it. */
export interface StepContext {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly machine: Machine;
  readonly execution: { readonly arn: string; readonly name: string; readonly input: Json; readonly startedAt: number; readonly roleArn: string };
  readonly stateMachine: { readonly arn: string; readonly name: string };
  readonly region: string;
  readonly evaluator: Evaluator;
  random(): number;
  uuid(): string;
  /** The token of a task, of its nonce. */
  mintToken(nonce: string): string;
}

/** What the executor does once the step is stored. */
export type Command =
  | { readonly kind: 'run'; readonly task: number; readonly resource: string; readonly arguments: Json; readonly nonce: string; readonly token?: string }
  | { readonly kind: 'cancel'; readonly task: number };

/** A step in the making: the frame is its own copy. */
export interface Run {
  readonly frame: Frame;
  readonly context: StepContext;
  readonly events: HistoryEvent[];
  readonly commands: Command[];
  /** Threads that can go on, first in, first out: branches advance side by side. */
  readonly queue: number[];
  /** What the Parallel or Map of `parent` makes of the end of one of its threads. Passed in, as that may be the end of its own thread in turn. */
  readonly childFinished: (run: Run, parent: Thread, child: Thread, output: Json) => Promise<void>;
}

/** Payloads and states' results are limited to 256 KiB of UTF-8. */
const MAX_PAYLOAD_BYTES = 262_144;
/** A history ends at this many events. */
export const MAX_EVENTS = 25_000;

/** Writes an event that follows `previous` and returns its id. */
export function write({ frame, context, events }: Run, previousEventId: number, type: EventType, details: EventDetails = {}): number {
  const id = frame.nextEvent;
  frame.nextEvent += 1;
  events.push({ id, previousEventId, type, timestamp: context.now, ...details });
  return id;
}

/** Writes an event of a thread: it follows the thread's last one, and the next follows it. */
export function emit(run: Run, thread: Thread, type: EventType, details: EventDetails = {}): number {
  thread.last = write(run, thread.last, type, details);
  return thread.last;
}

/** Lets a thread go on in a phase. */
export function resume({ queue }: Run, thread: Thread, phase: 'enter' | 'execute'): void {
  delete thread.wait;
  thread.phase = phase;
  queue.push(thread.id);
}

/** Lets a thread wait. */
export function suspend(thread: Thread, wait: NonNullable<Thread['wait']>): void {
  thread.phase = 'waiting';
  thread.wait = wait;
}

export const parentOf = ({ frame }: Run, { parent }: Thread): Thread | undefined => (parent === undefined ? undefined : frame.threads[parent]);

/** The machine whose state a thread is in: the outermost one, a branch or an item processor. */
export function machineOf(run: Run, thread: Thread): Machine {
  const parent = parentOf(run, thread);
  if (parent === undefined) return run.context.machine;
  const state = stateOf(run, parent);
  const machine = state.Type === 'Parallel' ? state.Branches[thread.slot ?? 0] : state.Type === 'Map' ? state.ItemProcessor : undefined;
  if (machine === undefined) throw new Error(`thread ${thread.id}: its parent is in state ${parent.state}, which has no branches`);
  return machine;
}

/** The state a thread is in. */
export function stateOf(run: Run, thread: Thread): State {
  const state = machineOf(run, thread).States[thread.state];
  if (state === undefined) throw new Error(`thread ${thread.id} is in a state that does not exist: ${thread.state}`);
  return state;
}

/** The thread and those around it, outermost first. */
function lineage(run: Run, thread: Thread): Thread[] {
  const parent = parentOf(run, thread);
  return parent === undefined ? [thread] : [...lineage(run, parent), thread];
}

export interface Extra {
  readonly result?: Json;
  readonly errorOutput?: Json;
  readonly token?: string;
  readonly item?: { readonly Index: number; readonly Value: Json };
}

/** `$states.context`, as Step Functions documents it. */
function contextObject(run: Run, thread: Thread, { token, item }: Extra): JsonObject {
  const { execution, stateMachine } = run.context;
  const mapItem = item ?? lineage(run, thread).findLast((each) => each.item !== undefined)?.item;
  return {
    Execution: {
      Id: execution.arn,
      Input: execution.input,
      Name: execution.name,
      RoleArn: execution.roleArn,
      StartTime: new Date(execution.startedAt).toISOString(),
      RedriveCount: 0,
    },
    State: { Name: thread.state, EnteredTime: new Date(thread.enteredAt).toISOString(), RetryCount: thread.retryCount },
    StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
    ...(token === undefined ? {} : { Task: { Token: token } }),
    ...(mapItem === undefined ? {} : { Map: { Item: { Index: mapItem.Index, Value: mapItem.Value } } }),
  };
}

/** `$states` and the variables in scope of a thread's current state. */
export function bindingsOf(run: Run, thread: Thread, extra: Extra = {}): Bindings {
  const states: JsonObject = { input: thread.input, context: contextObject(run, thread, extra) };
  if (extra.result !== undefined) states['result'] = extra.result;
  if (extra.errorOutput !== undefined) states['errorOutput'] = extra.errorOutput;
  const variables: JsonObject = {};
  for (const each of lineage(run, thread)) Object.assign(variables, each.variables);
  return { ...variables, states };
}

/** Refuses what is larger than a payload may be. */
export function checkSize(value: Json, what: string): Json {
  if (Buffer.byteLength(JSON.stringify(value)) <= MAX_PAYLOAD_BYTES) return value;
  throw new StatesError('States.DataLimitExceeded', `${what} has a size exceeding the maximum number of bytes service limit.`);
}
