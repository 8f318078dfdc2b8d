import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  TransactionConflictException,
  UpdateItemCommand,
  type AttributeValue,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as wait } from 'node:timers/promises';
import { createInTurn } from './in-turn.ts';
import { ConditionFailed, type Condition, type Document, type DocumentStore, type Key, type QueryOptions, type Write } from './port.ts';

type Item = Record<string, AttributeValue>;

/** How often a transaction that lost against another one at the same instant is tried again before its error is passed on. */
const CONFLICT_ATTEMPTS = 8;
/** Before the first of these tries at most so many milliseconds pass, then twice as many each time, at random: those who collided do not meet again. */
const CONFLICT_WAIT_MS = 4;

const keyOf = ({ pk, sk }: Key): Item => ({ pk: { S: pk }, sk: { S: sk } });

const toDocument = (item: Item): Document => ({
  pk: item['pk']?.S ?? '',
  sk: item['sk']?.S ?? '',
  version: Number(item['version']?.N),
  value: JSON.parse(item['value']?.S ?? 'null') as unknown,
  ...(item['expiresAt']?.N === undefined ? {} : { expiresAt: Number(item['expiresAt'].N) }),
});

interface Expression {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
}

function toCondition(condition: Condition | undefined): Expression {
  if (condition === undefined) return {};
  if (condition === 'absent') return { ConditionExpression: 'attribute_not_exists(pk)' };
  if (condition === 'present') return { ConditionExpression: 'attribute_exists(pk)' };
  return {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':expected': { N: String(condition.version) } },
  };
}

/** A put is an update that raises the version: DynamoDB then needs no read before the write. */
function toPut(table: string, write: Extract<Write, { kind: 'put' }>): TransactWriteItem {
  const condition = toCondition(write.if);
  const expiry = write.expiresAt === undefined ? ' REMOVE expiresAt' : ', expiresAt = :expiresAt';
  return {
    Update: {
      TableName: table,
      Key: keyOf(write),
      UpdateExpression: `SET #value = :value, #version = if_not_exists(#version, :zero) + :one${expiry}`,
      ...(condition.ConditionExpression === undefined ? {} : { ConditionExpression: condition.ConditionExpression }),
      ExpressionAttributeNames: { '#value': 'value', '#version': 'version' },
      ExpressionAttributeValues: {
        ':value': { S: JSON.stringify(write.value) },
        ':zero': { N: '0' },
        ':one': { N: '1' },
        ...(write.expiresAt === undefined ? {} : { ':expiresAt': { N: String(write.expiresAt) } }),
        ...condition.ExpressionAttributeValues,
      },
    },
  };
}

function toTransactItem(table: string, write: Write): TransactWriteItem {
  if (write.kind === 'put') return toPut(table, write);
  const { ConditionExpression = 'attribute_exists(pk)', ...names } = toCondition(write.if);
  if (write.kind === 'check') return { ConditionCheck: { TableName: table, Key: keyOf(write), ConditionExpression, ...names } };
  return { Delete: { TableName: table, Key: keyOf(write), ...toCondition(write.if) } };
}

function failedWrite(error: unknown, writes: readonly Write[]): Write | undefined {
  if (error instanceof ConditionalCheckFailedException) return writes[0];
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const index = error.CancellationReasons?.findIndex(({ Code }) => Code === 'ConditionalCheckFailed') ?? -1;
  return writes[index];
}

const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflictException || (error instanceof TransactionCanceledException && (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict'));

/** One write alone needs no transaction, which costs twice as much; a check alone has no other way. */
async function send(client: DynamoDBClient, table: string, writes: readonly Write[]): Promise<void> {
  const [first = {}, ...more] = writes.map((write) => toTransactItem(table, write));
  if (more.length > 0 || first.ConditionCheck !== undefined) await client.send(new TransactWriteItemsCommand({ TransactItems: [first, ...more] }));
  else if (first.Update !== undefined) await client.send(new UpdateItemCommand({ ...first.Update }));
  else if (first.Delete !== undefined) await client.send(new DeleteItemCommand({ ...first.Delete }));
}

async function writeAll(client: DynamoDBClient, table: string, writes: readonly Write[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send(client, table, writes);
      return;
    } catch (error) {
      const failed = failedWrite(error, writes);
      if (failed?.if !== undefined) throw new ConditionFailed({ pk: failed.pk, sk: failed.sk }, failed.if);
      if (!isConflict(error) || attempt === CONFLICT_ATTEMPTS) throw error;
      await wait(Math.random() * CONFLICT_WAIT_MS * 2 ** attempt);
    }
  }
}

async function queryAll(client: DynamoDBClient, table: string, pk: string, options: QueryOptions): Promise<Document[]> {
  const { prefix = '', after = '', limit = Number.POSITIVE_INFINITY } = options;
  const documents: Document[] = [];
  // A start key need not exist: it is only where reading goes on.
  let from: Item | undefined = after === '' || after < prefix ? undefined : keyOf({ pk, sk: after });
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        ...(Number.isFinite(limit) ? { Limit: limit - documents.length } : {}),
      }),
    );
    documents.push(...(page.Items ?? []).map(toDocument));
    from = page.LastEvaluatedKey;
  } while (from !== undefined && documents.length < limit);
  return documents;
}

/** A DocumentStore in one DynamoDB table with keys `pk` and `sk` (strings) and TTL on `expiresAt`. */
export function openDynamoStore(table: string, client: DynamoDBClient = new DynamoDBClient({})): DocumentStore {
  const write = (writes: readonly Write[]): Promise<void> => (writes.length === 0 ? Promise.resolve() : writeAll(client, table, writes));
  return {
    get: async (key) => {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
      return Item === undefined ? undefined : toDocument(Item);
    },
    query: (pk, options = {}) => queryAll(client, table, pk, options),
    write,
    // What DynamoDB answers is on several disks.
    apply: write,
    applyInTurn: createInTurn(write),
    durable: () => Promise.resolve(),
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}
