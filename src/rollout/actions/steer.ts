import { EFFECTS } from '../../canary/actions.ts';
import type { Action } from '../../contracts/rollout.ts';
import { endBakeUnderWay } from '../bake/bakes.ts';
import { ActionRefused } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { updateRecord, type RolloutRecord } from '../record/records.ts';

export interface Asked {
  readonly action: Action;
  readonly who: string;
  readonly reason: string;
}

/** Judge takes the action up then. */
export const BY_ACTION = { kind: 'end', by: 'action' } as const;

/**
 * Asks a rollout under way for an action, which Judge takes up. It is written down first and sent to the bake then, so that it is not lost if that fails;
 * asking again is safe. An abort that is pending is overruled by nothing. `yieldsTo`: why an abort takes nobody of its group with it.
 * @throws NotFound, and ActionRefused when the action makes no sense in the rollout's phase
 */
export async function steer(ports: Ports, id: string, { action, who, reason }: Asked, yieldsTo?: RolloutRecord['yieldsTo']): Promise<RolloutRecord> {
  const at = ports.clock();
  const pendingAction = { action, who, reason, at };
  const record = await updateRecord(ports.store, id, (current) => {
    const now = EFFECTS[action][current.phase];
    if (now === 'refuse') throw new ActionRefused(`${action} is refused: the rollout ${id} is ${current.phase}`);
    if (now === 'take' && current.finishing) throw new ActionRefused(`${action} is refused: the rollout ${id} is promoted, and about to end; undo brings the version before it back`);
    if (now === 'already' || current.pendingAction?.action === 'abort') return undefined;
    return { record: { ...current, pendingAction, ...(yieldsTo === undefined ? {} : { yieldsTo }) }, history: [{ at, who, kind: action, reason }] };
  });
  if (record.pendingAction === pendingAction) await ports.publish('Rollout Action Taken', toDetail(record, reason === '' ? action : `${action}: ${reason}`, who));
  if (record.pendingAction !== null) await endBakeUnderWay(ports, id, BY_ACTION);
  return record;
}
