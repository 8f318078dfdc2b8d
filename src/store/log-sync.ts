import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/** Writes what the system holds of a file to its disk. Rejects where the disk refused any of it. */
export type SyncFile = (fd: number) => Promise<void>;

/** The disk refused a sync: what was committed since the last one may be lost with the machine, and nothing more is taken. */
export class LogNotSynced extends Error {
  override readonly name = 'LogNotSynced';
}

/**
 * Syncs a database's write-ahead log outside the thread that commits; a sync is for all that was committed before it began.
 *
 * With synchronous=FULL SQLite syncs the log within each COMMIT. With NORMAL it leaves out just that sync: it still syncs the log before a
 * checkpoint, the database after one, and the log's new header before it writes over the old log (https://sqlite.org/pragma.html#pragma_synchronous).
 * So a commit under NORMAL is always either in the log as it is now, or in a database that was synced, and a sync of the log makes it as durable as FULL.
 * The log is the same file as long as one connection is open. SQLite locks other files, so that closing this one drops none of its locks.
 */
export interface LogSync {
  /** Something was committed. */
  committed(): void;
  /** Resolves once all that was committed so far is on disk. Rejects with LogNotSynced. */
  synced(): Promise<void>;
  /** @throws LogNotSynced once a sync failed: the system forgets what it could not write, and the next sync would hide it. */
  assertSound(): void;
  close(): Promise<void>;
}

/** So many syncs at a time: a commit waits for its own, not for the end of one that began before it. Most of libuv's four threads stay free for others. */
const AT_ONCE = 2;

/** @param path the database's; its log is there from its first commit on. */
export function openLogSync(path: string, sync: SyncFile = promisify(fdatasync)): LogSync {
  /** Each running sync has an open file of its own, as the system tells a failure once to each. */
  const spare: number[] = [];
  const running = new Set<Promise<void>>();
  let isBehind = false;
  let failure: LogNotSynced | undefined;
  let latest = Promise.resolve();
  /** For all that is committed until one of the running ends, and it begins. */
  let waiting: Promise<void> | undefined;

  const assertSound = (): void => {
    if (failure !== undefined) throw failure;
  };
  const run = async (): Promise<void> => {
    try {
      // Some systems only sync what was opened for writing.
      const fd = spare.pop() ?? openSync(`${path}-wal`, 'r+');
      await sync(fd).finally(() => spare.push(fd));
    } catch (cause) {
      failure ??= new LogNotSynced(`${path}: its log could not be synced to disk; nothing more is written until the process starts anew: ${String(cause)}`, { cause });
    }
    assertSound();
  };
  const begin = (): Promise<void> => {
    isBehind = false;
    const begun = run().finally(() => running.delete(begun));
    running.add(begun);
    latest = begun;
    return begun;
  };
  const beginAfterOne = async (): Promise<void> => {
    await Promise.race(running);
    waiting = undefined;
    return begin();
  };

  return {
    committed: () => {
      isBehind = true;
    },
    synced: async () => {
      assertSound();
      if (!isBehind) return latest;
      return waiting === undefined && running.size < AT_ONCE ? begin() : (waiting ??= beginAfterOne());
    },
    assertSound,
    close: async () => {
      await Promise.allSettled(running);
      for (const fd of spare) closeSync(fd);
    },
  };
}
