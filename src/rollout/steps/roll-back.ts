import { weightsAt, weightsOf, withTargets, applyWeights, targetsOf } from '../../canary/weights.ts';
import { FINAL_PHASES, type HistoryEntry, type Phase, type Verdict } from '../../contracts/rollout.ts';
import { changeRoute } from '../../mesh/change-route.ts';
import { ownerOfNode } from '../version/canary-node.ts';
import { removeCohort } from '../version/cohort.ts';
import { LockLost } from '../errors.ts';
import { findJudgeRecord } from '../bake/judge-record.ts';
import { breakGroup } from '../group/break-group.ts';
import { leaveGroup } from '../group/lockstep.ts';
import { bakeKey } from '../record/keys.ts';
import { assertHeld, findHolder, releaseLock } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { findRecord, readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { recordRefusal, type Refused } from './refusal.ts';
import { retireNode, takeAway } from '../version/retire.ts';
import { weightOf } from '../bake/situations.ts';
import { tellEnd } from './tell-end.ts';
import { unsettle } from '../actions/undo.ts';
import { takeDown } from '../version/workload.ts';

export interface RollingBack extends Refused {
  /** Whether the caller waits and asks again, so that the weight can fall step by step where the definition asks for it. */
  readonly gradual?: boolean;
}

/** The watch ends a failing bake without Judge: its verdict is written down here. */
async function failingVerdict({ store }: Ports, { id, promoted, step, steps }: RolloutRecord, at: number): Promise<Verdict[]> {
  const judgement = (await findJudgeRecord(store, id))?.judgement;
  return judgement?.outcome === 'fail' ? [{ at, step, weight: weightOf({ promoted, step, steps }), outcome: 'fail', reason: judgement.reason, next: 'rollBack' }] : [];
}

async function enter(ports: Ports, { id, error, reason }: RollingBack): Promise<RolloutRecord> {
  const at = ports.clock();
  const known = await findRecord(ports.store, id);
  const verdicts = known === undefined || error !== 'VerdictFailed' ? [] : await failingVerdict(ports, known, at);
  return updateRecord(ports.store, id, (record) => {
    if (record.phase === 'RollingBack') return undefined;
    const last = record.verdicts.at(-1);
    const fresh = verdicts.filter((verdict) => !(last?.outcome === 'fail' && last.step === verdict.step));
    const history: HistoryEntry[] = [
      ...fresh.map((verdict) => ({ at, who: 'judge', kind: 'verdict fail', reason: verdict.reason })),
      { at, who: 'meshshift', kind: 'rolling back', reason: `${error}: ${reason}` },
    ];
    return {
      record: { ...record, phase: 'RollingBack', givenUpAt: record.givenUpAt ?? at, endedAt: null, waiting: null, reason: `${error}: ${reason}`, verdicts: [...record.verdicts, ...fresh] },
      history,
      writes: [{ kind: 'delete', ...bakeKey(id) }],
    };
  });
}

/**
 * Lowers the canary's weight by one step of a gradual roll-back, for a stable side that was scaled down. Answers how long to wait (seconds) before
 * the next one, or undefined when the rest is to go at once.
 */
async function lowerGradually(ports: Ports, record: RolloutRecord): Promise<number | undefined> {
  const { rollBack: pace } = record.settings;
  const { id, target, fence, stable, canary, split, undone } = record;
  if (pace === undefined || undone !== null) return undefined;
  const kept = (split.before[stable] ?? 0) * split.scale;
  const guard = () => assertHeld(ports.store, target, id, fence);
  let percent = 0;
  await changeRoute(
    ports.mesh,
    target,
    (spec) => {
      // By what is live: asked again after a crash it goes on from there.
      const live = weightsOf(spec)[canary] ?? 0;
      percent = Math.min(record.loweredTo ?? 100, Math.round((100 * live) / Math.max(1, kept))) - pace.weight;
      return percent <= 0 ? spec : withTargets(spec, applyWeights(targetsOf(spec), weightsAt(split, percent), stable));
    },
    { wait: ports.wait, guard },
  );
  if (percent <= 0) return undefined;
  const at = ports.clock();
  const lowered = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, weights: weightsAt(split, percent), loweredTo: percent },
    history: [{ at, who: 'meshshift', kind: 'lowered', reason: `${percent} % on ${canary}` }],
  }));
  await ports.publish('Rollout Shifted', { ...toDetail(lowered, `${percent} % on ${canary}, on the way back`), weight: percent });
  return pace.interval;
}

/** The route's spec as it was, to the letter, whatever was done to it meanwhile. */
async function restoreRoute(ports: Ports, record: RolloutRecord): Promise<Readonly<Record<string, number>>> {
  const { id, target, fence, routeBefore, undone } = record;
  if (routeBefore === null) return {};
  const guard = () => assertHeld(ports.store, target, id, fence);
  const { spec } = await changeRoute(ports.mesh, target, (spec) => (undone === null ? routeBefore : unsettle(spec, record)), { wait: ports.wait, guard });
  return weightsOf(spec);
}

