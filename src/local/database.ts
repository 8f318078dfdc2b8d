import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'libsql';
import { openDatabase } from '../store/libsql.ts';

export type Connection = Database.Database;

/** The local services' one database, and one writer to it: changes of the same turn share a commit. */
export interface LocalDatabase {
  readonly connection: Connection;
  /** Runs `change` in a transaction with others of this turn; resolves with its answer once they are on disk. */
  commit<T>(change: () => T): Promise<T>;
  /** Resolves when nothing waits to be written. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

interface Pending {
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens `local.db` in a folder, made if missing. */
export function openLocalDatabase(folder: string): LocalDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = openDatabase(join(folder, 'local.db'));
  let pending: Pending[] = [];
  let last: Promise<void> = Promise.resolve();

  const flush = (): void => {
    const batch = pending;
    pending = [];
    const answers: unknown[] = [];
    try {
      connection.exec('BEGIN IMMEDIATE');
      for (const { change } of batch) answers.push(change());
      connection.exec('COMMIT');
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    batch.forEach(({ resolve }, index) => resolve(answers[index]));
  };

  const commit = <T>(change: () => T): Promise<T> =>
    new Promise((resolve: (value: never) => void, reject) => {
      if (pending.push({ change, resolve: resolve as Pending['resolve'], reject }) > 1) return;
      last = new Promise((done) => {
        setImmediate(() => {
          flush();
          done();
        });
      });
    });
  const flushed = async (): Promise<void> => {
    while (pending.length > 0) await last;
  };

  return {
    connection,
    commit,
    flushed,
    close: async () => {
      await flushed();
      connection.close();
    },
  };
}
