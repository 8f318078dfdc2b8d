import type { SFNClient } from '@aws-sdk/client-sfn';
import { silent } from '../../src/contracts/log.ts';
import { createTelemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import type { OpenBake } from '../../src/rollout/bake/bakes.ts';
import { advanceJudge, findJudgeRecord, type JudgedPair } from '../../src/rollout/bake/judge-record.ts';
import { bakeKey } from '../../src/rollout/record/keys.ts';
import { startWatch } from '../../src/rollout/watch/start-watch.ts';
import { memoryStore } from '../canary/memory.ts';
import { turn, virtualTime } from '../local/support/virtual-time.ts';

const INTERVAL_MS = 200;
const REQUESTS = 100;
/** More than any look takes: the store and Step Functions answer in the same turn. */
const TURNS = 20;

const pairOf = (id: string): JudgedPair => ({
  id,
  mesh: 'm',
  canary: 'canary',
  stable: 'stable',
  analysis: { metrics: [{ name: 'errors', source: 'mesh', margin: 0.01 }], minRequests: 100, onInconclusive: 'advance', noTraffic: 'hold', metricsOutage: 'hold' },
});

/** A watch over a store that counts how often it is asked and written. */
function openWatched(storeEveryMs: number) {
  const time = virtualTime();
  const telemetry = createTelemetry({ intervalMs: INTERVAL_MS, clock: () => time.now(), after: (ms, run) => time.after(ms, run) });
  const store = memoryStore();
  const counts = { reads: 0, lists: 0, writes: 0 };
  const metered: typeof store = {
    ...store,
    get: (key) => ((counts.reads += 1), store.get(key)),
    query: (pk, options) => ((counts.lists += 1), store.query(pk, options)),
    write: (writes) => ((counts.writes += 1), store.write(writes)),
  };
  /** Tokens of bakes that were ended, with the error that they were ended with. */
  const ended: (readonly [token: string | undefined, error: string | undefined])[] = [];
  const stepFunctions = { send: ({ input }: { input: { taskToken?: string; error?: string } }) => Promise.resolve(void ended.push([input.taskToken, input.error])) } as unknown as SFNClient;
  const watch = startWatch({ store: metered, telemetry, stepFunctions, tokenKey: '', storeEveryMs, log: silent, clock: () => time.now() });

  return {
    store,
    counts,
    ended,
    /** As the handler opens one: the count begins, then the bake is there. */
    open: async (id: string): Promise<void> => {
      const pair = pairOf(id);
      const requests = { intervals: [], now: time.now(), lastReportAt: time.now(), staleAfterMs: 10_000, periodMs: 1000, behind: 0 };
      await advanceJudge({ store, metrics: { read: () => Promise.resolve({ requests, metrics: { errors: requests } }) }, clock: () => time.now(), wait: () => Promise.resolve() }, pair, 'all');
      const record = { step: 0, steps: [], promoted: false, holds: 0, paused: false, deadline: Infinity, waiting: null, alarm: null, hookHold: false, settings: { analysis: pair.analysis, advance: 'atEnd' } };
      const bake = { ...pair, bake: 1, startedAt: time.now(), endsAt: Infinity, token: `token of ${id}`, record } as unknown as OpenBake;
      await store.write([{ kind: 'put', ...bakeKey(id), value: bake }]);
    },
    /** One interval passes: proxies report in it, it closes, and the watch looks. */
    interval: async (bad = 0): Promise<void> => {
      telemetry.report('m', [{ virtualNode: 'canary', ok: REQUESTS - bad, errors: bad }, { virtualNode: 'stable', ok: REQUESTS, errors: 0 }]);
      time.jump();
      for (let count = 0; count < TURNS; count += 1) await turn();
    },
    close: async (): Promise<void> => {
      await watch.close();
      telemetry.close();
    },
  };
}

const SECOND = 1000 / INTERVAL_MS;
const perSecond = async (watched: ReturnType<typeof openWatched>, seconds: number): Promise<void> => {
  for (let count = 0; count < seconds * SECOND; count += 1) await watched.interval();
};

test('over a table, bakes are listed and what was counted is written once a second, and no report is left out', async () => {
  const watched = openWatched(1000);
  await watched.open('a');
  await watched.open('b');
  await perSecond(watched, 10);
  expect(watched.counts.lists).toBeGreaterThanOrEqual(9);
  expect(watched.counts.lists).toBeLessThanOrEqual(11);
  // Two bakes: each is read once, when it is first seen.
  expect(watched.counts.reads).toBe(2);
  expect(watched.counts.writes).toBeGreaterThanOrEqual(2 * 9);
  expect(watched.counts.writes).toBeLessThanOrEqual(2 * 11);
  // Up to the last write, which may be a second old.
  const counted = (await findJudgeRecord(watched.store, 'a'))?.state.metrics['errors']?.used.canary.requests ?? 0;
  expect(counted).toBeGreaterThanOrEqual(9 * SECOND * REQUESTS);
  expect(counted).toBeLessThanOrEqual(10 * SECOND * REQUESTS);
  expect(watched.ended).toEqual([]);
  await watched.close();
});

test.each([1, 2, 3, 4, 5])('between two turns of the store a bad report ends the bake with the look that sees it, and its verdict is written first: interval %i of a second', async (place) => {
  const watched = openWatched(1000);
  await watched.open('a');
  await watched.open('b');
  await perSecond(watched, 3);
  for (let count = 1; count < place; count += 1) await watched.interval();
  await watched.interval(REQUESTS / 2);
  expect(watched.ended).toEqual([['token of a', 'VerdictFailed'], ['token of b', 'VerdictFailed']]);
  expect((await findJudgeRecord(watched.store, 'a'))?.judgement.outcome).toBe('fail');
  await perSecond(watched, 2);
  expect(watched.ended).toHaveLength(2);
  await watched.close();
});

test('a bake that opens between two turns is seen within a second', async () => {
  const watched = openWatched(1000);
  await watched.interval();
  await watched.interval();
  await watched.open('late');
  for (let count = 0; count < SECOND + 1; count += 1) await watched.interval(REQUESTS / 2);
  expect(watched.ended).toEqual([['token of late', 'VerdictFailed']]);
  await watched.close();
});

test('what someone else counted meanwhile is counted on, and nothing twice', async () => {
  const watched = openWatched(1000);
  await watched.open('a');
  await perSecond(watched, 2);
  // Another control plane over the same table: it has seen the same reports, and wrote them down.
  const { pk, sk, value } = (await watched.store.get({ pk: 'rollout#a', sk: 'judge' }))!;
  await watched.store.write([{ kind: 'put', pk, sk, value }]);
  await perSecond(watched, 3);
  const counted = (await findJudgeRecord(watched.store, 'a'))?.state.metrics['errors']?.used.canary.requests ?? 0;
  expect(counted).toBeGreaterThanOrEqual(4 * SECOND * REQUESTS);
  expect(counted).toBeLessThanOrEqual(5 * SECOND * REQUESTS);
  await watched.close();
});

test('on one machine each look reads and writes', async () => {
  const watched = openWatched(0);
  await watched.open('a');
  await perSecond(watched, 2);
  expect(watched.counts).toEqual({ reads: 1, lists: 2 * SECOND, writes: 2 * SECOND });
  await watched.close();
});
