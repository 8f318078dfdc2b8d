import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockLost } from '../../src/rollout/errors.ts';
import { assertHeld, prepareLock, releaseLock } from '../../src/rollout/record/lock.ts';
import { openDynamoStore } from '../../src/store/dynamodb.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import { ConditionFailed, type DocumentStore, type Write } from '../../src/store/port.ts';
import { describeWith } from '../support/components.ts';
import { hasDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';

/** An implementation of the port: a place for each test, that any number of stores can be opened on. */
interface Target {
  prepare(): Promise<void>;
  place(): Promise<{ open(): DocumentStore; remove(): void }>;
  end(): Promise<void>;
}

const LIBSQL: Target = {
  prepare: () => Promise.resolve(),
  place: () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshshift-store-'));
    return Promise.resolve({ open: () => openLibsqlStore(join(folder, 'store.db')), remove: () => rmSync(folder, { recursive: true }) });
  },
  end: () => Promise.resolve(),
};

let dynamo: DynamoDbLocal;
const DYNAMODB: Target = {
  prepare: async () => {
    dynamo = await startDynamoDbLocal();
  },
  place: async () => {
    const table = await dynamo.createTable();
    return { open: () => openDynamoStore(table, dynamo.client()), remove: () => undefined };
  },
  end: () => dynamo.stop(),
};

const ROUTE = { mesh: 'm', virtualRouter: 'r', route: 'r' };
const isConflict = (error: unknown): boolean => error instanceof TransactionCanceledException;

const put = (sk: string, value: unknown, condition?: Write['if']): Write => ({ kind: 'put', pk: 'p', sk, value, ...(condition === undefined ? {} : { if: condition }) });