/** Takes away what this rollout brought up. */
const removeCanary = (ports: Ports, record: RolloutRecord): Promise<string> =>
  takeAway(ports, record, record.canary, async () => {
    const { canary } = record;
    const owner = await ownerOfNode(ports.mesh, record);
    if (owner === 'own') return retireNode(ports, record, canary);
    await takeDown(ports, record, canary);
    return owner === 'none' ? `${canary} is not there` : `${canary} was there before, and is kept`;
  });

async function end(ports: Ports, record: RolloutRecord, phase: Phase, weights: RolloutRecord['weights'], removed: string): Promise<RolloutRecord> {
  const at = ports.clock();
  const writes = [...(await releaseLock(ports.store, record.target, record.id)), ...leaveGroup(record)];
  return updateRecord(ports.store, record.id, (current) => ({
    record: { ...current, phase, endedAt: at, pendingAction: null, waiting: null, weights, untold: 'Rollout Rolled Back' },
    history: [{ at, who: 'meshshift', kind: 'rolled back', reason: `${record.undone === null ? 'the route is as it was' : `${record.stable} serves again`}; ${removed}` }],
    writes,
  }));
}

/** Gives a route free as it is, without restoring it: what kept it cannot be put right. */
export async function abandon(ports: Ports, id: string, reason: string): Promise<void> {
  const at = ports.clock();
  const before = await readRecord(ports.store, id);
  const writes = [...(await releaseLock(ports.store, before.target, id)), ...leaveGroup(before)];
  const record = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, phase: 'Failed', endedAt: at, pendingAction: null, waiting: null, reason, untold: 'Rollout Failed' },
    history: [{ at, who: 'meshshift', kind: 'abandoned', reason }],
    writes,
  }));
  await tellEnd(ports, record);
}

/** How a roll-back stands: done, or, when `waitSeconds` is above 0, to be asked again after that time. */
export interface RolledBack {
  readonly phase: string;
  readonly reason: string;
  readonly waitSeconds: number;
}

/**
 * Rolls a rollout back: the kept spec of the route, to the letter, confirmed; what was brought up is taken away; the route is given free.
 * Doing it again changes nothing. A rollout that never began is recorded as Failed.
 * @throws ResourceChanged, NotPropagated, TransientFault: try again, for long
 */
export async function rollBack(ports: Ports, rolling: RollingBack): Promise<RolledBack> {
  const { id } = rolling;
  const known = await findRecord(ports.store, id);
  if (known === undefined) return { ...(await recordRefusal(ports, rolling)), waitSeconds: 0 };
  const holds = (await findHolder(ports.store, known.target)) === id;
  if (FINAL_PHASES.has(known.phase) && !holds) {
    await tellEnd(ports, known);
    return { phase: known.phase, reason: known.reason, waitSeconds: 0 };
  }
  if (!holds) throw new LockLost(`${id} is ${known.phase} and no longer holds its route`);
  const record = await enter(ports, rolling);
  // The route does not wait for the group: whom this does not reach is told at the end once more.
  await breakGroup(ports, record).catch((error: unknown) => ports.log('warn', 'others of the group not told', { id, error: String(error) }));
  const waitSeconds = rolling.gradual === true ? await lowerGradually(ports, record) : undefined;
  if (waitSeconds !== undefined) return { phase: record.phase, reason: record.reason, waitSeconds };
  const weights = await restoreRoute(ports, record);
  await removeCohort(ports, record);
  const ended = await end(ports, record, 'RolledBack', weights, await removeCanary(ports, record));
  await tellEnd(ports, ended);
  return { phase: ended.phase, reason: ended.reason, waitSeconds: 0 };
}

/**
 * Says loudly that a roll-back failed. The rollout keeps its lock, as the route is not as it was: nobody may build on it before it is restored,
 * which `rollBack` still does when it is asked again.
 */
export async function giveUp(ports: Ports, id: string, reason: string): Promise<{ phase: string; reason: string }> {
  const at = ports.clock();
  const why = `the roll-back failed, and the route may not be as it was: ${reason}`;
  // An alarm of the stack listens to this line (infra/operations.cjs).
  ports.log('error', 'roll-back failed', { id, reason });
  if ((await findRecord(ports.store, id)) === undefined) return { phase: 'Failed', reason: why };
  const record = await updateRecord(ports.store, id, (current) =>
    FINAL_PHASES.has(current.phase)
      ? undefined
      : { record: { ...current, phase: 'Failed', givenUpAt: current.givenUpAt ?? at, endedAt: at, pendingAction: null, reason: why }, history: [{ at, who: 'meshshift', kind: 'failed', reason: why }] },
  );
  if (record.phase === 'Failed') await ports.publish('Rollout Failed', toDetail(record, why));
  await breakGroup(ports, record);
  return { phase: record.phase, reason: record.reason };
}
