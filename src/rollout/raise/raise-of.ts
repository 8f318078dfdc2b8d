import { findWait, promotionApprovalOf, raiseTo, type Raise } from '../../canary/gate.ts';
import type { RolloutRecord } from '../record/records.ts';

/** Where the weight is to rise: to a step of the plan, or to everything. */
export type RaiseTarget = number | 'promotion';

/** What a rise needs; undefined when the weight does not rise by it. */
export function raiseOf({ settings, steps, step }: RolloutRecord, to: RaiseTarget): Raise | undefined {
  return raiseTo({ steps, step, windows: settings.windows, promotionApproval: promotionApprovalOf(settings) }, to);
}

/** A promotion from 100 %, where someone else has lowered the weight since: nobody approves it once more, but it rises as any other. */
export const healingRaise = ({ settings, steps, step }: RolloutRecord): Raise => ({ kind: 'promotion', weight: 100, windows: steps[step]?.windows ?? settings.windows, approval: undefined });

/** The rise that a rollout waits with. */
export function awaitedRaise(record: RolloutRecord): Raise | undefined {
  if (record.waiting?.raise !== 'promotion') return raiseOf(record, record.step + 1);
  return raiseOf(record, 'promotion') ?? healingRaise(record);
}

/** Whether enough people have approved what a rollout waits for; what else it needs is asked for next. */
export function isApproved(record: RolloutRecord, now: number): boolean {
  const { waiting, approvals } = record;
  const raise = awaitedRaise(record);
  return raise === undefined || findWait({ now, approvals, freeze: undefined, waiting }, raise)?.for !== 'approval';
}
