import { ConditionFailed } from '../../store/port.ts';
import { endBake } from '../bake/bakes.ts';
import { RolloutAborted } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { queueKey } from '../record/keys.ts';
import { createRecord, type RolloutRecord } from '../record/records.ts';
import type { ShownQueued } from '../steps/queue.ts';
import { tellEnd } from '../steps/tell-end.ts';

/**
 * Aborts a rollout that waits for its route: nothing was changed, so nothing is restored. Its execution, whose wait ends, finds it ended.
 * Answers undefined for one that waits no more.
 */
export async function leaveQueue(ports: Ports, { id, token, record: queued }: ShownQueued, { who, reason }: { readonly who: string; readonly reason: string }): Promise<RolloutRecord | undefined> {
  const at = ports.clock();
  const why = `${new RolloutAborted().name}: ${reason === '' ? `aborted by ${who}` : `aborted: ${reason}`}`;
  const record: RolloutRecord = { ...queued, phase: 'RolledBack', endedAt: at, deadline: at, reason: why, untold: 'Rollout Rolled Back' };
  const history = [
    { at: queued.startedAt, who: queued.trigger, kind: 'queued', reason: queued.reason },
    { at, who, kind: 'abort', reason },
    { at, who: 'meshshift', kind: 'rolled back', reason: 'it had not begun' },
  ];
  try {
    await ports.store.write([...createRecord(record, history), { kind: 'delete', ...queueKey(queued.target, queued.requestedAt, id), if: 'present' }]);
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
  await ports.publish('Rollout Action Taken', toDetail(record, reason === '' ? 'abort' : `abort: ${reason}`, who));
  await tellEnd(ports, record);
  // Last: the execution tells what was not told yet.
  await endBake(ports.stepFunctions, ports.cipher, { id, token }, { kind: 'end', by: 'action' });
  return record;
}
