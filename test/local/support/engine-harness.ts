import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, paginateGetExecutionHistory, SFNClient, CreateStateMachineCommand, StartExecutionCommand, type DescribeExecutionCommandOutput, type HistoryEvent } from '@aws-sdk/client-sfn';
import type { Log } from '../../../src/contracts/log.ts';
import { openLocalDatabase } from '../../../src/local/database.ts';
import type { Json } from '../../../src/local/json.ts';
import { AwsError, serveAwsJson } from '../../../src/local/server/aws-json.ts';
import { readBody } from '../../../src/local/server/read-body.ts';
import { Engine, stepFunctionsService } from '../../../src/local/stepfunctions/index.ts';
import { openRunners } from '../../../src/local/stepfunctions/tasks/runners.ts';
import { diskAtOnce, turn, virtualTime, type VirtualTime } from './virtual-time.ts';

/** A Lambda function of a test: gets the payload; what it throws fails the task by the error's name. */
export type TestFunction = (payload: never, signal: AbortSignal) => Json | Promise<Json>;

export interface Harness {
  readonly engine: Engine;
  readonly client: SFNClient;
  readonly url: string;
  readonly time: VirtualTime;
  readonly folder: string;
  readonly events: Json[];
  readonly changes: Record<string, unknown>[];
  /** Creates a state machine and starts an execution of it. */
  launch(definition: object, input?: Json, options?: { name?: string; machine?: string }): Promise<string>;
  /** Lets time pass, timer by timer, until an execution has ended. */
  finish(executionArn: string): Promise<DescribeExecutionCommandOutput>;
  /** Lets what is under way come to rest, without time passing. */
  settle(): Promise<void>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  close(): Promise<void>;
}

/** What the engine reports as an error fails the test that causes it. */
const log: Log = (level, message, fields) => {
  if (level === 'error') console.error(message, fields);
};

export const ROLE = 'arn:aws:iam::000000000000:role/states';
export const invoke = (name: string, payload: Json = '{% $states.input %}'): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: name, Payload: payload },
});
export const awaitToken = (name: string): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName: name, Payload: { token: '{% $states.context.Task.Token %}' } },
});

/** An engine over HTTP with virtual time and functions in process. */
export async function openHarness(functions: Readonly<Record<string, TestFunction>> = {}, options: { random?: () => number; folder?: string } = {}): Promise<Harness> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'meshshift-engine-'));
  const time = virtualTime();
  const database = openLocalDatabase(folder, diskAtOnce);
  const events: Json[] = [];
  const changes: Record<string, unknown>[] = [];
  const engine: Engine = new Engine({
    database,
    region: 'us-east-1',
    accountId: '000000000000',
    timers: time,
    log,
    ...(options.random === undefined ? {} : { random: options.random }),
    onStatusChange: (detail) => {
      changes.push(detail);
      return Promise.resolve();
    },
    runners: openRunners({
      engine: () => engine,
      putEvents: (entries) => {
        const all = entries as Json[];
        events.push(...all);
        return Promise.resolve({ FailedEntryCount: 0, Entries: all.map((_, index) => ({ EventId: String(index) })) });
      },
      invoke: async (name, payload, signal) => {
        const run = functions[name.replace(/^.*:function:/, '')];
        if (run === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, { status: 404 });
        try {
          return { payload: await run(payload as never, signal), failed: false, requestId: 'r-1' };
        } catch (error) {
          const { name: errorType, message } = error as Error;
          return { payload: { errorType, errorMessage: message, trace: [] }, failed: true, requestId: 'r-1' };
        }
      },
    }),
  });
  const service = stepFunctionsService(engine);
  const server = createServer((req, res) => {
    void readBody(req, 2_000_000).then((body) => serveAwsJson(service, req, body.toString('utf8'), res, (error) => console.error(error)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SFNClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
  engine.recover();

  const settle = async (): Promise<void> => {
    // A function that never answers keeps the engine busy: some turns are enough for all else.
    for (let turns = 0; turns < 6 || (engine.busy && turns < 60); turns += 1) await turn();
  };
  return {
    engine,
    client,
    url,
    time,
    folder,
    events,
    changes,
    settle,
    launch: async (definition, input = {}, { name, machine = 'machine' } = {}) => {
      const { stateMachineArn } = await client.send(
        new CreateStateMachineCommand({ name: machine, roleArn: ROLE, definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }) }),
      );
      const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), ...(name === undefined ? {} : { name }) }));
      return executionArn;
    },
    finish: async (executionArn) => {
      const row = (): string | undefined => engine.store.executionByArn(executionArn)?.status;
      for (let jumps = 0; jumps < 10_000 && row() === 'RUNNING'; jumps += 1) {
        await settle();
        if (row() === 'RUNNING' && !time.jump() && !engine.busy) throw new Error(`${executionArn} waits for nothing that time brings`);
      }
      await settle();
      return client.send(new DescribeExecutionCommand({ executionArn }));
    },
    history: async (executionArn) => {
      const found: HistoryEvent[] = [];
      for await (const page of paginateGetExecutionHistory({ client, pageSize: 1000 }, { executionArn })) found.push(...(page.events ?? []));
      return found;
    },
    close: async () => {
      client.destroy();
      await engine.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await database.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `type ← previousEventId` of each event: the chain of a history. */
export const chainOf = (events: readonly HistoryEvent[]): string[] => events.map(({ type, previousEventId }) => `${type ?? ''} ${previousEventId ?? ''}`);
