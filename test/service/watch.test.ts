import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Reading } from '../../src/metrics/port.ts';
import type { OpenBake } from '../../src/rollout/bake/bakes.ts';
import { advanceJudge, type JudgedPair } from '../../src/rollout/bake/judge-record.ts';
import { bakeKey } from '../../src/rollout/record/keys.ts';
import { openTokenCipher } from '../../src/rollout/bake/token-cipher.ts';
import { openDynamoStore } from '../../src/store/dynamodb.ts';
import { describeWith } from '../support/components.ts';
import { hasDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { eventually } from '../support/eventually.ts';
import { startServe } from '../support/serve.ts';

/** As the stack makes it: 43 letters and digits. */
const TOKEN_KEY = 'a'.repeat(42) + 'Q';
const ID = 'svc1-0123456789abcdef-1';
const TOKEN = 'the-task-token-of-this-bake';

const pair: JudgedPair = {
  id: ID,
  mesh: 'm',
  canary: 'canary',
  stable: 'stable',
  analysis: { metrics: [{ name: 'errors', source: 'mesh', margin: 0.01 }], minRequests: 100, onInconclusive: 'advance', noTraffic: 'hold', metricsOutage: 'hold' },
};

const reading = (now: number, bad: number): Reading => ({ intervals: [{ at: now, canary: { total: 1_000, bad }, stable: { total: 1_000, bad: 0 } }], now, lastReportAt: now, staleAfterMs: 60_000, periodMs: 200, behind: 0 });

describeWith('DynamoDB Local', hasDynamoDbLocal, 'the watch of the service', () => {
  let dynamo: DynamoDbLocal;
  let stepFunctions: Server;
  const asked: { readonly action: string; readonly body: Record<string, unknown> }[] = [];
  beforeAll(async () => {
    dynamo = await startDynamoDbLocal();
    stepFunctions = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push({ action: String(request.headers['x-amz-target']), body: JSON.parse(body) as Record<string, unknown> });
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => stepFunctions.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    stepFunctions.closeAllConnections();
    stepFunctions.close();
    await dynamo.stop();
  });

  test('of two instances over one table: a bake that fails ends at once, by the token as Step Functions gave it, and the log has nothing of it', async () => {
    const table = await dynamo.createTable();
    const store = openDynamoStore(table, dynamo.client());
    const now = Date.now();
    const judgeOf = (read: Reading) => advanceJudge({ store, metrics: { read: () => Promise.resolve({ requests: read, metrics: { errors: read } }) }, clock: Date.now, wait: () => Promise.resolve() }, pair, 'all');
    await judgeOf(reading(now - 1_000, 0));
    expect((await judgeOf(reading(now - 500, 400))).judgement.outcome).toBe('fail');
    const record = { step: 0, steps: [], promoted: false, holds: 0, paused: false, deadline: now + 1e6, waiting: null, alarm: null, hookHold: false, settings: { analysis: pair.analysis, advance: 'onTime' } };
    const bake = { ...pair, bake: 1, startedAt: now, endsAt: now + 1e6, token: openTokenCipher(TOKEN_KEY).seal(TOKEN, ID), record } as unknown as OpenBake;
    await store.write([{ kind: 'put', ...bakeKey(ID), value: bake }]);

    const { port } = stepFunctions.address() as AddressInfo;
    const env = { MESHSHIFT_TABLE: table, MESHSHIFT_TOKEN_KEY: TOKEN_KEY, AWS_ENDPOINT_URL_DYNAMODB: dynamo.url, AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}` };
    const served = await Promise.all([startServe(env), startServe(env)]);
    await eventually(() => asked.length > 0 || undefined, 'the bake is ended', 20_000);
    expect(asked[0]).toMatchObject({ action: 'AWSStepFunctions.SendTaskFailure', body: { taskToken: TOKEN, error: 'VerdictFailed' } });
    expect(await Promise.all(served.map((one) => one.end()))).toEqual([0, 0]);
    // Each at most once: the other's end is not an error.
    expect(asked.length).toBeLessThanOrEqual(2);
    for (const { log } of served) {
      expect(log()).not.toContain(TOKEN);
      expect(log()).not.toContain(TOKEN_KEY);
    }
    await store.close();
  });
});
