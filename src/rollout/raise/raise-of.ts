import { findWait, promotionApprovalOf, raiseTo, type Raise } from '../../canary/gate.ts';
import type { RolloutRecord } from '../record/records.ts';

/** Where the weight is to rise: to a step of the plan, or to everything. */
export type RaiseTarget = number | 'promotion';

/** What a rise needs; undefined when the weight does not rise by it. */
export function raiseOf({ settings, steps, step }: RolloutRecord, to: RaiseTarget): Raise | undefined {
  return raiseTo({ steps, step, windows: settings.windows, promotionApproval: promotionApprovalOf(settings) }, to);
}

/** The rise that a rollout waits with. */
export const awaitedRaise = (record: RolloutRecord): Raise | undefined => raiseOf(record, record.waiting?.raise === 'promotion' ? 'promotion' : record.step + 1);

/** Whether enough people have approved what a rollout waits for; what else it needs is asked for next. */
export function isApproved(record: RolloutRecord, now: number): boolean {
  const { waiting, approvals } = record;
  const raise = awaitedRaise(record);
  return raise === undefined || findWait({ now, approvals, freeze: undefined, waiting }, raise)?.for !== 'approval';
}
