import { ResourceInUseException } from '@aws-sdk/client-app-mesh';
import { TransientFault } from '../../contracts/faults.ts';
import { toNode } from './canary-node.ts';
import { isForGood } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { takeDown } from './workload.ts';

/** Deletes a virtual node and stops its workload; one that something else still uses is kept. Answers what came of it, in words. */
export async function retireNode(ports: Ports, record: RolloutRecord, virtualNode: string): Promise<string> {
  try {
    await ports.mesh.delete(toNode(record.target.mesh, virtualNode));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    return `${virtualNode} is kept: ${error.message}`;
  }
  await takeDown(ports, record, virtualNode);
  return `${virtualNode} is deleted`;
}

/** As often as the other steps are tried again. */
const MOST_REMOVALS = 8;

/**
 * Takes a version away whose route is right already. What passes is tried again, so that nothing is left behind; what does not, or not soon, is told
 * and not tried for ever, as the route must be given free.
 * @throws TransientFault: try again
 */
export async function takeAway(ports: Ports, { id }: RolloutRecord, virtualNode: string, remove: () => Promise<string>): Promise<string> {
  try {
    return await remove();
  } catch (error) {
    const { removals = 0 } = await readRecord(ports.store, id);
    if (!isForGood(error) && removals < MOST_REMOVALS) {
      await updateRecord(ports.store, id, (current) => ({ record: { ...current, removals: removals + 1 } }));
      throw new TransientFault(`${virtualNode} could not be removed yet: ${String(error)}`, { cause: error });
    }
    ports.log('warn', 'version not removed', { id, virtualNode, error: String(error) });
    return `${virtualNode} could not be removed: ${String(error)}`;
  }
}
