import type { Log } from '../../contracts/log.ts';
import type { Json } from '../json.ts';
import { isFunctionArn } from './asl/resources.ts';
import type { Command } from './interpreter/run.ts';
import type { Signal } from './interpreter/step.ts';
import type { ExecutionRow } from './store.ts';
import { CANCELLED, TaskFailure, type TaskRunner, type TaskRunners } from './tasks/runner.ts';

type RunCommand = Extract<Command, { kind: 'run' }>;

/** Tasks in flight. What becomes of one is sent to its execution, unless it was cancelled. */
export interface Dispatch {
  run(row: ExecutionRow, command: RunCommand): void;
  cancel(row: ExecutionRow, task: number): void;
  readonly size: number;
  close(): void;
}

function runnerOf(runners: TaskRunners, resource: string): TaskRunner {
  const runner = isFunctionArn(resource) ? runners['function'] : runners[resource.replace(/\.waitForTaskToken$/, '')];
  if (runner === undefined) throw new TaskFailure('States.Runtime', `The resource ${resource} is not available here.`);
  return runner;
}

const argumentsOf = ({ resource, arguments: args }: RunCommand): Json => (isFunctionArn(resource) ? { FunctionName: resource, Payload: args } : args);

/** What an error of a runner tells the execution: its own name, or that the task failed. */
function failureOf(error: unknown, resource: string, log: Log): { error: string | undefined; cause: string | undefined } {
  if (error instanceof TaskFailure) return { error: error.error, cause: error.reason };
  log('error', 'a task failed in an unforeseen way', { resource, error: String(error) });
  return { error: 'States.TaskFailed', cause: String(error) };
}

export function openDispatch(runners: TaskRunners, log: Log, send: (execution: number, signal: Signal) => void): Dispatch {
  const inFlight = new Map<string, AbortController>();
  const keyOf = ({ id }: ExecutionRow, task: number): string => `${id}/${task}`;

  const run = async (row: ExecutionRow, command: RunCommand, { signal }: AbortController): Promise<void> => {
    const { task, resource, nonce, token } = command;
    const submitted = (output: Json): void => send(row.id, { kind: 'taskSubmitted', task, output });
    try {
      const output = await runnerOf(runners, resource)({ arguments: argumentsOf(command), executionArn: row.arn, nonce, signal, submitted });
      if (signal.aborted) return;
      // A task with a token goes on until the token comes back.
      if (token === undefined) send(row.id, { kind: 'taskSucceeded', task, output });
      else submitted(output);
    } catch (error) {
      if (!signal.aborted) send(row.id, { kind: 'taskFailed', task, ...failureOf(error, resource, log) });
    }
  };

  return {
    run: (row, command) => {
      const key = keyOf(row, command.task);
      const abort = new AbortController();
      inFlight.set(key, abort);
      void run(row, command, abort).finally(() => inFlight.delete(key));
    },
    cancel: (row, task) => inFlight.get(keyOf(row, task))?.abort(CANCELLED),
    get size() {
      return inFlight.size;
    },
    close: () => {
      for (const abort of inFlight.values()) abort.abort();
    },
  };
}
