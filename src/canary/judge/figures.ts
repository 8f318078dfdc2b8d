import type { SideCounts } from '../../contracts/rollout.ts';
import type { Counts, Pair } from './e-values.ts';

/** Counts of both sides while one weight holds. */
export interface Sides {
  readonly canary: SideCounts;
  readonly stable: SideCounts;
}

const EMPTY: SideCounts = { requests: 0, errors: 0 };
export const NO_SIDES: Sides = { canary: EMPTY, stable: EMPTY };

const add = (side: SideCounts, { total, bad }: Counts): SideCounts => ({ requests: side.requests + total, errors: side.errors + bad });

export const addPair = ({ canary, stable }: Sides, pair: Pair): Sides => ({ canary: add(canary, pair.canary), stable: add(stable, pair.stable) });
export const addSides = (one: Sides, other: Sides): Sides => {
  const sum = (side: keyof Sides): SideCounts => ({ requests: one[side].requests + other[side].requests, errors: one[side].errors + other[side].errors });
  return { canary: sum('canary'), stable: sum('stable') };
};

/** Which of the intervals to come are about the weight that holds. */
export interface Settling {
  /** How many intervals to come are still about two weights. */
  readonly skip: number;
  /** Whether the figures hold such intervals: the first that is about the weight alone replaces them. */
  readonly provisional: boolean;
}

export const SETTLED: Settling = { skip: 0, provisional: false };
export const settle = ({ skip, provisional }: Settling): Settling => ({ skip: Math.max(0, skip - 1), provisional: provisional && skip > 0 });

/** A weight that fails at once has no other figures than those around its change: they stand until there are better ones. */
export function addSettled({ skip, provisional }: Settling, sides: Sides, pair: Pair): Sides {
  if (skip === 0) return addPair(provisional ? NO_SIDES : sides, pair);
  return provisional ? addPair(sides, pair) : sides;
}
