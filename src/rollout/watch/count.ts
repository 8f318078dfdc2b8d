import type { TelemetryReader } from '../../controlplane/model/counts.ts';
import { mergeTelemetry } from '../../metrics/merge-telemetry.ts';
import type { Readings } from '../../metrics/port.ts';
import { meshReadingOf } from '../../metrics/sources.ts';
import { ConditionFailed, type Document, type DocumentStore } from '../../store/port.ts';
import type { OpenBake } from '../bake/bakes.ts';
import { countedOf, countReadings, meshSince, writeJudgeRecord, type JudgeRecord } from '../bake/judge-record.ts';
import { judgeKey } from '../record/keys.ts';
import type { Poller } from './poller.ts';

export interface CountPorts {
  readonly store: DocumentStore;
  readonly telemetry: TelemetryReader;
  readonly poller: Poller;
  readonly clock: () => number;
}

/** A bake's judge record as this process has it: as it was last read or written, and what was counted on top of that. */
export interface Counted {
  readonly document: Document;
  readonly record: JudgeRecord;
  /** How much came in since the document was written. */
  readonly fresh: number;
}

/** Everything that is new of a bake, and how much that is. */
async function readNews({ telemetry, poller }: CountPorts, bake: OpenBake, before: JudgeRecord): Promise<{ readonly readings: Readings; readonly fresh: number }> {
  const metrics = countedOf(bake);
  const since = meshSince(before, metrics);
  const [canary, stable] = await Promise.all([telemetry.read(bake.mesh, bake.canary, since), telemetry.read(bake.mesh, bake.stable, since)]);
  const mesh = mergeTelemetry(canary, stable);
  const polled = poller.take(bake, before);
  const own = metrics.filter(({ source }) => source === 'mesh').map((metric) => [metric.name, meshReadingOf(mesh, metric)] as const);
  const fresh = [mesh.requests, ...own.map(([, reading]) => reading)].reduce((sum, { intervals }) => sum + intervals.length, Object.keys(polled).length);
  return { readings: { requests: mesh.requests, metrics: { ...Object.fromEntries(own), ...polled } }, fresh };
}

/** Counts what has come in of a bake since, and judges; nothing is written. */
export async function countOn(ports: CountPorts, bake: OpenBake, { document, record, fresh: before }: Counted): Promise<Counted> {
  const { readings, fresh } = await readNews(ports, bake, record);
  return { document, record: countReadings(record, bake, readings, ports.clock()), fresh: before + fresh };
}

/** Without news a record is not written again before this time: it would only say how late it is. */
const IDLE_MS = 5000;

function isNews({ document, record, fresh }: Counted): boolean {
  const written = document.value as JudgeRecord;
  return fresh > 0 || written.judgement.reason !== record.judgement.reason || record.state.mesh.lastAt - written.state.mesh.lastAt >= IDLE_MS;
}

/** Writes what was counted down, if it is news; undefined when someone else has counted: what is known here is of no use then. */
async function keep({ store }: CountPorts, { id }: OpenBake, counted: Counted): Promise<Counted | undefined> {
  if (!isNews(counted)) return counted;
  const { document, record } = counted;
  try {
    await writeJudgeRecord(store, id, document, record);
    return { document: { ...document, version: document.version + 1, value: record }, record, fresh: 0 };
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
}

/** Counts a bake and writes it down, on top of what is known here or else of what the store has; undefined when someone else just counted. */
export async function countAndKeep(ports: CountPorts, bake: OpenBake, known: Counted | undefined): Promise<Counted | undefined> {
  const counted = known === undefined ? undefined : await keep(ports, bake, await countOn(ports, bake, known));
  if (counted !== undefined) return counted;
  const document = await ports.store.get(judgeKey(bake.id));
  if (document === undefined) return undefined;
  const record = document.value as JudgeRecord;
  // Opening the bake begins the count; until then there is nothing to add to.
  return record.state.mesh.lastAt === 0 ? undefined : keep(ports, bake, await countOn(ports, bake, { document, record, fresh: 0 }));
}
