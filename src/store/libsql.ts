import Database from 'libsql';
import { openGroupCommit } from './group-commit.ts';
import { ConditionFailed, type Condition, type Document, type DocumentStore, type Key, type QueryOptions, type Write } from './port.ts';

interface Row {
  pk: string;
  sk: string;
  version: number;
  value: string;
  expires_at: number | null;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS documents (
  pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, expires_at INTEGER,
  PRIMARY KEY (pk, sk)) WITHOUT ROWID`;

const toDocument = (row: Row): Document => ({
  pk: row.pk,
  sk: row.sk,
  version: row.version,
  value: JSON.parse(row.value) as unknown,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
});

const holds = (condition: Condition, version: number | undefined): boolean =>
  condition === 'absent' ? version === undefined : condition === 'present' ? version !== undefined : version === condition.version;

/** Opens a database with the settings every part uses: WAL, each commit synced to disk, waiting for other writers. */
export function openDatabase(path: string): Database.Database {
  const db = new Database(path);
  db.exec('PRAGMA busy_timeout = 10000');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  return db;
}

/** A DocumentStore in a libSQL file; several processes and threads may open the same file. */
export function openLibsqlStore(path: string): DocumentStore {
  const db = openDatabase(path);
  db.exec(SCHEMA);
  const select = db.prepare('SELECT * FROM documents WHERE pk = ? AND sk = ?');
  const range = db.prepare('SELECT * FROM documents WHERE pk = ? AND sk > ? AND sk >= ? AND (? IS NULL OR sk < ?) ORDER BY sk LIMIT ?');
  const upsert = db.prepare(`INSERT INTO documents (pk, sk, version, value, expires_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (pk, sk) DO UPDATE SET version = excluded.version, value = excluded.value, expires_at = excluded.expires_at`);
  const remove = db.prepare('DELETE FROM documents WHERE pk = ? AND sk = ?');
  const versionOf = ({ pk, sk }: Key): number | undefined => (select.get(pk, sk) as Row | undefined)?.version;

  const apply = (write: Write): void => {
    const version = versionOf(write);
    if (write.if !== undefined && !holds(write.if, version)) throw new ConditionFailed({ pk: write.pk, sk: write.sk }, write.if);
    if (write.kind === 'put') upsert.run(write.pk, write.sk, (version ?? 0) + 1, JSON.stringify(write.value), write.expiresAt ?? null);
    if (write.kind === 'delete') remove.run(write.pk, write.sk);
  };
  const commits = openGroupCommit(db);

  return {
    // eslint-disable-next-line @typescript-eslint/require-await
    get: async ({ pk, sk }) => {
      const row = select.get(pk, sk) as Row | undefined;
      return row === undefined ? undefined : toDocument(row);
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    query: async (pk, { prefix = '', after = '', limit = -1 }: QueryOptions = {}) => {
      const end = prefix === '' ? null : `${prefix}\uffff`;
      return (range.all(pk, after, prefix, end, end, limit) as Row[]).map(toDocument);
    },
    write: (writes) => commits.commit(() => writes.forEach(apply)),
    close: async () => {
      await commits.flushed();
      db.close();
    },
  };
}
