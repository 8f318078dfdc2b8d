import type { Phase, PlannedStep } from '../contracts/rollout.ts';
import type { NextAction } from './next-action.ts';

/** How far a rollout is. */
export interface Progress {
  readonly id: string;
  readonly phase: Phase;
  readonly step: number;
  readonly steps: readonly PlannedStep[];
  readonly promoted: boolean;
  /** Percent that it holds. */
  readonly weight: number;
  readonly paused: boolean;
  /** What was decided last; null before the first bake has ended. */
  readonly decision: { readonly action: NextAction['kind']; readonly step: number } | null;
}

/** The weight that is decided on and not begun yet; undefined while the one it holds is not passed. One that has just come up has nothing to pass. */
function nextWeight({ phase, step, steps, promoted, paused, decision }: Progress): number | undefined {
  if (promoted || paused) return undefined;
  if (decision === null) return step < 0 && phase === 'Progressing' ? steps[0]?.weight : undefined;
  if (decision.action === 'promote') return 100;
  return decision.action === 'advance' && decision.step > step ? steps[decision.step]?.weight : undefined;
}

/** The lowest weight, in percent, that a rollout has still to pass: the one that it holds, or, once that is judged as passed, the next of its own. */
export function weightToPass(progress: Progress): number {
  if (progress.phase === 'RollingBack') return 0;
  return nextWeight(progress) ?? progress.weight;
}

/**
 * The rollout that keeps others of its group from rising to `weight`: the one with the lowest weight to pass below it; undefined when none does.
 * Nobody enters a weight before all have passed their own steps below it, so the one that is next to rise is never kept from it, whatever steps each has.
 */
export function findBehind<T extends Progress>(others: readonly T[], weight: number): T | undefined {
  const behind = others.filter((other) => weightToPass(other) < weight);
  return behind.reduce<T | undefined>((least, other) => (least === undefined || weightToPass(other) < weightToPass(least) ? other : least), undefined);
}

/** Why a rollout keeps others waiting, in words. */
export function tellBehind(progress: Progress): string {
  const { weight } = progress;
  if (progress.phase === 'Pending') return 'is being brought up';
  if (progress.phase === 'RollingBack') return 'gives way to a newer version';
  if (progress.paused) return `is paused at ${weight} %`;
  const next = nextWeight(progress);
  return next === undefined ? `has not passed ${weight} % yet` : `has yet to pass ${next} %`;
}
