import { judge, type Judgement, type SourceHealth } from '../canary/judge/judge.ts';
import { countIntervals, startJudging, type JudgeState } from '../canary/judge/state.ts';
import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { MetricsProvider, Reading } from '../metrics/port.ts';
import { ConditionFailed, type Document, type DocumentStore } from '../store/port.ts';
import { judgeKey } from './keys.ts';

/** What the judge of a rollout remembers, shared by its steps and the watch. */
export interface JudgeRecord {
  readonly state: JudgeState;
  readonly health: SourceHealth;
  readonly judgement: Judgement;
}

/** Whose counts are judged, and how. */
export interface JudgedPair {
  readonly id: string;
  readonly mesh: string;
  readonly canary: string;
  readonly stable: string;
  readonly analysis: CanaryDefinition['analysis'];
  /** What is counted, which may be more than is judged now; absent: what is judged. */
  readonly counted?: CanaryDefinition['analysis']['metrics'];
}

const UNJUDGED: Judgement = { outcome: 'inconclusive', reason: 'nothing was measured yet', lack: 'traffic' };

export const findJudgeRecord = async (store: DocumentStore, id: string): Promise<JudgeRecord | undefined> =>
  (await store.get(judgeKey(id)))?.value as JudgeRecord | undefined;

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
};

/** Reading may fail: that is an outcome of its own, and nothing is counted then. */
async function tryRead(metrics: MetricsProvider, pair: JudgedPair, since: number): Promise<Reading | Error> {
  try {
    return await metrics.read({ mesh: pair.mesh, canary: pair.canary, stable: pair.stable, since });
  } catch (error) {
    return new Error(messageOf(error), { cause: error });
  }
}

/** What the record becomes once `reading` is counted and `change` is made to the state. */
export function countReading(previous: JudgeRecord | undefined, { analysis, counted: metrics = analysis.metrics }: Pick<JudgedPair, 'analysis' | 'counted'>, reading: Reading | Error, change: (state: JudgeState) => JudgeState): JudgeRecord {
  if (reading instanceof Error) {
    const state = change(previous?.state ?? startJudging(metrics, 0));
    const health: SourceHealth = { now: 0, lastReportAt: null, ...previous?.health, error: reading.message };
    return { state, health, judgement: judge(state, analysis, health) };
  }
  // The rollout's own time begins at the first reading: what was before is nobody's fault.
  const counted =
    previous === undefined || previous.state.lastAt === 0
      ? { ...startJudging(metrics, reading.now), ...(previous === undefined ? {} : { step: previous.state.step, steps: previous.state.steps }) }
      : countIntervals(previous.state, metrics, reading.intervals, reading.now);
  const state = change(counted);
  const health = { now: reading.now, lastReportAt: reading.lastReportAt };
  return { state, health, judgement: previous === undefined ? UNJUDGED : judge(state, analysis, health) };
}

const ATTEMPTS = 10;

/** Writes a judge's record over the one that was read. @throws ConditionFailed when someone else counted meanwhile. */
export const writeJudgeRecord = (store: DocumentStore, id: string, document: Document | undefined, value: JudgeRecord): Promise<void> =>
  store.write([{ kind: 'put', ...judgeKey(id), value, if: document === undefined ? 'absent' : { version: document.version } }]);

/**
 * Reads what was measured since, counts each interval once, makes `change` to the state (opening or closing a step) and judges.
 * The watch counts too: whoever comes second reads again from where the other ended.
 */
export async function advanceJudge(store: DocumentStore, metrics: MetricsProvider, pair: JudgedPair, change: (state: JudgeState) => JudgeState = (state) => state): Promise<JudgeRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const document = await store.get(judgeKey(pair.id));
    const previous = document?.value as JudgeRecord | undefined;
    // Without an earlier reading nothing is asked for but the source's clock.
    const since = previous === undefined || previous.state.lastAt === 0 ? Number.MAX_SAFE_INTEGER : previous.state.lastAt;
    const record = countReading(previous, pair, await tryRead(metrics, pair, since), change);
    try {
      await writeJudgeRecord(store, pair.id, document, record);
      return record;
    } catch (error) {
      if (!(error instanceof ConditionFailed) || attempt === ATTEMPTS) throw error;
    }
  }
}
