import { EFFECTS } from '../../canary/actions.ts';
import { FINAL_PHASES } from '../../contracts/rollout.ts';
import { readDefinition } from '../record/definitions.ts';
import { isApproved } from '../raise/raise-of.ts';
import { endBakeUnderWay } from '../bake/bakes.ts';
import { ActionRefused } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { findRecord, readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { findStarting } from '../record/starting.ts';
import { findQueued } from '../steps/queue.ts';
import { leaveQueue } from './leave-queue.ts';
import { startShown } from './start-rollout.ts';
import { BY_ACTION, steer, type Asked } from './steer.ts';
import { startUndo } from './undo.ts';

/**
 * Starts the next attempt, by the definition as it is now; the one that ended keeps who asked for it, and why. Asked again while that attempt is under way it answers the same.
 * @throws NotFound without a definition. ActionRefused when the next attempt is over as well
 */
async function retry(ports: Ports, { id, definition, image, attempt, trigger }: RolloutRecord, { who, reason }: Asked): Promise<{ id: string }> {
  const settings = await readDefinition(ports.store, definition);
  const { id: next, started } = await startShown(ports, { definition, image, attempt: attempt + 1, trigger: `retry by ${who} (${trigger.slice(0, 100)})` }, settings);
  if (!started) {
    const phase = (await findRecord(ports.store, next))?.phase;
    if (phase !== undefined && FINAL_PHASES.has(phase)) throw new ActionRefused(`retry is refused: the rollout ${id} was tried again as ${next}, which is ${phase}`);
    return { id: next };
  }
  const at = ports.clock();
  const record = await updateRecord(ports.store, id, (current) => ({ record: current, history: [{ at, who, kind: 'retry', reason: reason === '' ? `as ${next}` : `as ${next}: ${reason}` }] }));
  await ports.publish('Rollout Action Taken', toDetail(record, reason === '' ? 'retry' : `retry: ${reason}`, who));
  return { id: next };
}

/** Counts an approval of `who`, once; the wait for it ends when enough people have approved. */
async function approve(ports: Ports, id: string, { who, reason }: Asked): Promise<RolloutRecord> {
  const at = ports.clock();
  const record = await updateRecord(ports.store, id, (current) => {
    if (EFFECTS.approve[current.phase] !== 'take') throw new ActionRefused(`approve is refused: the rollout ${id} is ${current.phase}`);
    return { record: { ...current, approvals: [...current.approvals.filter((approval) => approval.who !== who), { who, at }] }, history: [{ at, who, kind: 'approve', reason }] };
  });
  await ports.publish('Rollout Action Taken', toDetail(record, reason === '' ? 'approve' : `approve: ${reason}`, who));
  if (record.waiting?.for === 'approval' && isApproved(record, at)) await endBakeUnderWay(ports, id, BY_ACTION);
  return record;
}

/** The one action on a rollout that waits for its route: it has no record yet that another could be written to. Undefined for one that does not wait. */
async function abortQueued(ports: Ports, id: string, { action, who, reason }: Asked): Promise<RolloutRecord | undefined> {
  if ((await findRecord(ports.store, id)) !== undefined) return undefined;
  const queued = await findQueued(ports.store, id);
  if (queued === undefined) {
    if ((await findStarting(ports.store, id, ports.clock())) === undefined) return undefined;
    throw new ActionRefused(`${action} is refused: the execution of the rollout ${id} begins; ask again in a moment`);
  }
  if (action !== 'abort') throw new ActionRefused(`${action} is refused: the rollout ${id} waits for its route; until it begins there is abort alone`);
  return leaveQueue(ports, queued, { who, reason });
}

/**
 * Takes an action on a rollout, for `who`. It is written down first and sent to the bake then, so that it is not lost if that fails; asking again is safe.
 * An abort that is pending is overruled by nothing. Answers the record, or for `retry` the id of the new rollout.
 * @throws NotFound, and ActionRefused when the action makes no sense in the rollout's phase
 */
export async function takeAction(ports: Ports, id: string, asked: Asked): Promise<RolloutRecord | { id: string }> {
  const left = await abortQueued(ports, id, asked);
  if (left !== undefined) return left;
  const { action } = asked;
  const effect = EFFECTS[action][(await readRecord(ports.store, id)).phase];
  if (effect === 'take' && action === 'approve') return approve(ports, id, asked);
  if (effect === 'take' && action === 'undo') {
    await startUndo(ports, id, asked);
    return readRecord(ports.store, id);
  }
  if (effect === 'take' && action === 'retry') return retry(ports, await readRecord(ports.store, id), asked);
  return steer(ports, id, asked);
}
