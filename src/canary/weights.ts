import type { RouteSpec } from '../contracts/rollout.ts';
import { PlanRefused } from './errors.ts';

/** A target of a route, as its spec has it. */
export interface WeightedTarget {
  virtualNode: string | undefined;
  weight: number | undefined;
  port?: number | undefined;
}

/** Weights by virtual node. */
export type Weights = Readonly<Record<string, number>>;

export const ROUTE_TYPES = ['httpRoute', 'http2Route', 'grpcRoute', 'tcpRoute'] as const;

/** Which type of route a spec is of; undefined for none. */
export const typeOf = (spec: RouteSpec) => ROUTE_TYPES.find((type) => spec[type] !== undefined);

/**
 * The weighted targets of a route, whichever type it is of.
 * @throws PlanRefused when the spec holds no route.
 */
export function targetsOf(spec: RouteSpec): WeightedTarget[] {
  const type = typeOf(spec);
  const targets = type === undefined ? undefined : spec[type]?.action?.weightedTargets;
  if (targets === undefined) throw new PlanRefused(`the route's spec holds none of ${ROUTE_TYPES.join(', ')} with weighted targets`);
  return targets;
}

/** The same spec with other targets and everything else as it was: match, retries, timeouts, priority. */
export function withTargets(spec: RouteSpec, targets: WeightedTarget[]): RouteSpec {
  const type = typeOf(spec);
  if (type === undefined) throw new PlanRefused(`the route's spec holds none of ${ROUTE_TYPES.join(', ')}`);
  return { ...spec, [type]: { ...spec[type], action: { ...spec[type]?.action, weightedTargets: targets } } };
}

export const weightsOf = (spec: RouteSpec): Weights => Object.fromEntries(targetsOf(spec).map(({ virtualNode = '', weight = 0 }) => [virtualNode, weight]));

const tell = (targets: readonly WeightedTarget[]): string => targets.map(({ virtualNode, weight }) => `${virtualNode ?? ''}=${weight ?? 0}`).join(', ');

/**
 * The stable side: the target that the definition names, else the only one with weight.
 * @throws PlanRefused, saying the weights, when the named one carries no weight, or none is named and several do.
 */
export function findStable(spec: RouteSpec, named: string | undefined): string {
  const targets = targetsOf(spec);
  const serving = targets.filter(({ weight = 0 }) => weight > 0);
  const candidates = named === undefined ? serving : serving.filter(({ virtualNode }) => virtualNode === named);
  const [stable] = candidates;
  if (stable?.virtualNode === undefined) throw new PlanRefused(`stable: ${named ?? 'not named'}: must be a target of the route with weight (weights: ${tell(targets)})`);
  if (candidates.length > 1) throw new PlanRefused(`stable: ${named ?? 'not named'}: must be named when several targets have weight (weights: ${tell(targets)})`);
  return stable.virtualNode;
}

const LARGEST_WEIGHT = 100;

/**
 * How many times larger the kept weights must be for each step to be a whole number of the stable target's: 1 for a stable at 100.
 * Where none up to 100 is exact, the largest that fits, so that rounding errs least.
 * @throws PlanRefused when the stable target is too small beside the others to be split at all.
 */
export function scaleFor(before: Weights, stable: string, steps: readonly number[]): number {
  const kept = before[stable] ?? 0;
  const largest = Math.floor(LARGEST_WEIGHT / Math.max(...Object.values(before)));
  if (kept * largest < 2 && steps.some((weight) => weight < 100)) {
    throw new PlanRefused(`the stable target's weight ${kept} is too small to be split beside the others (weights: ${Object.entries(before).map(([node, weight]) => `${node}=${weight}`).join(', ')})`);
  }
  const scales = Array.from({ length: largest }, (_, index) => index + 1);
  return scales.find((scale) => steps.every((weight) => (kept * scale * weight) % 100 === 0)) ?? Math.max(1, largest);
}

/** What a step's weights are computed from. */
export interface Split {
  /** Weights of the route as the rollout found it. */
  readonly before: Weights;
  readonly stable: string;
  readonly canary: string;
  readonly scale: number;
}

/**
 * Weights with `percent` of the stable target's kept weight on the canary; the other targets keep their part.
 * Whole numbers from 0 to 100. A step above 0 never comes out as 0, one below 100 never as everything.
 */
export function weightsAt({ before, stable, canary, scale }: Split, percent: number): Weights {
  const kept = (before[stable] ?? 0) * scale;
  const rounded = Math.round((kept * percent) / 100);
  const share = percent === 0 ? 0 : percent === 100 ? kept : Math.min(Math.max(rounded, 1), kept - 1);
  const others = Object.fromEntries(Object.entries(before).map(([node, weight]) => [node, weight * scale]));
  return { ...others, [stable]: kept - share, [canary]: share };
}

/**
 * Targets with these weights; a target that `weights` does not name stays as it is, one that is missing is added with the stable target's port.
 */
export function applyWeights(targets: readonly WeightedTarget[], weights: Weights, stable: string): WeightedTarget[] {
  const port = targets.find(({ virtualNode }) => virtualNode === stable)?.port;
  const present = new Set(targets.map(({ virtualNode }) => virtualNode));
  const added = Object.entries(weights).filter(([node]) => !present.has(node));
  return [
    ...targets.map((target) => ({ ...target, weight: weights[target.virtualNode ?? ''] ?? target.weight })),
    ...added.map(([virtualNode, weight]) => ({ virtualNode, weight, ...(port === undefined ? {} : { port }) })),
  ];
}

/** The route with the canary in the stable target's place: its kept weight, the others' own, and no target that has none left through this rollout. */
export function settle(spec: RouteSpec, { before, stable, canary }: Split): RouteSpec {
  const kept: Weights = { ...before, [canary]: before[stable] ?? 0 };
  return withTargets(
    spec,
    targetsOf(spec)
      .filter(({ virtualNode }) => virtualNode !== stable)
      .map((target) => ({ ...target, weight: kept[target.virtualNode ?? ''] ?? target.weight })),
  );
}
