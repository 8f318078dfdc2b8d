import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/contracts/log.ts';
import { openLocalDatabase, type LocalDatabase } from '../../../src/local/database.ts';
import type { Deliver } from '../../../src/local/events/deliveries.ts';
import { openEventBus, type EventBus } from '../../../src/local/events/event-bus.ts';
import { openEventsService } from '../../../src/local/events/operations.ts';
import { serveAwsJson } from '../../../src/local/server/aws-json.ts';
import { readBody } from '../../../src/local/server/read-body.ts';
import type { Timers } from '../../../src/local/timers.ts';
import { diskAtOnce } from '../support/virtual-time.ts';

/** Time that moves when a test says so. */
class ManualTimers implements Timers {
  time = Date.UTC(2026, 0, 1);
  #due: { at: number; callback: () => void }[] = [];
  now(): number {
    return this.time;
  }
  after(ms: number, callback: () => void): () => void {
    const entry = { at: this.time + ms, callback };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }
  advance(ms: number): void {
    this.time += ms;
    const due = this.#due.filter(({ at }) => at <= this.time);
    this.#due = this.#due.filter(({ at }) => at > this.time);
    for (const { callback } of due) callback();
  }
}

const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function:f';
let folder: string;
let timers: ManualTimers;
let database: LocalDatabase;
let bus: EventBus;
let server: Server;
let client: EventBridgeClient;
let delivered: { arn: string; input: unknown; once: string }[];
let answer: Deliver;

