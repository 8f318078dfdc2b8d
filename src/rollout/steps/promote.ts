import type { Ports } from '../ports.ts';
import { readRecord } from '../record/records.ts';
import { awaitRaise } from '../raise/await-raise.ts';
import { shiftTraffic } from './shift-traffic.ts';
import { updateRecord } from '../record/records.ts';

/**
 * Gives the canary everything, wherever in the plan the rollout is, unless that must wait. Answers how long the weight must hold (seconds; 0: not at all).
 * @throws as shiftTraffic
 */
export async function promote(ports: Ports, id: string): Promise<{ bakeSeconds: number }> {
  const record = await readRecord(ports.store, id);
  const seconds = await awaitRaise(ports, record, 'promotion');
  if (seconds !== undefined) return { bakeSeconds: seconds };
  const { promotedBakeSeconds, phase, settings } = record;
  if (phase !== 'Promoting') await updateRecord(ports.store, id, (current) => ({ record: { ...current, phase: 'Promoting' } }));
  const { pendingAction } = await shiftTraffic(ports, id, 100, { promoted: true });
  // The hook after promotion is asked at the end of a bake, and what a person asked for meanwhile is taken up there.
  return { bakeSeconds: settings.hooks?.after === undefined && pendingAction === null ? promotedBakeSeconds : Math.max(1, promotedBakeSeconds) };
}