/** Every implementation keeps the same contract. */
const contract = (target: Target) => (): void => {
  let place: Awaited<ReturnType<Target['place']>>;
  let store: DocumentStore;
  beforeAll(() => target.prepare());
  afterAll(() => target.end());
  beforeEach(async () => {
    place = await target.place();
    store = place.open();
  });
  afterEach(async () => {
    await store.close();
    place.remove();
  });

  test('gives back what was put, and nothing for an unknown key', async () => {
    await store.write([put('a', { nested: [1, 'é', null] })]);
    expect(await store.get({ pk: 'p', sk: 'a' })).toEqual({ pk: 'p', sk: 'a', version: 1, value: { nested: [1, 'é', null] } });
    expect(await store.get({ pk: 'p', sk: 'b' })).toBeUndefined();
  });

  test('raises the version with each put and starts anew after a delete', async () => {
    await store.write([put('a', 1)]);
    await store.write([put('a', 2)]);
    expect((await store.get({ pk: 'p', sk: 'a' }))?.version).toBe(2);
    await store.write([{ kind: 'delete', pk: 'p', sk: 'a' }]);
    await store.write([put('a', 3)]);
    expect((await store.get({ pk: 'p', sk: 'a' }))?.version).toBe(1);
  });

  test.each<[string, Write['if'], boolean]>([
    ['a', 'absent', false],
    ['a', 'present', true],
    ['a', { version: 1 }, true],
    ['a', { version: 2 }, false],
    ['none', 'absent', true],
    ['none', 'present', false],
    ['none', { version: 1 }, false],
  ])('a put on %s if %j succeeds: %s', async (sk, condition, succeeds) => {
    await store.write([put('a', 1)]);
    const writing = store.write([put(sk, 2, condition)]);
    await (succeeds ? expect(writing).resolves.toBeUndefined() : expect(writing).rejects.toBeInstanceOf(ConditionFailed));
  });

  test('writes all or nothing, and names the key that failed', async () => {
    await store.write([put('a', 1)]);
    const error: unknown = await store.write([put('b', 1), put('c', 1), put('a', 2, 'absent')]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConditionFailed);
    expect((error as ConditionFailed).key).toEqual({ pk: 'p', sk: 'a' });
    expect((await store.query('p')).map(({ sk }) => sk)).toEqual(['a']);
  });

  test('a check guards the writes beside it', async () => {
    await store.write([put('lock', 1)]);
    await expect(store.write([{ kind: 'check', pk: 'p', sk: 'lock', if: { version: 7 } }, put('b', 1)])).rejects.toBeInstanceOf(ConditionFailed);
    await store.write([{ kind: 'check', pk: 'p', sk: 'lock', if: { version: 1 } }, put('b', 1)]);
    expect((await store.get({ pk: 'p', sk: 'b' }))?.value).toBe(1);
  });

  test('queries one partition in order, by prefix, after a key, up to a limit', async () => {
    await store.write([put('x#2', 2), put('x#1', 1), put('x#3', 3), put('y#1', 4), { kind: 'put', pk: 'q', sk: 'x#9', value: 9 }]);
    const keys = async (options?: Parameters<DocumentStore['query']>[1]): Promise<string[]> => (await store.query('p', options)).map(({ sk }) => sk);
    expect(await keys()).toEqual(['x#1', 'x#2', 'x#3', 'y#1']);
    expect(await keys({ prefix: 'x#' })).toEqual(['x#1', 'x#2', 'x#3']);
    expect(await keys({ prefix: 'x#', after: 'x#1' })).toEqual(['x#2', 'x#3']);
    expect(await keys({ prefix: 'x#', limit: 2 })).toEqual(['x#1', 'x#2']);
    expect(await keys({ after: 'x#2', limit: 2 })).toEqual(['x#3', 'y#1']);
  });

  test('of fifty writers after one lock exactly one gets it', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => store.write([put('lock', index, 'absent')])));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('writes asked for at once are told apart: one that is refused takes no other with it', async () => {
    await store.write([put('taken', 1)]);
    const results = await Promise.allSettled([store.write([put('a', 1)]), store.write([put('b', 1), put('taken', 2, 'absent')]), store.write([put('c', 1)]), store.write([put('a', 2, { version: 1 })])]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((await store.query('p')).map(({ sk, value }) => [sk, value])).toEqual([['a', 2], ['c', 1], ['taken', 1]]);
  });

  test('what is applied is read at once, and durable once that is asked for', async () => {
    await store.apply([put('a', 1)]);
    expect((await store.get({ pk: 'p', sk: 'a' }))?.value).toBe(1);
    await store.durable();
    await expect(store.apply([put('a', 2, 'absent')])).rejects.toBeInstanceOf(ConditionFailed);
  });

  test('writes of one turn are each decided from what the one before it made', async () => {
    let known = 0;
    const add = () => ({
      writes: [put('count', known + 1, known === 0 ? 'absent' : { version: known })],
      applied: () => (known += 1),
      undone: () => undefined,
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.applyInTurn('turn', add)));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await store.get({ pk: 'p', sk: 'count' })).toMatchObject({ value: 20, version: 20 });
  });

  test('what a turn refuses is undone before the next is decided, and what throws writes nothing', async () => {
    await store.write([put('taken', 1)]);
    const told: string[] = [];
    const decide = (name: string, writes: readonly Write[]) => () => {
      told.push(`decide ${name}`);
      if (writes.length === 0) throw new RangeError('nothing to write');
      return { writes, applied: () => told.push(`applied ${name}`), undone: (error: unknown) => told.push(`undone ${name}: ${(error as Error).name}`) };
    };
    const outcomes = await Promise.allSettled([
      store.applyInTurn('turn', decide('a', [put('a', 1)])),
      store.applyInTurn('turn', decide('b', [put('b', 1), put('taken', 2, 'absent')])),
      store.applyInTurn('turn', decide('c', [])),
      store.applyInTurn('turn', decide('d', [put('d', 1)])),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).name : ''))).toEqual(['', 'ConditionFailed', 'RangeError', '']);
    expect(told).toEqual(['decide a', 'applied a', 'decide b', 'undone b: ConditionFailed', 'decide c', 'decide d', 'applied d']);
    expect((await store.query('p')).map(({ sk }) => sk)).toEqual(['a', 'd', 'taken']);
  });

  test('keeps an expiry and drops it when put without one', async () => {
    await store.write([{ ...put('a', 1), kind: 'put', pk: 'p', sk: 'a', value: 1, expiresAt: 1_900_000_000 }]);
    expect((await store.get({ pk: 'p', sk: 'a' }))?.expiresAt).toBe(1_900_000_000);
    await store.write([put('a', 2)]);
    expect(await store.get({ pk: 'p', sk: 'a' })).not.toHaveProperty('expiresAt');
  });

  test('fifty writers contend for one lock: never two hold it, and each that takes it has a higher number than all before', async () => {
    const others = Array.from({ length: 4 }, () => place.open());
    const stores = [store, ...others];
    const fences: number[] = [];
    let holders = 0;
    const contend = async (_: unknown, index: number): Promise<void> => {
      const [mine, id] = [stores[index % stores.length]!, `rollout-${index}`];
      for (;;) {
        await new Promise(setImmediate);
        const { holder, fence, take } = await prepareLock(mine, ROUTE, id);
        if (holder !== undefined) continue;
        const taken = await mine.write([take]).then(
          () => true,
          (error: unknown) => {
            if (error instanceof ConditionFailed || isConflict(error)) return false;
            throw error;
          },
        );
        if (!taken) continue;
        holders += 1;
        expect(holders).toBe(1);
        fences.push(fence);
        await assertHeld(mine, ROUTE, id, fence);
        holders -= 1;
        await mine.write(await releaseLock(mine, ROUTE, id));
        return;
      }
    };
    await Promise.all(Array.from({ length: 50 }, contend));
    expect(fences).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    await expect(assertHeld(store, ROUTE, 'rollout-0', 1)).rejects.toBeInstanceOf(LockLost);
    await Promise.all(others.map((each) => each.close()));
  });
};

describe('the document store on libSQL', contract(LIBSQL));
describeWith('DynamoDB Local', hasDynamoDbLocal, 'the document store on DynamoDB', contract(DYNAMODB));

test('libSQL keeps what was written when the file is opened again, also from a second opener meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-store-'));
  const path = join(folder, 'store.db');
  const first = openLibsqlStore(path);
  await first.write([put('a', 'kept')]);
  const second = openLibsqlStore(path);
  expect((await second.get({ pk: 'p', sk: 'a' }))?.value).toBe('kept');
  await second.write([put('a', 'changed', { version: 1 })]);
  expect((await first.get({ pk: 'p', sk: 'a' }))?.value).toBe('changed');
  await first.close();
  await second.close();
  rmSync(folder, { recursive: true });
});
