import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { PlannedStep, RouteSpec } from '../contracts/rollout.ts';
import type { Step } from '../contracts/steps.ts';
import { PlanRefused } from './errors.ts';
import { cohortRoute } from './cohort.ts';
import { fillAll, fillTemplate } from './name-version.ts';
import { findStable, scaleFor, targetsOf, weightsOf, type Split } from './weights.ts';

export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** How long the weight of 100 holds once promoted, seconds; 0 when not at all. */
  readonly promotedBakeSeconds: number;
  readonly split: Split;
  /** The clone's host name; absent when the definition gives none. */
  readonly hostname?: string;
  /** The canary's spec; absent when stable is cloned. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

function refuseTaken(spec: RouteSpec, stable: string, canary: string): void {
  if (canary === stable) throw new PlanRefused(`canary.virtualNode: ${canary}: is the stable side already`);
  const targets = targetsOf(spec);
  if (targets.filter(({ virtualNode }) => virtualNode === stable).length > 1) throw new PlanRefused(`stable: ${stable}: must be one target of the route, not several`);
  // Weights are kept by virtual node: two targets of one node could not be told apart.
  const twice = targets.find(({ virtualNode }, index) => targets.findIndex((other) => other.virtualNode === virtualNode) !== index)?.virtualNode;
  if (twice !== undefined) throw new PlanRefused(`target.route: ${twice}: must be one target of the route, not several`);
  const weight = targets.find(({ virtualNode }) => virtualNode === canary)?.weight ?? 0;
  if (weight > 0) throw new PlanRefused(`canary.virtualNode: ${canary}: has the weight ${weight} in the route already`);
}

function toPlanned({ bake, windows, approval, advance }: CanaryDefinition, step: Step): PlannedStep {
  const open = step.window ?? windows;
  const approved = step.approval ?? (approval?.before.includes(step.weight) === true ? approval : undefined);
  return {
    weight: step.weight,
    bakeSeconds: step.bake ?? bake,
    ...(typeof advance === 'string' ? {} : { until: { expression: advance.schedule, timezone: advance.timezone } }),
    ...(open === undefined ? {} : { windows: open }),
    ...(approved === undefined ? {} : { approval: { quorum: approved.quorum, expiresSeconds: approved.expires } }),
    ...(step.cohort === undefined ? {} : { cohort: step.cohort }),
  };
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
  const steps = definition.steps.map((step) => toPlanned(definition, step));
  const { hostname, spec } = definition.canary;
  const cohort = steps[0]?.cohort;
  if (cohort !== undefined) cohortRoute(route, cohort, canary, stable);
  return {
    steps,
    promotedBakeSeconds: definition.afterPromotion.bake ?? 0,
    split: { before, stable, canary, scale: scaleFor(before, stable, steps.map(({ weight }) => weight)) },
    ...(hostname === undefined ? {} : { hostname: fillTemplate(hostname, tag) }),
    ...(spec === undefined ? {} : { spec: fillAll(spec, tag) }),
  };
}
