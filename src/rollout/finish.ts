import { ResourceInUseException } from '@aws-sdk/client-app-mesh';
import { targetsOf, weightsOf, withTargets } from '../canary/weights.ts';
import { FINAL_PHASES, type HistoryEntry, type RouteSpec } from '../contracts/rollout.ts';
import { changeRoute } from '../mesh/change-route.ts';
import { toNode } from './canary-node.ts';
import { removeCohort } from './cohort.ts';
import { AlarmRaised, RolloutAborted } from './errors.ts';
import { bakeKey } from './keys.ts';
import { assertHeld, releaseLock } from './lock.ts';
import type { Ports } from './ports.ts';
import { toDetail } from './publish.ts';
import { wakeNext } from './queue.ts';
import { updateRecord, type RecordChange, type RolloutRecord } from './records.ts';

/** The route with the canary in the stable target's place: its kept weight, the others' own, and no target that has none left through this rollout. */
function settle(spec: RouteSpec, { split: { before, stable, canary } }: RolloutRecord): RouteSpec {
  const kept = { ...before, [canary]: before[stable] };
  return withTargets(
    spec,
    targetsOf(spec)
      .filter(({ virtualNode }) => virtualNode !== stable)
      .map((target) => ({ ...target, weight: kept[target.virtualNode ?? ''] ?? target.weight })),
  );
}

/** Deletes a virtual node and stops its workload; one that something else still uses is kept. Answers what came of it, in words. */
async function retireNode({ mesh, workloads }: Ports, { target, settings }: RolloutRecord, virtualNode: string): Promise<string> {
  try {
    await mesh.delete(toNode(target.mesh, virtualNode));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    return `${virtualNode} is kept: ${error.message}`;
  }
  await workloads[settings.workload.type].down({ mesh: target.mesh, virtualNode });
  return `${virtualNode} is deleted`;
}

/** The route is right already: what cannot be retired is told, and neither tried for ever nor a reason to roll back. */
export async function tryRetire(ports: Ports, record: RolloutRecord, virtualNode: string): Promise<string> {
  try {
    return await retireNode(ports, record, virtualNode);
  } catch (error) {
    ports.log('warn', 'version not retired', { id: record.id, virtualNode, error: String(error) });
    return `${virtualNode} could not be removed: ${String(error)}`;
  }
}

/**
 * The point of no return, in one write: an alarm or an abort that came before it still rolls back, what comes after it is refused.
 * @throws AlarmRaised, RolloutAborted
 */
function beginFinish(record: RolloutRecord, at: number): RecordChange | undefined {
  const { phase, finishing, alarm, pendingAction } = record;
  if (FINAL_PHASES.has(phase) || finishing) return undefined;
  if (alarm !== null) throw new AlarmRaised(alarm.reason);
  if (pendingAction?.action === 'abort') throw new RolloutAborted(pendingAction.reason === '' ? `by ${pendingAction.who}` : `by ${pendingAction.who}: ${pendingAction.reason}`);
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
  if (FINAL_PHASES.has(record.phase)) return { phase: record.phase, reason: record.reason };
  const guard = () => assertHeld(ports.store, record.target, id, record.fence);
  // Everything goes to the canary already; without its own route the cohort's requests go on to it.
  await guard();
  await removeCohort(ports, record);
  const { spec } = await changeRoute(ports.mesh, record.target, (current) => settle(current, record), { wait: ports.wait, guard });
  const retired = record.settings.afterPromotion.retireStable === 'delete' ? await tryRetire(ports, record, record.stable) : `${record.stable} is kept, without a place in the route`;
  const at = ports.clock();
  const history: HistoryEntry[] = [{ at, who: 'meshshift', kind: 'promoted', reason: `${record.canary} serves; ${retired}` }];
  const writes = [...(await releaseLock(ports.store, record.target, id)), { kind: 'delete' as const, ...bakeKey(id) }];
  const ended = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, phase: 'Succeeded', endedAt: at, pendingAction: null, waiting: null, weights: weightsOf(spec), reason: `${record.canary} serves` },
    history,
    writes,
  }));
  await wakeNext(ports, ended.target);
  await ports.publish('Rollout Promoted', toDetail(ended, ended.reason));
  return { phase: ended.phase, reason: ended.reason };
}
