import type { MeshResource } from '../../contracts/mesh-file.ts';
import { ensureCanaryNode, toNode } from '../version/canary-node.ts';
import { assertHeld } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { readRecord, updateRecord } from '../record/records.ts';
import { bringUp } from '../version/workload.ts';

/**
 * Brings the new version up: its virtual node, then its workload. Nothing routes to it yet. Answers the node, to be awaited.
 * @throws WorkloadFailed, CanaryCollision, LockLost, AlarmRaised, RolloutAborted: not to be tried again. ResourceChanged, WorkloadNotReady: try again.
 */
export async function ensureCanary(ports: Ports, id: string): Promise<MeshResource> {
  const record = await readRecord(ports.store, id);
  const { target, canary } = record;
  await assertHeld(ports.store, target, id, record.fence);
  await ensureCanaryNode(ports.mesh, record);
  await bringUp(ports, record);
  const at = ports.clock();
  await updateRecord(ports.store, id, (current) =>
    current.phase === 'Pending' ? { record: { ...current, phase: 'Progressing', reason: '' }, history: [{ at, who: 'meshshift', kind: 'canary up', reason: canary }] } : undefined,
  );
  return toNode(target.mesh, canary);
}
