import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'libsql';

/** The data folder is another runtime's: two would run every step twice. */
class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
  constructor(folder: string, options?: ErrorOptions) {
    super(`${folder}: another runtime uses this data folder; stop it, or give another one with --data`, options);
  }
}

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Base64 of 32 bytes: task tokens at rest are encrypted with it. */
  readonly tokenKey: string;
  /** Lets another runtime use the folder; the operating system does so too when this process dies. */
  release(): void;
}

function readOrMakeKey(file: string): string {
  try {
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

function lock(folder: string): Database.Database {
  const db = new Database(join(folder, 'lock.db'));
  try {
    db.exec('PRAGMA busy_timeout = 0');
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (cause) {
    db.close();
    throw new DataFolderInUse(folder, { cause });
  }
}

/**
 * Opens the folder that holds all a runtime knows; makes it if missing, for its owner only.
 * @throws DataFolderInUse
 */
export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const held = lock(path);
  return { path, tokenKey: readOrMakeKey(join(path, 'token.key')), release: () => void held.close() };
}
