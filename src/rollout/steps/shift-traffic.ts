import { closeStep } from '../../canary/judge/state.ts';
import { applyWeights, targetsOf, weightsAt, withTargets } from '../../canary/weights.ts';
import type { HistoryEntry, Phase } from '../../contracts/rollout.ts';
import { changeRoute } from '../../mesh/change-route.ts';
import { afterRaise, awaitRaise } from '../raise/await-raise.ts';
import { raiseOf } from '../raise/raise-of.ts';
import { ensureCohort } from '../version/cohort.ts';
import { AlarmRaised, LockLost } from '../errors.ts';
import { differs, findForeignChange } from '../raise/foreign-change.ts';
import { advanceJudge } from '../bake/judge-record.ts';
import { assertHeld } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { bakeSecondsOf, toJudged, weightOf } from '../bake/situations.ts';

/** Phases in which weights may rise. */
const SHIFTING: ReadonlySet<Phase> = new Set<Phase>(['Progressing', 'Paused', 'Promoting']);

async function assertShifting({ store }: Ports, id: string): Promise<void> {
  const { target, fence, phase, alarm } = await readRecord(store, id);
  if (!SHIFTING.has(phase)) throw new LockLost(`${id} is ${phase}: its weights no longer rise`);
  if (alarm !== null) throw new AlarmRaised(alarm.reason);
  await assertHeld(store, target, id, fence);
}

/**
 * Sets the route's weights to `percent` on the canary and waits until every proxy has them; 0 adds the canary's target without traffic. Nothing else of the route changes.
 * `progress` is what the record then says. Doing it again changes nothing.
 * @throws ResourceChanged, NotPropagated: try again. LockLost, AlarmRaised, ConfigurationRejected: not.
 */
export async function shiftTraffic(ports: Ports, id: string, percent: number, progress: Partial<RolloutRecord>): Promise<RolloutRecord> {
  const record = await readRecord(ports.store, id);
  const next = weightsAt(record.split, percent);
  await advanceJudge(ports, toJudged(record), 'mesh', closeStep);
  let foreign: string | undefined;
  await changeRoute(
    ports.mesh,
    record.target,
    (spec) => {
      foreign = findForeignChange(record, next, spec);
      return withTargets(spec, applyWeights(targetsOf(spec), next, record.stable));
    },
    { wait: ports.wait, guard: () => assertShifting(ports, id) },
  );
  if (progress.step !== undefined) await ensureCohort(ports, record, progress.step, () => assertShifting(ports, id));
  const at = ports.clock();
  const raise = raiseOf(record, progress.promoted === true ? 'promotion' : (progress.step ?? record.step));
  const entry = (kind: string, reason: string): HistoryEntry => ({ at, who: 'meshshift', kind, reason });
  const moved = differs(next, record.weights).length > 0 || record.step !== (progress.step ?? record.step);
  const shifted = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, ...progress, ...afterRaise(current, raise, at), weights: next, holds: 0, paused: false, hookHold: false },
    history: [...(foreign === undefined ? [] : [entry('healed', foreign)]), ...(moved ? [entry('shifted', `${percent} % on ${record.canary}`)] : [])],
  }));
  // Asked again after it was done, there is nothing more to tell.
  if (moved) await ports.publish('Rollout Shifted', { ...toDetail(shifted, `${percent} % on ${record.canary}`), weight: percent });
  return shifted;
}

/**
 * Shifts to a step of the plan; -1 adds the canary's target at weight 0. Answers the weight and how long it must hold: the step's, or,
 * where the rise must wait (an approval, a window, a freeze, a hook), the weight there is and how long to hold it before asking again.
 */
export async function shiftToStep(ports: Ports, id: string, step: number): Promise<{ weight: number; bakeSeconds: number }> {
  const record = await readRecord(ports.store, id);
  const seconds = await awaitRaise(ports, record, step);
  if (seconds !== undefined) return { weight: weightOf(record), bakeSeconds: seconds };
  const weight = record.steps[step]?.weight ?? 0;
  const shifted = await shiftTraffic(ports, id, weight, { step });
  return { weight, bakeSeconds: bakeSecondsOf(shifted, ports.clock()) };
}
