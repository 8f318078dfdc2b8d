import type { Json } from '../../json.ts';

/** A task that failed, by the error name that Retry and Catch see. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly error: string | undefined;
  readonly reason: string | undefined;
  constructor(error: string | undefined, reason?: string, options?: ErrorOptions) {
    super(`${error ?? ''}: ${reason ?? ''}`, options);
    this.error = error;
    this.reason = reason;
  }
}

/** Why a task was aborted: nobody waits for it any more. Aborted without it, the runtime is closing, and the task comes again. */
export const CANCELLED = Symbol('cancelled');

/** One dispatch of a task. It may come again after a crash, with the same nonce. */
export interface TaskCall {
  readonly arguments: Json;
  readonly executionArn: string;
  readonly nonce: string;
  /** Aborted when nobody waits any more: timed out, stopped, a branch failed. */
  readonly signal: AbortSignal;
  /** Tells that the service took the request, of a task that goes on after that. */
  submitted(output: Json): void;
}

/** Runs a task; what it resolves with is the task's result, what it throws its failure. */
export type TaskRunner = (call: TaskCall) => Promise<Json>;

/** The runner of each integration's base ARN (without `.waitForTaskToken`), or of a Lambda function's ARN under `function`. */
export type TaskRunners = Readonly<Record<string, TaskRunner>>;
