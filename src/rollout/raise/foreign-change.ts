import { targetsOf, weightsAt, weightsOf, withTargets, type Weights } from '../../canary/weights.ts';
import type { RouteSpec } from '../../contracts/rollout.ts';
import { readRoute } from '../../mesh/change-route.ts';
import { sameJson } from '../../mesh/compare-specs.ts';
import type { Ports } from '../ports.ts';
import type { RolloutRecord } from '../record/records.ts';

export const differs = (weights: Weights, live: Weights): string[] => Object.keys(weights).filter((node) => (live[node] ?? 0) !== weights[node]);

const withoutWeights = (spec: RouteSpec): RouteSpec => withTargets(spec, []);

/** What of the weights someone else has set, each in words; none when what is about to be written is there already. */
export function weightChanges({ weights }: RolloutRecord, next: Weights, spec: RouteSpec): string[] {
  const live = weightsOf(spec);
  // What this step is about to write may be there already, when it is asked again.
  if (differs(next, live).length === 0) return [];
  const added = targetsOf(spec).filter(({ virtualNode = '', weight = 0 }) => weights[virtualNode] === undefined && next[virtualNode] === undefined && weight > 0);
  return [
    ...differs(weights, live).map((node) => `${node} was set from ${weights[node] ?? 0} to ${live[node] ?? 0} by someone else`),
    ...added.map(({ virtualNode, weight }) => `${virtualNode ?? ''} was added with the weight ${weight ?? 0} by someone else`),
  ];
}

/**
 * What someone else did to the route since this rollout wrote it, in words; undefined when nothing. `next` are the weights about to be written.
 * Weights are put right by the next shift; what else was changed stays until the end, and is not there any more after a roll-back.
 */
export function findForeignChange(record: RolloutRecord, next: Weights, spec: RouteSpec): string | undefined {
  const changes = weightChanges(record, next, spec);
  const kept = record.routeBefore;
  if (kept !== null && !sameJson(withoutWeights(kept), withoutWeights(spec))) changes.push('the route was changed beyond its weights by someone else');
  return changes.length === 0 ? undefined : changes.join('; ');
}

/** A foreign change that nobody has seen yet, where the definition halts on one; `percent` is what is about to be written. */
export async function findUnseenChange({ mesh }: Pick<Ports, 'mesh'>, record: RolloutRecord, percent: number): Promise<string | undefined> {
  if (record.settings.onForeignChange !== 'halt') return undefined;
  const { spec } = await readRoute(mesh, record.target);
  const foreign = findForeignChange(record, weightsAt(record.split, percent), spec);
  return foreign === record.foreign ? undefined : foreign;
}
