import type { Json } from '../../json.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** A task in flight, or one that waits for its token. Times are epoch milliseconds. */
export interface TaskWait {
  readonly kind: 'task';
  /** Unique within the execution; an answer for another one is late and ignored. */
  readonly task: number;
  readonly resource: string;
  readonly arguments: Json;
  /** Unguessable and unique; of it come the task token and the names of started executions. */
  readonly nonce: string;
  readonly token?: string;
  submitted: boolean;
  readonly timeoutAt?: number;
  readonly heartbeatMs?: number;
  heartbeatAt?: number;
}

export interface ChildrenWait {
  readonly kind: 'children';
  /** Inputs of the branches or items not started yet are computed from these. */
  readonly inputs: Json[];
  readonly results: Json[];
  next: number;
  done: number;
}

interface TimerWait {
  readonly kind: 'wait' | 'retry';
  readonly until: number;
}

/** One line of control: the execution's own, a branch's or a Map item's. */
export interface Thread {
  readonly id: number;
  /** The thread whose Parallel or Map this one belongs to, and which branch or item it is. */
  readonly parent?: number;
  readonly slot?: number;
  readonly item?: { readonly Index: number; readonly Value: Json };
  state: string;
  phase: 'enter' | 'execute' | 'waiting';
  input: Json;
  variables: Record<string, Json>;
  /** The event the next one names as its previous. */
  last: number;
  enteredEvent: number;
  enteredAt: number;
  /** Attempts used of each Retrier of this state, and their sum. */
  retries: number[];
  retryCount: number;
  wait?: TaskWait | ChildrenWait | TimerWait;
}

/** The continuation of an execution: plain JSON, stored after each step. */
export interface Frame {
  status: ExecutionStatus;
  threads: Record<string, Thread>;
  nextEvent: number;
  nextThread: number;
  nextTask: number;
  /** When the whole execution times out. */
  deadline?: number;
  output?: Json;
  error?: string;
  cause?: string;
}

/** A new execution's frame: nothing has happened yet. */
export const newFrame = (): Frame => ({ status: 'RUNNING', threads: {}, nextEvent: 1, nextThread: 1, nextTask: 1 });

/** Threads in the order they were started. */
export const threadsOf = (frame: Frame): Thread[] => Object.values(frame.threads).sort((a, b) => a.id - b.id);

/** When time alone next changes this thread. */
export function dueOf({ wait }: Thread): number {
  if (wait === undefined || wait.kind === 'children') return Number.POSITIVE_INFINITY;
  if (wait.kind !== 'task') return wait.until;
  return Math.min(wait.timeoutAt ?? Number.POSITIVE_INFINITY, wait.heartbeatAt ?? Number.POSITIVE_INFINITY);
}

/** When time alone next changes the execution, or undefined. */
export function nextDue(frame: Frame): number | undefined {
  const due = Object.values(frame.threads).reduce((earliest, thread) => Math.min(earliest, dueOf(thread)), frame.deadline ?? Number.POSITIVE_INFINITY);
  return frame.status === 'RUNNING' && Number.isFinite(due) ? due : undefined;
}

/** Whether something can go on without waiting: a long run is stored in parts. */
export const isRunnable = (frame: Frame): boolean => frame.status === 'RUNNING' && Object.values(frame.threads).some(({ phase }) => phase !== 'waiting');

/** Takes a thread out of the frame. */
export function removeThread(frame: Frame, id: number): void {
  frame.threads = Object.fromEntries(Object.entries(frame.threads).filter(([key]) => key !== String(id)));
}

/** The task that waits for a token. */
export const waitOfToken = (frame: Frame, token: string): TaskWait | undefined =>
  Object.values(frame.threads).flatMap(({ wait }) => (wait?.kind === 'task' && wait.token === token ? [wait] : []))[0];

/** Tasks to dispatch again after a crash: those not handed over yet, and those whose end the engine itself awaits. */
export const tasksToDispatch = (frame: Frame): Pick<TaskWait, 'task' | 'resource' | 'arguments' | 'nonce' | 'token'>[] =>
  threadsOf(frame).flatMap(({ wait }) => {
    if (wait?.kind !== 'task' || (wait.submitted && !wait.resource.endsWith('.sync:2'))) return [];
    const { task, resource, arguments: args, nonce, token } = wait;
    return [{ task, resource, arguments: args, nonce, ...(token === undefined ? {} : { token }) }];
  });
