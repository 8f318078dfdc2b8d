import { withTargets } from '../../src/canary/weights.ts';
import type { Phase, RouteSpec } from '../../src/contracts/rollout.ts';
import { routeBefore } from './route.ts';

/** How a world stands when its rollouts have ended. */
export interface Ended {
  /** By the image's tag. */
  readonly phases: Readonly<Record<string, string | undefined>>;
  /** Bakes and places in the queue of the route, of which none may be left. */
  readonly left: readonly string[];
  readonly holder: string | null;
  readonly executions: number;
  readonly routes: readonly string[];
  readonly spec: RouteSpec;
  readonly nodes: readonly string[];
  readonly workloads: readonly string[];
}

/** How it must stand. */
export interface Wanted {
  readonly ends: Readonly<Record<string, Phase>>;
  /** Virtual nodes that there are in the end, the first of which serves; by default only v0. */
  readonly nodes?: readonly string[] | undefined;
  /** Virtual nodes whose process or service runs in the end, and whose registry there is; by default none. */
  readonly workloads?: readonly string[] | undefined;
}

export const same = (what: string, found: unknown, wanted: unknown): string[] => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  return a === b ? [] : [`${what}: ${a}, not ${b}`];
};

/** What must be so however rollouts end. */
export const faultsOfAnyEnd = ({ left, holder, executions, routes }: Omit<Ended, 'phases' | 'spec' | 'nodes' | 'workloads'>): string[] => [
  ...same('left behind', left, []),
  ...same('holder of the route', holder, null),
  ...same('executions under way', executions, 0),
  ...same('routes', routes, ['r']),
];

/** What is wrong with an end; empty when all is as it must be, the route to the byte. */
export function faultsOfEnd(found: Ended, { ends, nodes = ['v0'], workloads = [] }: Wanted): string[] {
  const [serving] = nodes;
  const route = serving === 'v0' ? routeBefore : withTargets(routeBefore, [{ virtualNode: serving, weight: 100 }]);
  return [
    ...same('phases', found.phases, ends),
    ...faultsOfAnyEnd(found),
    ...same('route', found.spec, route),
    ...same('nodes', [...found.nodes].sort(), [...nodes].sort()),
    ...same('workloads', found.workloads, workloads),
  ];
}
