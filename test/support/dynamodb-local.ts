import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasCommand } from './components.ts';

/** Where `.ci/run` puts the jars that Maven fetches. */
const jars = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshshift', 'dynamodb-local-2.5.4');
const launcher = fileURLToPath(new URL('./dynamodb-local/DynamoDbLocal.java', import.meta.url));

/** Whether DynamoDB Local can be started here. */
export const hasDynamoDbLocal = existsSync(jars) && hasCommand('java');

/** A DynamoDB of its own, in memory. */
export interface DynamoDbLocal {
  readonly url: string;
  /** A client of it, the caller's to destroy. */
  client(): DynamoDBClient;
  /** Makes a table as the stack has it, and gives its name. */
  createTable(): Promise<string>;
  stop(): Promise<void>;
}

const KEYS = { pk: 'HASH', sk: 'RANGE' } as const;

async function createTable(client: DynamoDBClient): Promise<string> {
  const TableName = `table-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: Object.keys(KEYS).map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: Object.entries(KEYS).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    }),
  );
  return TableName;
}

/** Starts one on a free port of loopback; it ends with this process. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Djava.library.path=${jars}`, '-cp', join(jars, '*')];
  const child = spawn('java', [...options, launcher], { stdio: ['pipe', 'pipe', 'ignore'] });
  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`DynamoDB Local ended with ${String(code)}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('port ')) resolve(line.slice('port '.length));
    });
  });
  const client = (): DynamoDBClient =>
    new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const own = client();
  return {
    url: `http://127.0.0.1:${port}`,
    client,
    createTable: () => createTable(own),
    stop: async () => {
      own.destroy();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}
