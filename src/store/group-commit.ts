import type Database from 'libsql';
import type { LogSync } from './log-sync.ts';

interface Pending {
  readonly change: () => unknown;
  readonly undo: (error: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes that are asked for in one turn share a transaction, and transactions that are committed during one sync to disk share the next. */
export interface GroupCommit {
  /**
   * Runs `change` in a transaction with others of this turn; resolves with its answer once they are committed: everybody sees them, and they outlive the process.
   * @param undo told at once where the transaction is refused as a whole, of changes that had been made in it too
   */
  readonly apply: <T>(change: () => T, undo?: (error: unknown) => void) => Promise<T>;
  /** Resolves once all that was applied so far is on disk, and outlives the machine. Rejects with LogNotSynced. */
  readonly durable: () => Promise<void>;
  /** `apply`, then `durable`. */
  readonly commit: <T>(change: () => T) => Promise<T>;
  /** Resolves when nothing waits to be committed or to come to disk. */
  readonly flushed: () => Promise<void>;
  /** Closes the database and its log once all that was asked for has come to disk; nothing is taken from then on. */
  readonly close: () => Promise<void>;
}

type Tell = () => void;

/** Runs a change within the transaction that is open; one that throws is undone whole, and others are kept. Gives how to tell its outcome. */
function runAmongOthers(db: Database.Database, { change, resolve, reject }: Pending): Tell {
  db.exec('SAVEPOINT change');
  try {
    const answer = change();
    db.exec('RELEASE change');
    return () => resolve(answer);
  } catch (error) {
    db.exec('ROLLBACK TO change; RELEASE change');
    return () => reject(error);
  }
}

/** What is alone in its transaction needs no savepoint: the transaction is undone with it. */
function runAlone({ change, resolve }: Pending): Tell {
  const answer = change();
  return () => resolve(answer);
}

/** One transaction for all. */
function commitAll(db: Database.Database, batch: readonly Pending[]): Tell[] {
  db.exec('BEGIN IMMEDIATE');
  const tells = batch.length === 1 ? batch.map(runAlone) : batch.map((each) => runAmongOthers(db, each));
  db.exec('COMMIT');
  return tells;
}

/** Opens a group commit over a database that nothing else writes to within this thread, and the log of that database. */
export function openGroupCommit(db: Database.Database, log: LogSync): GroupCommit {
  let pending: Pending[] = [];
  let turn: Promise<void> = Promise.resolve();

  const flush = (): void => {
    const batch = pending;
    pending = [];
    try {
      // A closed database must not even be asked: the driver aborts the process then.
      if (!db.open) throw new Error('the database is closed');
      log.assertSound();
      const tells = commitAll(db, batch);
      log.committed();
      for (const tell of tells) tell();
    } catch (error) {
      if (db.open && db.inTransaction) db.exec('ROLLBACK');
      for (const { undo, reject } of batch) {
        undo(error);
        reject(error);
      }
      return;
    }
    // Begins now, whether or not anybody waits for it; a failure is told to those who do, and to all who write later.
    log.synced().catch(() => undefined);
  };

  const apply = <T>(change: () => T, undo: (error: unknown) => void = () => undefined): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (pending.push({ change, undo, resolve: resolve as (value: unknown) => void, reject }) > 1) return;
      turn = new Promise((done) =>
        setImmediate(() => {
          flush();
          done();
        }),
      );
    });
  const durable = (): Promise<void> => log.synced();
  const flushed = async (): Promise<void> => {
    do {
      while (pending.length > 0) await turn;
      await durable().catch(() => undefined);
    } while (pending.length > 0);
  };

  return {
    apply,
    durable,
    commit: async (change) => {
      const answer = await apply(change);
      await durable();
      return answer;
    },
    flushed,
    close: async () => {
      await flushed();
      db.close();
      await log.close();
    },
  };
}
