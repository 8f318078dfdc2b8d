import type { Ports } from './ports.ts';
import { readRecord } from './records.ts';
import { shiftTraffic } from './shift-traffic.ts';
import { updateRecord } from './records.ts';

/**
 * Gives the canary everything, wherever in the plan the rollout is. Answers how long that must hold (seconds; 0: not at all).
 * @throws as shiftTraffic
 */
export async function promote(ports: Ports, id: string): Promise<{ bakeSeconds: number }> {
  const { promotedBakeSeconds, phase } = await readRecord(ports.store, id);
  if (phase !== 'Promoting') await updateRecord(ports.store, id, (record) => ({ record: { ...record, phase: 'Promoting' } }));
  await shiftTraffic(ports, id, 100, { promoted: true });
  return { bakeSeconds: promotedBakeSeconds };
}
