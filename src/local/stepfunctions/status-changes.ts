import type { Log } from '../../contracts/log.ts';
import type { LocalDatabase } from '../database.ts';
import type { Timers } from '../timers.ts';
import type { Frame } from './interpreter/frame.ts';
import type { ExecutionRow, Store } from './store.ts';

/** The detail of a "Step Functions Execution Status Change" event, as Step Functions documents it. Times are epoch milliseconds. */
export const statusDetail = (row: ExecutionRow, frame: Frame, now: number): Record<string, unknown> => ({
  executionArn: row.arn,
  stateMachineArn: row.machineArn,
  name: row.name,
  status: frame.status,
  startDate: row.startedAt,
  stopDate: frame.status === 'RUNNING' ? null : now,
  input: row.input,
  inputDetails: { included: true },
  output: frame.output === undefined ? null : JSON.stringify(frame.output),
  outputDetails: frame.output === undefined ? null : { included: true },
  error: frame.error ?? null,
  cause: frame.cause ?? null,
  stateMachineVersionArn: null,
  stateMachineAliasArn: null,
  redriveCount: 0,
  redriveDate: null,
  redriveStatus: 'NOT_REDRIVABLE',
  redriveStatusReason: frame.status === 'RUNNING' ? 'Execution is RUNNING and cannot be redriven' : null,
});

/** How long an event bus that refuses a change is left alone. */
const RETRY_MS = 1000;

export interface StatusChangesOptions {
  readonly database: LocalDatabase;
  readonly timers: Timers;
  readonly log: Log;
  /** Takes each status change of an execution; called again after a crash until it resolved. */
  readonly onStatusChange?: (detail: Record<string, unknown>) => Promise<void>;
}

/** Hands stored status changes on in order, again until all were taken: they are stored with the step that made them. */
export interface StatusChanges {
  /** Stores a change; within a commit. */
  record(detail: Record<string, unknown>): void;
  /** Hands on what is stored. */
  deliver(): void;
  readonly delivering: boolean;
  close(): Promise<void>;
}

export function openStatusChanges({ onStatusChange, database, timers, log }: StatusChangesOptions, store: Store): StatusChanges {
  let work: Promise<void> | undefined;
  const asked = { again: false };
  let closed = false;
  let cancelRetry: (() => void) | undefined;

  const handOn = async (take: NonNullable<typeof onStatusChange>): Promise<void> => {
    while (asked.again) {
      asked.again = false;
      const changes = store.changes();
      const last = changes.at(-1);
      if (closed || last === undefined) return;
      await Promise.all(changes.map(({ detail }) => take(detail)));
      await database.commit(() => store.deleteChanges(last.id));
    }
  };
  const deliver = (): void => {
    if (onStatusChange === undefined || closed) return;
    asked.again = true;
    work ??= handOn(onStatusChange)
      .catch((error: unknown) => {
        log('error', 'a status change could not be put on the event bus', { error: String(error) });
        cancelRetry?.();
        cancelRetry = timers.after(RETRY_MS, deliver);
      })
      .finally(() => {
        work = undefined;
        // A change stored after the last look and before this would wait for the next one.
        if (asked.again) deliver();
      });
  };

  return {
    record: (detail) => {
      if (onStatusChange !== undefined) store.addChange(detail);
    },
    deliver,
    get delivering() {
      return work !== undefined;
    },
    close: async () => {
      closed = true;
      cancelRetry?.();
      await work;
    },
  };
}
