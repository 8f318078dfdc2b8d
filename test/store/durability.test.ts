import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import { LogNotSynced, type SyncFile } from '../../src/store/log-sync.ts';
import type { DocumentStore, Write } from '../../src/store/port.ts';

let folder: string;
let stores: DocumentStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-durability-'));
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, 'store.db');
function open(sync?: SyncFile, file = path()): DocumentStore {
  const store = openLibsqlStore(file, sync);
  stores.push(store);
  return store;
}
const put = (sk: string, value: unknown = null): Write => ({ kind: 'put', pk: 'p', sk, value });
const keysOf = async (store: DocumentStore): Promise<string[]> => (await store.query('p')).map(({ sk }) => sk);

/** Syncs that end when the test says so. */
function heldSyncs() {
  const held: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const sync: SyncFile = () => new Promise((resolve, reject) => held.push({ resolve, reject }));
  return { sync, held, release: () => held.splice(0).forEach(({ resolve }) => resolve()) };
}

/** Lets everything go on that waits for nothing but turns. */
const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

/** Tells of a promise whether it is still open. */
function watched(promise: Promise<unknown>): { state: 'open' | 'done' | 'failed' } {
  const watch: { state: 'open' | 'done' | 'failed' } = { state: 'open' };
  promise.then(
    () => (watch.state = 'done'),
    () => (watch.state = 'failed'),
  );
  return watch;
}

test('a write is applied for everybody before its sync, and done only after it', async () => {
  const { sync, held, release } = heldSyncs();
  const store = open(sync);
  const write = store.write([put('a')]);
  const answer = watched(write);
  await turns();
  expect(answer.state).toBe('open');
  expect(held).toHaveLength(1);
  expect(await keysOf(open())).toEqual(['a']);
  release();
  await write;
});

test('what is applied while syncs run waits for one that begins after it, and shares it', async () => {
  const { sync, held } = heldSyncs();
  const store = open(sync);
  const writes: ReturnType<typeof watched>[] = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    writes.push(watched(store.write([put(key)])));
    await turns();
  }
  const states = (): string[] => writes.map(({ state }) => state);
  const [first, second] = held;
  expect(held).toHaveLength(2);
  first!.resolve();
  await turns();
  expect(states()).toEqual(['done', 'open', 'open', 'open', 'open']);
  expect(held).toHaveLength(3);
  held[2]!.resolve();
  await turns();
  expect(states()).toEqual(['done', 'open', 'done', 'done', 'done']);
  second!.resolve();
  await turns();
  expect(states()).toEqual(['done', 'done', 'done', 'done', 'done']);
});

test('a failing sync rejects the writes it was for, and everything that is written later', async () => {
  const { sync, held } = heldSyncs();
  const store = open(sync);
  const lost = [store.write([put('a')]), store.write([put('b')])];
  const outcomes = Promise.allSettled(lost);
  await turns();
  held.shift()!.reject(new Error('EIO: i/o error'));
  expect((await outcomes).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error) : undefined))).toEqual([
    expect.objectContaining({ name: 'LogNotSynced', message: expect.stringMatching(/store\.db: its log could not be synced to disk.*EIO/) as string }),
    expect.any(LogNotSynced),
  ]);
  await expect(store.apply([put('c')])).rejects.toBeInstanceOf(LogNotSynced);
  await expect(store.durable()).rejects.toBeInstanceOf(LogNotSynced);
  expect(held).toEqual([]);
  expect(await keysOf(store)).toEqual(['a', 'b']);
});

/** A disk that has of the files what they were when the last sync that ended began, and nothing later. */
function lossyDisk(): { readonly sync: SyncFile; readonly file: string } {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  let begun = 0;
  let kept = 0;
  const copy = (from: string, to: string): void => {
    for (const suffix of ['', '-wal']) if (existsSync(`${from}${suffix}`)) copyFileSync(`${from}${suffix}`, `${to}${suffix}`);
  };
  const sync: SyncFile = async () => {
    const number = (begun += 1);
    const taken = join(folder, `taken-${number}`);
    copy(path(), taken);
    await turns((number * 3) % 7);
    if (number > kept) copy(taken, join(disk, 'store.db'));
    kept = Math.max(kept, number);
    for (const suffix of ['', '-wal']) rmSync(`${taken}${suffix}`, { force: true });
  };
  return { sync, file: join(disk, 'store.db') };
}

test('what was acknowledged is on the disk whenever the machine stops: past checkpoints, a log that begins anew, and another writer', async () => {
  const { sync, file } = lossyDisk();
  const store = open(sync);
  const other = open();
  const acknowledged = new Set<string>();
  let losses = 0;
  const writer = async (number: number): Promise<void> => {
    for (let count = 0; count < 30; count += 1) {
      const key = `${number}-${count}`;
      // Out of step with the others, so that commits fall into syncs that run.
      await turns((number + count) % 4);
      // Large enough for the log to be checkpointed, and begun anew, several times.
      await store.write([put(key, 'x'.repeat(40_000))]);
      acknowledged.add(key);
      if (count % 20 === number) await other.write([put(`other-${key}`)]);
    }
  };
  const cut = async (): Promise<void> => {
    const before = [...acknowledged];
    const copy = join(folder, `cut-${before.length}.db`);
    for (const suffix of ['', '-wal']) if (existsSync(`${file}${suffix}`)) copyFileSync(`${file}${suffix}`, `${copy}${suffix}`);
    if (!existsSync(copy)) return;
    const survivor = openLibsqlStore(copy);
    const there = new Set(await keysOf(survivor));
    losses += before.filter((key) => !there.has(key)).length;
    await survivor.close();
    rmSync(copy);
  };
  const writing = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
  const done = watched(writing);
  let cuts = 0;
  for (; done.state === 'open'; cuts += 1) {
    await turns(30);
    await cut();
  }
  await writing;
  await cut();
  expect({ losses, acknowledged: acknowledged.size }).toEqual({ losses: 0, acknowledged: 240 });
  expect(cuts).toBeGreaterThan(5);
});
