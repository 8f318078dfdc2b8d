import * as z from 'zod/mini';
import { FINAL_PHASES, PHASES, type HistoryEntry, type Rollout } from '../contracts/rollout.ts';
import type { DocumentStore } from '../store/port.ts';
import type { OpenBake } from './bakes.ts';
import { findJudgeRecord, type JudgeRecord } from './judge-record.ts';
import { bakeKey, HISTORY_PREFIX, historyPartition, ROLLOUTS } from './keys.ts';
import { readRecord, toRecord, type RolloutRecord } from './records.ts';

interface Parts {
  readonly history: readonly HistoryEntry[];
  readonly bake: OpenBake | undefined;
  readonly judged: JudgeRecord | undefined;
}

/** Only what the contract names is shown: a field added to the record, or a token, is not. */
function toRollout(record: RolloutRecord, { history, bake, judged }: Parts): Rollout {
  const { settings: _settings, split: _split, hostname: _hostname, spec: _spec, promotedBakeSeconds: _bake, requestedAt: _at, holds: _holds, paused: _paused, promoted, decision: _decision, hookHold: _hold, begun: _begun, foreign: _foreign, undone: _undone, overridden: _overridden, finishing: _finishing, loweredTo: _lowered, removals: _removals, untold: _untold, ...shown } = record;
  const live = !FINAL_PHASES.has(record.phase);
  const step = promoted ? record.steps.length : record.step;
  return {
    ...shown,
    measurements: judged?.state.steps ?? [],
    history,
    bake: live && bake !== undefined ? { step, startedAt: bake.startedAt, endsAt: bake.endsAt } : null,
    judgement: live && judged !== undefined ? { outcome: judged.judgement.outcome, reason: judged.judgement.reason } : null,
  };
}

/** A rollout with its history, its measurements and the bake under way. @throws NotFound */
export async function showRollout(store: DocumentStore, id: string): Promise<Rollout> {
  const [record, history, bake, judged] = await Promise.all([
    readRecord(store, id),
    store.query(historyPartition(id), { prefix: HISTORY_PREFIX }),
    store.get(bakeKey(id)),
    findJudgeRecord(store, id),
  ]);
  return toRollout(record, { history: history.map(({ value }) => value as HistoryEntry), bake: bake?.value as OpenBake | undefined, judged });
}

const MOST = 100;

const time = z.pipe(z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time such as 2026-01-31T09:00:00Z')), z.transform((text) => Date.parse(text)));

/** What a list of rollouts may be narrowed to; `text` is looked for in ids, triggers, reasons and verdicts. */
export const rolloutFilter = z.strictObject({
  definition: z.optional(z.string()),
  phase: z.optional(z.enum(PHASES)),
  tag: z.optional(z.string()),
  since: z.optional(time),
  text: z.optional(z.string()),
});
type Filter = z.infer<typeof rolloutFilter>;

function matches({ definition, phase, tag, since, text }: Filter, record: RolloutRecord): boolean {
  const isNamed = (definition ?? record.definition) === record.definition && (phase ?? record.phase) === record.phase && (tag ?? record.image.tag) === record.image.tag;
  const said = () => [record.id, record.trigger, record.reason, ...record.verdicts.map(({ reason }) => reason)].join('\n').toLowerCase();
  return isNamed && record.startedAt >= (since ?? 0) && (text === undefined || said().includes(text.toLowerCase()));
}

/** The newest rollouts that match first, at most 100, without history and measurements. */
export async function listRollouts(store: DocumentStore, filter: Filter = {}): Promise<Rollout[]> {
  const records = (await store.query(ROLLOUTS)).map(({ value }) => toRecord(value));
  return records
    .filter((record) => matches(filter, record))
    .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1))
    .slice(0, MOST)
    .map((record) => toRollout(record, { history: [], bake: undefined, judged: undefined }));
}