async function open(): Promise<void> {
  database = openLocalDatabase(folder, diskAtOnce);
  bus = openEventBus({ database, region: 'us-east-1', accountId: '000000000000', timers, log: silent, deliver: (...call) => answer(...call) });
  const service = openEventsService(bus, { region: 'us-east-1', accountId: '000000000000' });
  server = createServer((request, response) => {
    void readBody(request, 1e6).then((body) => serveAwsJson(service, request, body.toString(), response, () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new EventBridgeClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
}
async function close(): Promise<void> {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  bus.close();
  await database.close();
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-events-'));
  timers = new ManualTimers();
  delivered = [];
  answer = (arn, input, once) => {
    delivered.push({ arn, input: JSON.parse(input), once });
    return Promise.resolve();
  };
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

/** Lets time pass until nothing is on its way at this instant, then waits for what was begun. */
async function settle(until: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !until(); turn += 1) {
    timers.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(until()).toBe(true);
}

async function addRule(targets: Partial<Target>[] = [{}], eventPattern: object = { source: ['shop'] }): Promise<void> {
  await client.send(new PutRuleCommand({ Name: 'rule', EventPattern: JSON.stringify(eventPattern) }));
  await client.send(new PutTargetsCommand({ Rule: 'rule', Targets: targets.map((target, index) => ({ Id: String(index), Arn: LAMBDA, ...target })) }));
}
const push = (source = 'shop', detail: object = { tag: 'v2' }) =>
  client.send(new PutEventsCommand({ Entries: [{ Source: source, DetailType: 'Pushed', Detail: JSON.stringify(detail), Resources: ['arn:r'] }] }));

test('delivers an accepted event in its envelope to each target of each rule it matches', async () => {
  await addRule([{}, { Arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m' }]);
  const { Entries = [], FailedEntryCount } = await push();
  await push('other');
  await settle(() => bus.pending === 0);
  expect(FailedEntryCount).toBe(0);
  expect(delivered.map(({ arn }) => arn).toSorted()).toEqual([LAMBDA, 'arn:aws:states:us-east-1:000000000000:stateMachine:m']);
  expect(delivered[0]?.input).toEqual({
    version: '0',
    id: Entries[0]?.EventId,
    'detail-type': 'Pushed',
    source: 'shop',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: ['arn:r'],
    detail: { tag: 'v2' },
  });
});

test.each<[string, Partial<Target>, unknown]>([
  ['Input', { Input: '{"fixed":1}' }, { fixed: 1 }],
  ['InputPath', { InputPath: '$.detail' }, { tag: 'v2' }],
  ['InputTransformer', { InputTransformer: { InputPathsMap: { t: '$.detail.tag', d: '$.detail' }, InputTemplate: '{"text":"tag <t>","whole":<d>,"rule":<aws.events.rule-name>}' } }, { text: 'tag v2', whole: { tag: 'v2' }, rule: 'rule' }],
])('gives a target what %s makes of the event', async (_, target, input) => {
  await addRule([target]);
  await push();
  await settle(() => delivered.length === 1);
  expect(delivered[0]?.input).toEqual(input);
});

test('refuses single entries with their reason and takes the others', async () => {
  await addRule();
  const { FailedEntryCount, Entries = [] } = await client.send(
    new PutEventsCommand({
      Entries: [
        { Source: 'shop', DetailType: 'Pushed', Detail: '{}' },
        { Source: 'aws.ecr', DetailType: 'Pushed', Detail: '{}' },
        { Source: 'shop', DetailType: 'Pushed', Detail: '{' },
        { DetailType: 'Pushed', Detail: '{}' },
        { Source: 'shop', Detail: '{}' },
      ],
    }),
  );
  expect(FailedEntryCount).toBe(4);
  expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([undefined, 'NotAuthorizedForSourceException', 'MalformedDetail', 'InvalidArgument', 'InvalidArgument']);
  await settle(() => bus.pending === 0);
  expect(delivered).toHaveLength(1);
});

test('refuses more than ten entries', async () => {
  const entry = { Source: 'shop', DetailType: 'Pushed', Detail: '{}' };
  await expect(client.send(new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => entry) }))).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringMatching(/11 entries: must be at most 10/) as unknown });
});

test('tries again with back-off, each time as the same delivery, until the target takes it', async () => {
  const times: number[] = [];
  const keys = new Set<string>();
  answer = (_, __, once) => {
    times.push(timers.now());
    keys.add(once);
    return times.length < 4 ? Promise.reject(new Error('throttled')) : Promise.resolve();
  };
  await addRule();
  const start = timers.now();
  await push();
  for (const wait of [0, 1000, 2000, 4000]) {
    const before = times.length;
    timers.advance(wait);
    await settle(() => times.length > before);
    await database.flushed();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settle(() => bus.pending === 0);
  expect(times.map((time) => time - start)).toEqual([0, 1000, 3000, 7000]);
  expect(keys.size).toBe(1);
});

test('gives up after the retries that the target allows', async () => {
  let attempts = 0;
  answer = () => {
    attempts += 1;
    return Promise.reject(new Error('broken'));
  };
  await addRule([{ RetryPolicy: { MaximumRetryAttempts: 1 } }]);
  await push();
  await settle(() => attempts === 1);
  await database.flushed();
  await new Promise((resolve) => setImmediate(resolve));
  timers.advance(1000);
  await settle(() => bus.pending === 0);
  expect(attempts).toBe(2);
});

test('what was accepted is delivered by the next start, rules and targets are still there', async () => {
  answer = () => new Promise(() => undefined);
  await addRule();
  await push();
  await close();
  answer = (arn, input, once) => {
    delivered.push({ arn, input: JSON.parse(input), once });
    return Promise.resolve();
  };
  await open();
  bus.recover();
  await settle(() => delivered.length === 1 && bus.pending === 0);
  await push();
  await settle(() => delivered.length === 2);
  await close();
  await open();
  bus.recover();
  expect(bus.pending).toBe(0);
});

test('describes, lists, disables and deletes rules', async () => {
  await addRule();
  expect(await client.send(new DescribeRuleCommand({ Name: 'rule' }))).toMatchObject({ Name: 'rule', State: 'ENABLED', EventPattern: '{"source":["shop"]}', Arn: 'arn:aws:events:us-east-1:000000000000:rule/rule' });
  expect((await client.send(new ListRulesCommand({ NamePrefix: 'ru' }))).Rules?.map(({ Name }) => Name)).toEqual(['rule']);
  expect((await client.send(new ListTargetsByRuleCommand({ Rule: 'rule' }))).Targets).toEqual([{ Id: '0', Arn: LAMBDA }]);
  await client.send(new DisableRuleCommand({ Name: 'rule' }));
  await push();
  expect(bus.pending).toBe(0);
  await expect(client.send(new DeleteRuleCommand({ Name: 'rule' }))).rejects.toMatchObject({ name: 'ValidationException' });
  await client.send(new RemoveTargetsCommand({ Rule: 'rule', Ids: ['0'] }));
  await client.send(new DeleteRuleCommand({ Name: 'rule' }));
  await expect(client.send(new DescribeRuleCommand({ Name: 'rule' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('keeps buses apart', async () => {
  await client.send(new CreateEventBusCommand({ Name: 'mine' }));
  expect((await client.send(new ListEventBusesCommand({}))).EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'mine']);
  await client.send(new PutRuleCommand({ Name: 'rule', EventBusName: 'mine', EventPattern: '{"source":["shop"]}' }));
  await client.send(new PutTargetsCommand({ Rule: 'rule', EventBusName: 'mine', Targets: [{ Id: '0', Arn: LAMBDA }] }));
  await push();
  expect(bus.pending).toBe(0);
  await client.send(new PutEventsCommand({ Entries: [{ Source: 'shop', DetailType: 'Pushed', Detail: '{}', EventBusName: 'mine' }] }));
  await settle(() => delivered.length === 1);
});

test('tests patterns, and refuses one that is not valid', async () => {
  const Event = JSON.stringify({ source: 'shop' });
  expect((await client.send(new TestEventPatternCommand({ Event, EventPattern: '{"source":["shop"]}' }))).Result).toBe(true);
  await expect(client.send(new TestEventPatternCommand({ Event, EventPattern: '{"source":"shop"}' }))).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
});
