import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { PlannedStep, RouteSpec } from '../contracts/rollout.ts';
import { PlanRefused } from './errors.ts';
import { fillTemplate } from './name-version.ts';
import { findStable, scaleFor, targetsOf, weightsOf, type Split } from './weights.ts';

export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** How long the weight of 100 holds once promoted, seconds; 0 when not at all. */
  readonly promotedBakeSeconds: number;
  readonly split: Split;
  /** The clone's host name; absent when the definition gives none. */
  readonly hostname?: string;
}

function refuseTaken(spec: RouteSpec, stable: string, canary: string): void {
  if (canary === stable) throw new PlanRefused(`canary.virtualNode: ${canary}: is the stable side already`);
  const targets = targetsOf(spec);
  if (targets.filter(({ virtualNode }) => virtualNode === stable).length > 1) throw new PlanRefused(`stable: ${stable}: must be one target of the route, not several`);
  const weight = targets.find(({ virtualNode }) => virtualNode === canary)?.weight ?? 0;
  if (weight > 0) throw new PlanRefused(`canary.virtualNode: ${canary}: has the weight ${weight} in the route already`);
}

/**
 * Definition, image tag and the route as it is → what the rollout will do.
 * @throws PlanRefused, naming field, value and rule.
 */
export function planRollout(definition: CanaryDefinition, tag: string, route: RouteSpec): Plan {
  const stable = findStable(route, definition.stable);
  const canary = fillTemplate(definition.canary.virtualNode, tag);
  refuseTaken(route, stable, canary);
  const before = weightsOf(route);
  const steps = definition.steps.map(({ weight, bake }) => ({ weight, bakeSeconds: bake ?? definition.bake }));
  const { hostname } = definition.canary;
  return {
    steps,
    promotedBakeSeconds: definition.afterPromotion.bake ?? 0,
    split: { before, stable, canary, scale: scaleFor(before, stable, steps.map(({ weight }) => weight)) },
    ...(hostname === undefined ? {} : { hostname: fillTemplate(hostname, tag) }),
  };
}
