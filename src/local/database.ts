import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'libsql';
import { openGroupCommit, type GroupCommit } from '../store/group-commit.ts';
import { openDatabase } from '../store/libsql.ts';
import { openLogSync, type SyncFile } from '../store/log-sync.ts';

export type Connection = Database.Database;

/** The local services' one database, and one writer to it: changes that come together share a commit and a sync to disk. */
export interface LocalDatabase extends GroupCommit {
  readonly connection: Connection;
}

/**
 * Opens `local.db` in a folder, made if missing.
 * @param sync how its log comes to disk, by default as the system does it
 */
export function openLocalDatabase(folder: string, sync?: SyncFile): LocalDatabase {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'local.db');
  const connection = openDatabase(path);
  return { connection, ...openGroupCommit(connection, openLogSync(path, sync)) };
}
