import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDynamoStore } from '../../src/store/dynamodb.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import { ConditionFailed, type DocumentStore, type Write } from '../../src/store/port.ts';

interface Target {
  readonly name: string;
  readonly open: (folder: string) => DocumentStore | Promise<DocumentStore>;
}

/** Any DynamoDB to hold to the contract as well, such as DynamoDB Local's address. */
const endpoint = process.env['MESHSHIFT_TEST_DYNAMODB_ENDPOINT'];

async function openDynamo(): Promise<DocumentStore> {
  const client = new DynamoDBClient({ endpoint: endpoint ?? '', region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const table = `contract-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return openDynamoStore(table, client);
}

/** Every implementation of the port keeps the same contract. */
const TARGETS: readonly Target[] = [
  { name: 'libSQL', open: (folder) => openLibsqlStore(join(folder, 'store.db')) },
  ...(endpoint === undefined ? [] : [{ name: 'DynamoDB', open: openDynamo }]),
];

const put = (sk: string, value: unknown, condition?: Write['if']): Write => ({ kind: 'put', pk: 'p', sk, value, ...(condition === undefined ? {} : { if: condition }) });

describe.each(TARGETS)('the document store on $name', ({ open }) => {
  let folder: string;
  let store: DocumentStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-store-'));
    store = await open(folder);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
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
});

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
