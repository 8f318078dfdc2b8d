import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../../contracts/log.ts';
import type { TelemetryReader } from '../../controlplane/model/counts.ts';
import { mergeTelemetry } from '../../metrics/merge-telemetry.ts';
import type { Readings } from '../../metrics/port.ts';
import { meshReadingOf } from '../../metrics/sources.ts';
import { ConditionFailed, type DocumentStore } from '../../store/port.ts';
import { endBake, endingFor, listBakes, type OpenBake } from '../bakes.ts';
import { countedOf, countReadings, meshSince, writeJudgeRecord, type JudgeRecord } from '../judge-record.ts';
import { judgeKey } from '../keys.ts';
import type { TokenCipher } from '../token-cipher.ts';
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

/** Counts what there is of a bake since; undefined when someone else just counted. */
async function count(ports: LookPorts, bake: OpenBake): Promise<JudgeRecord | undefined> {
  const document = await ports.store.get(judgeKey(bake.id));
  const before = document?.value as JudgeRecord | undefined;
  // Opening the bake begins the count; until then there is nothing to add to.
  if (before === undefined || before.state.mesh.lastAt === 0) return undefined;
  const { readings, fresh } = await readNews(ports, bake, before);
  const after = countReadings(before, bake, readings, ports.clock());
  if (!isNews(before, after, fresh)) return after;
  try {
    await writeJudgeRecord(ports.store, bake.id, document, after);
    return after;
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
}

/** One look at every open bake. What fails for one is logged and tried again at the next look; the others are looked at all the same. */
export function createLook(ports: LookPorts): () => Promise<void> {
  const { store, stepFunctions, cipher, log, clock } = ports;
  /** The (sealed) tokens of bakes that this process has ended: their documents stay until Judge takes them up. */
  let ended = new Set<string>();

  const lookAt = async (bake: OpenBake): Promise<void> => {
    const record = await count(ports, bake);
    const ending = record === undefined ? undefined : endingFor(bake, record.judgement, clock());
    if (ending === undefined) return;
    await endBake(stepFunctions, cipher, bake, ending);
    ended.add(bake.token);
    log('info', 'bake ended by the watch', { id: bake.id, bake: bake.bake, ending: ending.kind, reason: record?.judgement.reason });
  };

  return async () => {
    const bakes = await listBakes(store);
    ended = new Set(bakes.map(({ token }) => token).filter((token) => ended.has(token)));
    for (const bake of bakes.filter(({ token }) => !ended.has(token))) {
      await lookAt(bake).catch((error: unknown) => {
        log('error', 'bake not looked at', { id: bake.id, error: String(error) });
      });
    }
  };
}
