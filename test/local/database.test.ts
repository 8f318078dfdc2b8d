import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalDatabase, type LocalDatabase } from '../../src/local/database.ts';

let folder: string;
let database: LocalDatabase;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-database-'));
  database = openLocalDatabase(folder);
  database.connection.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)');
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const insert = (n: number): number => {
  database.connection.prepare('INSERT INTO t VALUES (?)').run(n);
  return n;
};
const stored = (): number[] => (database.connection.prepare('SELECT n FROM t ORDER BY n').all() as { n: number }[]).map(({ n }) => n);

test('changes of one turn share a commit, and each gets its own answer', async () => {
  const answers = Promise.all([1, 2, 3].map((n) => database.commit(() => insert(n))));
  expect(stored()).toEqual([]);
  expect(await answers).toEqual([1, 2, 3]);
  expect(stored()).toEqual([1, 2, 3]);
});

test('a change that throws is undone whole, and the others of its turn are kept', async () => {
  const answers = await Promise.allSettled([
    database.commit(() => insert(1)),
    database.commit(() => {
      insert(2);
      insert(3);
      throw new RangeError('no');
    }),
    database.commit(() => insert(1)),
    database.commit(() => insert(4)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(answers[1]).toMatchObject({ reason: { name: 'RangeError' } });
  expect(stored()).toEqual([1, 4]);
});

test('a change asked for while another is committed is in the next commit', async () => {
  const second = database.commit(() => insert(1)).then(() => database.commit(() => insert(2)));
  await second;
  await database.flushed();
  expect(stored()).toEqual([1, 2]);
});

test('a transaction that cannot be committed is told to every change that was made in it', async () => {
  database.connection.exec('PRAGMA foreign_keys = ON; CREATE TABLE child (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)');
  const undone: string[] = [];
  const outcomes = await Promise.allSettled([
    database.apply(() => insert(1), () => undone.push('first')),
    database.apply(() => database.connection.exec('INSERT INTO child VALUES (7)'), (error) => undone.push(String(error))),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(undone).toEqual(['first', expect.stringMatching(/FOREIGN KEY/)]);
  expect(stored()).toEqual([]);
  expect(await database.commit(() => insert(2))).toBe(2);
});
