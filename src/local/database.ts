import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'libsql';
import { openGroupCommit, type GroupCommit } from '../store/group-commit.ts';
import { openDatabase } from '../store/libsql.ts';

export type Connection = Database.Database;

/** The local services' one database, and one writer to it: changes of the same turn share a commit. */
export interface LocalDatabase extends GroupCommit {
  readonly connection: Connection;
  close(): Promise<void>;
}

/** Opens `local.db` in a folder, made if missing. */
export function openLocalDatabase(folder: string): LocalDatabase {
  mkdirSync(folder, { recursive: true });
  const connection = openDatabase(join(folder, 'local.db'));
  const { commit, flushed } = openGroupCommit(connection);
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
