import { FINAL_PHASES, type HistoryEntry, type Rollout } from '../../contracts/rollout.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { OpenBake } from '../bake/bakes.ts';
import { findJudgeRecord, type JudgeRecord } from '../bake/judge-record.ts';
import { bakeKey } from '../record/keys.ts';
import { readHistory, readRecord, type RolloutRecord } from '../record/records.ts';

interface Parts {
  readonly history: readonly HistoryEntry[];
  readonly bake: OpenBake | undefined;
  readonly judged: JudgeRecord | undefined;
}

/** A record with what others wrote of it, as it is shown: only what the contract names; a field added to the record, or a token, is not. */
export function toRollout(record: RolloutRecord, { history, bake, judged }: Parts): Rollout {
  const { settings: _settings, split: _split, hostname: _hostname, spec: _spec, promotedBakeSeconds: _bake, requestedAt: _at, holds: _holds, paused: _paused, promoted, decision: _decision, hookHold: _hold, begun: _begun, foreign: _foreign, undone: _undone, overridden: _overridden, finishing: _finishing, loweredTo: _lowered, removals: _removals, untold: _untold, phis: _phis, ...shown } = record;
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
    readHistory(store, id),
    store.get(bakeKey(id)),
    findJudgeRecord(store, id),
  ]);
  return toRollout(record, { history, bake: bake?.value as OpenBake | undefined, judged });
}
