import type { Write } from '../../store/port.ts';
import { breakGroup } from '../group/break-group.ts';
import { judgeKey } from '../record/keys.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { wakeNext } from './queue.ts';
import { expiryOf, updateRecord, type RolloutRecord } from '../record/records.ts';

/**
 * What follows a rollout's end once it is written down: who waits for the route is woken, its group is told, and the event is put on the bus. Asked again, only what
 * was not done yet is done.
 */
export async function tellEnd(ports: Ports, record: RolloutRecord): Promise<void> {
  const { id, target, untold, reason } = record;
  if (untold === undefined || untold === null) return;
  await wakeNext(ports, target);
  await breakGroup(ports, record);
  await ports.publish(untold, toDetail(record, reason));
  const judged = await ports.store.get(judgeKey(id));
  // What was measured is kept as long as the rollout.
  const writes: Write[] = judged === undefined ? [] : [{ kind: 'put', ...judgeKey(id), value: judged.value, expiresAt: expiryOf(ports.clock()) }];
  await updateRecord(ports.store, id, (current) => (current.untold === untold ? { record: { ...current, untold: null }, writes } : undefined));
}
