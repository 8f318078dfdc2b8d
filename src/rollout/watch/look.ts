import { setImmediate as immediate } from 'node:timers/promises';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../../contracts/log.ts';
import type { TelemetryReader } from '../../controlplane/model/counts.ts';
import { mergeTelemetry } from '../../metrics/merge-telemetry.ts';
import type { Readings } from '../../metrics/port.ts';
import { meshReadingOf } from '../../metrics/sources.ts';
import { ConditionFailed, type Document, type DocumentStore } from '../../store/port.ts';
import { endBake, endingFor, listBakes, type OpenBake } from '../bake/bakes.ts';
import { countedOf, countReadings, meshSince, writeJudgeRecord, type JudgeRecord } from '../bake/judge-record.ts';
import { judgeKey } from '../record/keys.ts';
import type { TokenCipher } from '../bake/token-cipher.ts';
import type { Poller } from './poller.ts';

export interface LookPorts {
  readonly store: DocumentStore;
  readonly telemetry: TelemetryReader;
  readonly poller: Poller;
  readonly stepFunctions: SFNClient;
  readonly cipher: TokenCipher;
  readonly log: Log;
  readonly clock: () => number;
}

/** Without news a record is not written again before this time: it would only say how late it is. */
const IDLE_MS = 5000;

const isNews = (before: JudgeRecord, after: JudgeRecord, fresh: number): boolean =>
  fresh > 0 || before.judgement.reason !== after.judgement.reason || after.state.mesh.lastAt - before.state.mesh.lastAt >= IDLE_MS;

/** Everything that is new of a bake, and how much that is. */
async function readNews({ telemetry, poller }: LookPorts, bake: OpenBake, before: JudgeRecord): Promise<{ readonly readings: Readings; readonly fresh: number }> {
  const metrics = countedOf(bake);
  const since = meshSince(before, metrics);
  const [canary, stable] = await Promise.all([telemetry.read(bake.mesh, bake.canary, since), telemetry.read(bake.mesh, bake.stable, since)]);
  const mesh = mergeTelemetry(canary, stable);
  const polled = poller.take(bake, before);
  const own = metrics.filter(({ source }) => source === 'mesh').map((metric) => [metric.name, meshReadingOf(mesh, metric)] as const);
  const fresh = [mesh.requests, ...own.map(([, reading]) => reading)].reduce((sum, { intervals }) => sum + intervals.length, Object.keys(polled).length);
  return { readings: { requests: mesh.requests, metrics: { ...Object.fromEntries(own), ...polled } }, fresh };
}

/**
 * The judge's records as this process read or wrote them last, by their bakes' (sealed) tokens. Hardly anybody else writes one while its bake is open,
 * and its version tells when somebody did: with thousands of bakes open, reading each of them at each look would take most of a processor.
 */
type Kept = Map<string, Document>;

/** Counts what there is of a bake since `document`; undefined when someone else has counted. */
async function countFrom(ports: LookPorts, bake: OpenBake, document: Document, kept: Kept): Promise<JudgeRecord | undefined> {
  const before = document.value as JudgeRecord;
  const { readings, fresh } = await readNews(ports, bake, before);
  const after = countReadings(before, bake, readings, ports.clock());
  kept.set(bake.token, document);
  if (!isNews(before, after, fresh)) return after;
  try {
    await writeJudgeRecord(ports.store, bake.id, document, after);
    kept.set(bake.token, { ...document, version: document.version + 1, value: after });
    return after;
  } catch (error) {
    kept.delete(bake.token);
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
}

/** Counts what there is of a bake since; undefined when someone else just counted. */
async function count(ports: LookPorts, bake: OpenBake, kept: Kept): Promise<JudgeRecord | undefined> {
  const known = kept.get(bake.token);
  const counted = known === undefined ? undefined : await countFrom(ports, bake, known, kept);
  if (counted !== undefined) return counted;
  const document = await ports.store.get(judgeKey(bake.id));
  // Opening the bake begins the count; until then there is nothing to add to.
  if (document === undefined || (document.value as JudgeRecord).state.mesh.lastAt === 0) return undefined;
  return countFrom(ports, bake, document, kept);
}

/** Bakes that are looked at before others have their turn: what comes in meanwhile does not wait for thousands. */
const AT_A_TIME = 50;

/** One look at every open bake. What fails for one is logged and tried again at the next look; the others are looked at all the same. */
export function createLook(ports: LookPorts): () => Promise<void> {
  const { store, stepFunctions, cipher, log, clock } = ports;
  /** The (sealed) tokens of bakes that this process has ended: their documents stay until Judge takes them up. */
  let ended = new Set<string>();
  const kept: Kept = new Map();

  const lookAt = async (bake: OpenBake): Promise<void> => {
    const record = await count(ports, bake, kept);
    const ending = record === undefined ? undefined : endingFor(bake, record.judgement, clock());
    if (ending === undefined) return;
    await endBake(stepFunctions, cipher, bake, ending);
    ended.add(bake.token);
    log('info', 'bake ended by the watch', { id: bake.id, bake: bake.bake, ending: ending.kind, reason: record?.judgement.reason });
  };

  return async () => {
    const bakes = await listBakes(store);
    const open = new Set(bakes.map(({ token }) => token));
    ended = new Set([...ended].filter((token) => open.has(token)));
    for (const token of kept.keys()) if (!open.has(token)) kept.delete(token);
    for (const [index, bake] of bakes.filter(({ token }) => !ended.has(token)).entries()) {
      if (index > 0 && index % AT_A_TIME === 0) await immediate();
      await lookAt(bake).catch((error: unknown) => {
        log('error', 'bake not looked at', { id: bake.id, error: String(error) });
      });
    }
  };
}
