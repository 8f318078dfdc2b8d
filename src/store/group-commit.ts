import type Database from 'libsql';

interface Pending {
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes that are asked for in one turn share a transaction, and so one sync to disk. */
export interface GroupCommit {
  /** Runs `change` in a transaction with others of this turn; resolves with its answer once they are on disk. */
  readonly commit: <T>(change: () => T) => Promise<T>;
  /** Resolves when nothing waits to be written. */
  readonly flushed: () => Promise<void>;
}

/** Opens a group commit over a database that nothing else writes to within this thread. A change that throws is undone whole, and the others of its turn are kept. */
export function openGroupCommit(db: Database.Database): GroupCommit {
  let pending: Pending[] = [];
  let turn: Promise<void> = Promise.resolve();

  const run = ({ change, resolve, reject }: Pending): (() => void) => {
    db.exec('SAVEPOINT change');
    try {
      const answer = change();
      db.exec('RELEASE change');
      return () => resolve(answer);
    } catch (error) {
      db.exec('ROLLBACK TO change; RELEASE change');
      return () => reject(error);
    }
  };
  const flush = (): void => {
    const batch = pending;
    pending = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      const answers = batch.map(run);
      db.exec('COMMIT');
      for (const tell of answers) tell();
    } catch (error) {
      // A closed database must not even be asked: the driver aborts the process then.
      if (db.open && db.inTransaction) db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    commit: <T>(change: () => T): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        if (pending.push({ change, resolve: resolve as (value: unknown) => void, reject }) > 1) return;
        turn = new Promise((done) =>
          setImmediate(() => {
            flush();
            done();
          }),
        );
      }),
    flushed: async () => {
      while (pending.length > 0) await turn;
    },
  };
}
