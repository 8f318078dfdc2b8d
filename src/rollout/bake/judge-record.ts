import type { KnownPhi } from '../../canary/judge/dispersion.ts';
import { judge, type Judgement, type SourceHealth } from '../../canary/judge/judge.ts';
import { countFigures, countMetric, startJudging, type JudgeState } from '../../canary/judge/state.ts';
import type { Analysis, Metric } from '../../contracts/analysis.ts';
import { QueryRefused } from '../../metrics/errors.ts';
import type { MetricSources, Reading, Readings, Wanted } from '../../metrics/port.ts';
import type { Document, DocumentStore } from '../../store/port.ts';
import { untilWritten } from '../../store/until-written.ts';
import { judgeKey } from '../record/keys.ts';

/** How a metric's source is doing, and when it was last asked, by our own clock. */
interface MetricHealth extends SourceHealth {
  readonly askedAt: number;
}

/** What the judge of a rollout remembers, shared by its steps and the watches. */
export interface JudgeRecord {
  readonly state: JudgeState;
  /** By metric. */
  readonly health: Readonly<Record<string, MetricHealth>>;
  readonly judgement: Judgement;
}

/** Whose counts are judged, and how. */
export interface JudgedPair {
  readonly id: string;
  readonly mesh: string;
  readonly canary: string;
  readonly stable: string;
  readonly analysis: Analysis;
  /** What is counted, which may be more than is judged now; absent: what is judged. */
  readonly counted?: readonly Metric[];
  /** φ by metric; 1 where there is none. */
  readonly phis?: Readonly<Record<string, KnownPhi>>;
}

export const countedOf = ({ analysis, counted }: Pick<JudgedPair, 'analysis' | 'counted'>): readonly Metric[] => counted ?? analysis.metrics;

export const findJudgeRecord = async (store: DocumentStore, id: string): Promise<JudgeRecord | undefined> =>
  (await store.get(judgeKey(id)))?.value as JudgeRecord | undefined;

/** Before it ever answered. */
const UNHEARD = { now: 0, lastReportAt: null, staleAfterMs: 0, periodMs: 0 };

function healthAfter(before: MetricHealth | undefined, reading: Reading | Error, askedAt: number): MetricHealth {
  if (reading instanceof Error) return { ...UNHEARD, ...before, error: reading.message, askedAt };
  const { now, lastReportAt, staleAfterMs, periodMs } = reading;
  return { now, lastReportAt, staleAfterMs, periodMs, askedAt };
}

/** What the record becomes once the readings are counted and `change` is made to the state. Where reading failed nothing is counted. */
export function countReadings(previous: JudgeRecord | undefined, pair: Pick<JudgedPair, 'analysis' | 'counted' | 'phis'>, { requests, metrics }: Readings, now: number, change: (state: JudgeState) => JudgeState = (state) => state): JudgeRecord {
  const counted = countedOf(pair);
  const before = previous?.state ?? startJudging(counted, 0, pair.phis);
  const figures = requests instanceof Error ? before : countFigures(before, requests);
  const state = counted.reduce((sum, metric) => {
    const reading = metrics[metric.name];
    return reading === undefined || reading instanceof Error ? sum : countMetric(sum, metric, reading);
  }, figures);
  const health = { ...previous?.health, ...Object.fromEntries(Object.entries(metrics).map(([name, reading]) => [name, healthAfter(previous?.health[name], reading, now)])) };
  const changed = change(state);
  return { state: changed, health, judgement: judge(changed, pair.analysis, health) };
}

/** Without an earlier reading nothing is asked for but the source's clock. */
const sinceOf = (lastAt: number | undefined): number => (lastAt === undefined || lastAt === 0 ? Number.MAX_SAFE_INTEGER : lastAt);

/** From where on the mesh is read, for its requests and all metrics that it tells. */
export const meshSince = (record: JudgeRecord | undefined, metrics: readonly Metric[]): number =>
  Math.min(sinceOf(record?.state.mesh.lastAt), ...metrics.filter(({ source }) => source === 'mesh').map(({ name }) => sinceOf(record?.state.metrics[name]?.lastAt)));

/** Whether a source may have anything new: the mesh always, what is polled once in each of its periods. */
export function isDue(record: JudgeRecord | undefined, { name, source }: Metric, now: number): boolean {
  const health = record?.health[name];
  return source === 'mesh' || health === undefined || now >= health.askedAt + Math.max(1000, health.periodMs);
}

export const toWanted = (record: JudgeRecord | undefined, metric: Metric): Wanted => ({ metric, since: sinceOf(record?.state.metrics[metric.name]?.lastAt) });

/** Whether a source that is polled may have anything new. */
export const isPolledNow = (record: JudgeRecord | undefined, metric: Metric, now: number): boolean => metric.source !== 'mesh' && isDue(record, metric, now);

/** Which metrics are read: those of the mesh alone, those that are polled and may have news, both, or all of them, and then what fails is tried again. */
export type Which = 'mesh' | 'polled' | 'due' | 'all';
const IS_READ: Readonly<Record<Which, (record: JudgeRecord | undefined, metric: Metric, now: number) => boolean>> = {
  mesh: (_, { source }) => source === 'mesh',
  polled: isPolledNow,
  due: isDue,
  all: () => true,
};

export interface JudgePorts {
  readonly store: DocumentStore;
  readonly metrics: MetricSources;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}

const READINGS = 3;
const AGAIN_AFTER_MS = 500;
/** A function has no time to ask a slow source again. */
const QUICK_MS = 5000;

const mayPass = (reading: Reading | Error): boolean => reading instanceof Error && !(reading.cause instanceof QueryRefused);

async function read({ metrics, clock, wait }: JudgePorts, pair: JudgedPair, record: JudgeRecord | undefined, which: Which): Promise<Readings> {
  const begun = clock();
  const wanted = countedOf(pair).filter((metric) => IS_READ[which](record, metric, begun)).map((metric) => toWanted(record, metric));
  const query = { mesh: pair.mesh, canary: pair.canary, stable: pair.stable, since: meshSince(record, countedOf(pair)) };
  for (let attempt = 1; ; attempt += 1) {
    const readings = await metrics.read(query, wanted);
    const isEnough = which !== 'all' || !Object.values(readings.metrics).some(mayPass) || attempt === READINGS || clock() - begun > QUICK_MS;
    if (isEnough) return readings;
    await wait(AGAIN_AFTER_MS);
  }
}

/** Writes a judge's record over the one that was read. @throws ConditionFailed when someone else counted meanwhile. */
export const writeJudgeRecord = (store: DocumentStore, id: string, document: Document | undefined, value: JudgeRecord): Promise<void> =>
  store.write([{ kind: 'put', ...judgeKey(id), value, if: document === undefined ? 'absent' : { version: document.version } }]);

/**
 * Reads what was measured since, counts each interval once, makes `change` to the state (opening or closing a step) and judges.
 * The watches count too, and are quicker than a slow source: what was read is counted on top of what they wrote meanwhile.
 */
export async function advanceJudge(ports: JudgePorts, pair: JudgedPair, which: Which, change?: (state: JudgeState) => JudgeState): Promise<JudgeRecord> {
  const readings = await read(ports, pair, await findJudgeRecord(ports.store, pair.id), which);
  return untilWritten(async () => {
    const document = await ports.store.get(judgeKey(pair.id));
    const record = countReadings(document?.value as JudgeRecord | undefined, pair, readings, ports.clock(), change);
    await writeJudgeRecord(ports.store, pair.id, document, record);
    return record;
  });
}
