import { closeStep } from '../canary/judge/state.ts';
import { applyWeights, targetsOf, weightsAt, weightsOf, withTargets, type Weights } from '../canary/weights.ts';
import type { HistoryEntry, Phase, RouteSpec } from '../contracts/rollout.ts';
import { changeRoute } from '../mesh/change-route.ts';
import { LockLost } from './errors.ts';
import { advanceJudge } from './judge-record.ts';
import { assertHeld } from './lock.ts';
import type { Ports } from './ports.ts';
import { toDetail } from './publish.ts';
import { readRecord, updateRecord, type RolloutRecord } from './records.ts';
import { toJudged } from './situations.ts';

/** Phases in which weights may rise. */
const SHIFTING: ReadonlySet<Phase> = new Set<Phase>(['Progressing', 'Paused', 'Promoting']);

async function assertShifting({ store }: Ports, id: string): Promise<void> {
  const { target, fence, phase } = await readRecord(store, id);
  if (!SHIFTING.has(phase)) throw new LockLost(`${id} is ${phase}: its weights no longer rise`);
  await assertHeld(store, target, id, fence);
}

const differs = (weights: Weights, live: Weights): string[] => Object.keys(weights).filter((node) => (live[node] ?? 0) !== weights[node]);

/** What someone else did to the weights since this rollout wrote them, in words; undefined when nothing. */
function findForeignChange({ weights }: RolloutRecord, next: Weights, spec: RouteSpec): string | undefined {
  const live = weightsOf(spec);
  if (differs(next, live).length === 0) return undefined;
  const changed = differs(weights, live);
  return changed.length === 0 ? undefined : changed.map((node) => `${node} was set from ${weights[node] ?? 0} to ${live[node] ?? 0} by someone else`).join('; ');
}

/**
 * Sets the route's weights to `percent` on the canary and waits until every proxy has them; 0 adds the canary's target without traffic. Nothing else of the route changes.
 * `progress` is what the record then says. Doing it again changes nothing.
 * @throws ResourceChanged, NotPropagated: try again. LockLost, ConfigurationRejected: not.
 */
export async function shiftTraffic(ports: Ports, id: string, percent: number, progress: Partial<RolloutRecord>): Promise<RolloutRecord> {
  const record = await readRecord(ports.store, id);
  const next = weightsAt(record.split, percent);
  await advanceJudge(ports.store, ports.metrics, toJudged(record), closeStep);
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
  const at = ports.clock();
  const entry = (kind: string, reason: string): HistoryEntry => ({ at, who: 'meshshift', kind, reason });
  const moved = differs(next, record.weights).length > 0 || record.step !== (progress.step ?? record.step);
  const shifted = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, ...progress, weights: next, holds: 0, paused: false },
    history: [...(foreign === undefined ? [] : [entry('healed', foreign)]), ...(moved ? [entry('shifted', `${percent} % on ${record.canary}`)] : [])],
  }));
  // Asked again after it was done, there is nothing more to tell.
  if (moved) await ports.publish('Rollout Shifted', { ...toDetail(shifted, `${percent} % on ${record.canary}`), weight: percent });
  return shifted;
}

/** Shifts to a step of the plan; -1 adds the canary's target at weight 0. Answers how long the step must hold. */
export async function shiftToStep(ports: Ports, id: string, step: number): Promise<{ weight: number; bakeSeconds: number }> {
  const { steps } = await readRecord(ports.store, id);
  const planned = steps[step] ?? { weight: 0, bakeSeconds: 1 };
  await shiftTraffic(ports, id, planned.weight, { step });
  return planned;
}
