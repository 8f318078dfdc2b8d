import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../../contracts/log.ts';
import type { TelemetryReader } from '../../controlplane/model/counts.ts';
import { mergeTelemetry } from '../../metrics/merge-telemetry.ts';
import { ConditionFailed, type DocumentStore } from '../../store/port.ts';
import { endBake, endingFor, listBakes, type OpenBake } from '../bakes.ts';
import { countReading, writeJudgeRecord, type JudgeRecord } from '../judge-record.ts';
import { judgeKey } from '../keys.ts';
import type { TokenCipher } from '../token-cipher.ts';

export interface LookPorts {
  readonly store: DocumentStore;
  readonly telemetry: TelemetryReader;
  readonly stepFunctions: SFNClient;
  readonly cipher: TokenCipher;
  readonly log: Log;
  readonly clock: () => number;
}

/** Without news a record is not written again before this time: it would only say how late it is. */
const IDLE_MS = 5000;

const isNews = (before: JudgeRecord, after: JudgeRecord, fresh: number): boolean =>
  fresh > 0 || before.judgement.reason !== after.judgement.reason || after.state.lastAt - before.state.lastAt >= IDLE_MS;

/** Counts what a bake's telemetry has since; undefined when someone else just counted. */
async function count({ store, telemetry }: LookPorts, bake: OpenBake): Promise<JudgeRecord | undefined> {
  const document = await store.get(judgeKey(bake.id));
  const before = document?.value as JudgeRecord | undefined;
  // Opening the bake begins the count; until then there is nothing to add to.
  if (before === undefined || before.state.lastAt === 0) return undefined;
  const since = before.state.lastAt;
  const [canary, stable] = await Promise.all([telemetry.read(bake.mesh, bake.canary, since), telemetry.read(bake.mesh, bake.stable, since)]);
  const reading = mergeTelemetry(canary, stable);
  const after = countReading(before, bake, reading, (state) => state);
  if (!isNews(before, after, reading.intervals.length)) return after;
  try {
    await writeJudgeRecord(store, bake.id, document, after);
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
