import { settle, weightsOf } from '../../canary/weights.ts';
import { FINAL_PHASES, type HistoryEntry } from '../../contracts/rollout.ts';
import { changeRoute } from '../../mesh/change-route.ts';
import { removeCohort } from '../version/cohort.ts';
import { learnDispersion } from '../bake/dispersion.ts';
import { leaveGroup } from '../group/lockstep.ts';
import { bakeKey } from '../record/keys.ts';
import { assertHeld, releaseLock } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { updateRecord, type RecordChange, type RolloutRecord } from '../record/records.ts';
import { weightChanges } from '../raise/foreign-change.ts';
import { retireNode, takeAway } from '../version/retire.ts';
import { tellEnd } from './tell-end.ts';
import { assertWanted } from '../record/wanted.ts';

/**
 * The point of no return, in one write: an alarm or an abort that came before it still rolls back, what comes after it is refused.
 * @throws AlarmRaised, RolloutAborted
 */
function beginFinish(record: RolloutRecord, at: number): RecordChange | undefined {
  const { phase, finishing, pendingAction } = record;
  if (FINAL_PHASES.has(phase) || finishing) return undefined;
  assertWanted(record);
  const late = pendingAction === null ? [] : [{ at, who: pendingAction.who, kind: 'too late', reason: `${pendingAction.action} came when nothing was left to do` }];
  return { record: { ...record, finishing: true, pendingAction: null }, history: late };
}

/**
 * Ends a rollout that was promoted: takes the stable target out of the route, retires it as the definition says, gives the route free.
 * Doing it again changes nothing.
 * @throws ResourceChanged, NotPropagated: try again. LockLost, AlarmRaised, RolloutAborted: not.
 */
export async function finish(ports: Ports, id: string): Promise<{ phase: string; reason: string }> {
  const record = await updateRecord(ports.store, id, (current) => beginFinish(current, ports.clock()));
  if (FINAL_PHASES.has(record.phase)) {
    await tellEnd(ports, record);
    return { phase: record.phase, reason: record.reason };
  }
  const guard = () => assertHeld(ports.store, record.target, id, record.fence);
  // Everything goes to the canary already; without its own route the cohort's requests go on to it.
  await guard();
  await removeCohort(ports, record);
  let healed: string[] = [];
  const { spec } = await changeRoute(
    ports.mesh,
    record.target,
    (current) => {
      const settled = settle(current, record.split);
      healed = weightChanges(record, { ...weightsOf(settled), [record.stable]: 0 }, current);
      return settled;
    },
    { wait: ports.wait, guard },
  );
  const retired = record.settings.afterPromotion.retireStable === 'delete' ? await takeAway(ports, record, record.stable, () => retireNode(ports, record, record.stable)) : `${record.stable} is kept, without a place in the route`;
  const at = ports.clock();
  const history: HistoryEntry[] = [
    ...(healed.length === 0 ? [] : [{ at, who: 'meshshift', kind: 'healed', reason: healed.join('; ') }]),
    { at, who: 'meshshift', kind: 'promoted', reason: `${record.canary} serves; ${retired}` },
  ];
  const writes = [...(await releaseLock(ports.store, record.target, id)), ...leaveGroup(record), ...(await learnDispersion(ports.store, record)), { kind: 'delete' as const, ...bakeKey(id) }];
  const ended = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, phase: 'Succeeded', endedAt: at, pendingAction: null, waiting: null, weights: weightsOf(spec), reason: `${record.canary} serves`, untold: 'Rollout Promoted' },
    history,
    writes,
  }));
  await tellEnd(ports, ended);
  return { phase: ended.phase, reason: ended.reason };
}
