import type { ExecutionRow, Store } from './store.ts';
import { TaskFailure } from './tasks/runner.ts';

/** Those who wait for executions to end. */
export interface Ends {
  /** Resolves with the ended execution; rejects when there is none, or when aborted. */
  await(arn: string, abort: AbortSignal): Promise<ExecutionRow>;
  tell(arn: string): void;
}

export function openEnds(store: Store): Ends {
  const waiters = new Map<string, Set<() => void>>();

  const wait = (arn: string, abort: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const all = waiters.get(arn) ?? new Set();
      const done = (): void => {
        all.delete(done);
        if (all.size === 0) waiters.delete(arn);
        resolve();
      };
      waiters.set(arn, all.add(done));
      abort.addEventListener('abort', done, { once: true });
    });

  return {
    await: async (arn, abort) => {
      for (;;) {
        const row = store.executionByArn(arn);
        if (row === undefined) throw new TaskFailure('StepFunctions.ExecutionDoesNotExistException', `Execution Does Not Exist: '${arn}'`);
        if (row.status !== 'RUNNING') return row;
        abort.throwIfAborted();
        await wait(arn, abort);
      }
    },
    tell: (arn) => {
      for (const done of [...(waiters.get(arn) ?? [])]) done();
    },
  };
}
