import { AlarmRaised, RolloutAborted } from '../errors.ts';
import type { RolloutRecord } from './records.ts';

/** @throws AlarmRaised, RolloutAborted where an alarm or a person took a rollout back */
export function assertWanted({ alarm, pendingAction }: RolloutRecord): void {
  if (alarm !== null) throw new AlarmRaised(alarm.reason);
  if (pendingAction?.action === 'abort') throw new RolloutAborted(pendingAction.reason === '' ? `by ${pendingAction.who}` : `by ${pendingAction.who}: ${pendingAction.reason}`);
}
