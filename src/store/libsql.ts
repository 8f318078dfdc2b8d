import Database from 'libsql';
import { openGroupCommit, type GroupCommit } from './group-commit.ts';
import { openLogSync, type SyncFile } from './log-sync.ts';
import { ConditionFailed, type Condition, type Decided, type Document, type DocumentStore, type QueryOptions, type Write } from './port.ts';

interface Row {
  pk: string;
  sk: string;
  version: number;
  value: string;
  expires_at: number | null;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS documents (
  pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, expires_at INTEGER,
  PRIMARY KEY (pk, sk)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL`;

type ConditionKind = 'none' | 'absent' | 'present' | 'version';
type PerCondition<T> = Readonly<Record<ConditionKind, T>>;

/** A put by its condition, so that a write is one statement: it changes a row, or its condition does not hold. */
const PUT: PerCondition<string> = {
  none: `INSERT INTO documents (value, expires_at, pk, sk, version) VALUES (?, ?, ?, ?, 1)
    ON CONFLICT (pk, sk) DO UPDATE SET version = version + 1, value = excluded.value, expires_at = excluded.expires_at`,
  absent: 'INSERT INTO documents (value, expires_at, pk, sk, version) VALUES (?, ?, ?, ?, 1) ON CONFLICT (pk, sk) DO NOTHING',
  present: 'UPDATE documents SET version = version + 1, value = ?, expires_at = ? WHERE pk = ? AND sk = ?',
  version: 'UPDATE documents SET version = version + 1, value = ?, expires_at = ? WHERE pk = ? AND sk = ? AND version = ?',
};
const DELETE = 'DELETE FROM documents WHERE pk = ? AND sk = ?';

const toDocument = (row: Row): Document => ({
  pk: row.pk,
  sk: row.sk,
  version: row.version,
  value: JSON.parse(row.value) as unknown,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
});

const kindOf = (condition: Condition | undefined): ConditionKind => (condition === undefined ? 'none' : typeof condition === 'string' ? condition : 'version');

const holds = (condition: Condition, version: number | undefined): boolean =>
  condition === 'absent' ? version === undefined : condition === 'present' ? version !== undefined : version === condition.version;

/** Pages of the log (4 KiB each) after which a commit writes them into the database and waits for the disk: some 1,300 writes. In a longer log more pages are replaced by later ones before that. */
const CHECKPOINT_PAGES = 4_000;

/** Opens a database with the settings every part uses: WAL, waiting for other writers. A commit outlives the process; its log is synced apart from it. */
export function openDatabase(path: string): Database.Database {
  const db = new Database(path);
  db.exec('PRAGMA busy_timeout = 10000');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = NORMAL');
  db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  return db;
}

/** How writes are made, within a transaction. */
function openWriter(db: Database.Database): (write: Write) => void {
  const prepared = Object.fromEntries(Object.entries(PUT).map(([kind, sql]) => [kind, db.prepare(sql)])) as PerCondition<Database.Statement>;
  const remove = db.prepare(DELETE);
  const version = db.prepare('SELECT version FROM documents WHERE pk = ? AND sk = ?');
  const isAsAsked = ({ pk, sk, if: condition }: Write): boolean =>
    condition === undefined || holds(condition, (version.get(pk, sk) as Pick<Row, 'version'> | undefined)?.version);
  const put = ({ pk, sk, value, expiresAt, if: condition }: Extract<Write, { kind: 'put' }>): boolean => {
    const expected = typeof condition === 'object' ? [condition.version] : [];
    return prepared[kindOf(condition)].run(JSON.stringify(value), expiresAt ?? null, pk, sk, ...expected).changes > 0;
  };
  return (write) => {
    const done = write.kind === 'put' ? put(write) : isAsAsked(write);
    if (!done && write.if !== undefined) throw new ConditionFailed({ pk: write.pk, sk: write.sk }, write.if);
    if (write.kind === 'delete') remove.run(write.pk, write.sk);
  };
}

/** Within a transaction, that `decided` may yet be undone with. */
function make<T>({ writes, applied, undone }: Decided<T>, writeOne: (write: Write) => void): T {
  try {
    writes.forEach(writeOne);
  } catch (error) {
    undone(error);
    throw error;
  }
  return applied();
}

/** There is one turn for all: changes are made one after another, and many of them in one transaction. */
const inOneTurn =
  ({ apply }: GroupCommit, writeOne: (write: Write) => void): DocumentStore['applyInTurn'] =>
  <T>(_turn: string, decide: () => Decided<T>) => {
    let decided: Decided<T> | undefined;
    return apply(
      () => make((decided = decide()), writeOne),
      (error) => decided?.undone(error),
    );
  };

/** Drops what has expired; DynamoDB does so by itself, in its own time too. */
const dropExpired = (db: Database.Database): unknown => db.prepare('DELETE FROM documents WHERE expires_at < ?').run(Date.now() / 1000);

/**
 * A DocumentStore in a libSQL file; several processes and threads may open the same file. What has expired is dropped when it is opened.
 * @param sync how the log comes to disk, by default as the system does it
 */
export function openLibsqlStore(path: string, sync?: SyncFile): DocumentStore {
  const db = openDatabase(path);
  db.exec(SCHEMA);
  dropExpired(db);
  const select = db.prepare('SELECT * FROM documents WHERE pk = ? AND sk = ?');
  const range = db.prepare('SELECT * FROM documents WHERE pk = ? AND sk > ? AND sk >= ? AND (? IS NULL OR sk < ?) ORDER BY sk LIMIT ?');
  const writeOne = openWriter(db);
  const commits = openGroupCommit(db, openLogSync(path, sync));

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
    write: (writes) => commits.commit(() => writes.forEach(writeOne)),
    apply: (writes) => commits.apply(() => writes.forEach(writeOne)),
    applyInTurn: inOneTurn(commits, writeOne),
    durable: commits.durable,
    close: commits.close,
  };
}
