import { FINAL_PHASES, type HistoryEntry, type Rollout } from '../../contracts/rollout.ts';
import type { OpenBake } from '../bake/bakes.ts';
import { findJudgeRecord, type JudgeRecord } from '../bake/judge-record.ts';
import { bakeKey } from '../record/keys.ts';
import { findRecord, readHistory, readRecord, type RolloutRecord } from '../record/records.ts';
import type { Ports } from '../ports.ts';
import { findStarting } from '../record/starting.ts';
import { findQueued } from '../steps/queue.ts';

interface Parts {
  readonly history: readonly HistoryEntry[];
  readonly bake: OpenBake | undefined;
  readonly judged: JudgeRecord | undefined;
}

/** A record with what others wrote of it, as it is shown: only what the contract names; a field added to the record, or a token, is not. */
export function toRollout(record: RolloutRecord, { history, bake, judged }: Parts): Rollout {
  const { id, definition, attempt, trigger, image, phase, step, steps, target, stable, canary, weights, fence, routeBefore } = record;
  const { pendingAction, approvals, waiting, alarm, verdicts, startedAt, endedAt, deadline, executionArn, reason } = record;
  const live = !FINAL_PHASES.has(phase);
  return {
    ...{ id, definition, attempt, trigger, image, phase, step, steps, target, stable, canary, weights, fence, routeBefore },
    ...{ pendingAction, approvals, waiting, alarm, verdicts, startedAt, endedAt, deadline, executionArn, reason },
    lockstep: record.settings.lockstep ?? null,
    measurements: judged?.state.steps ?? [],
    history,
    bake: live && bake !== undefined ? { step: record.promoted ? steps.length : step, startedAt: bake.startedAt, endsAt: bake.endsAt } : null,
    judgement: live && judged !== undefined ? { outcome: judged.judgement.outcome, reason: judged.judgement.reason } : null,
  };
}

/** A rollout as a list shows it: without history and measurements. */
export const toListed = (record: RolloutRecord): Rollout => toRollout(record, { history: [], bake: undefined, judged: undefined });

/** One that has not begun: it waits for its route, or its execution was started a moment ago. */
async function findPending({ store, clock }: Shown, id: string): Promise<RolloutRecord | undefined> {
  if ((await findRecord(store, id)) !== undefined) return undefined;
  return (await findQueued(store, id))?.record ?? (await findStarting(store, id, clock()));
}

type Shown = Pick<Ports, 'store' | 'clock'>;

/** A rollout with its history, its measurements and the bake under way; one that has not begun has none of it. @throws NotFound */
export async function showRollout(ports: Shown, id: string): Promise<Rollout> {
  const { store } = ports;
  const pending = await findPending(ports, id);
  if (pending !== undefined) return toListed(pending);
  const [record, history, bake, judged] = await Promise.all([
    readRecord(store, id),
    readHistory(store, id),
    store.get(bakeKey(id)),
    findJudgeRecord(store, id),
  ]);
  return toRollout(record, { history, bake: bake?.value as OpenBake | undefined, judged });
}
