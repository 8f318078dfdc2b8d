import type { Judgement } from '../canary/judge/judge.ts';
import type { BakeEnd, Situation } from '../canary/next-action.ts';
import type { Action } from '../contracts/rollout.ts';
import type { JudgedPair } from './judge-record.ts';
import type { RolloutRecord } from './records.ts';

/** Whose counts a rollout's judge compares. */
export const toJudged = ({ id, target, canary, stable, settings }: RolloutRecord): JudgedPair => ({ id, mesh: target.mesh, canary, stable, analysis: settings.analysis });

type Part = Pick<RolloutRecord, 'step' | 'steps' | 'promoted' | 'holds' | 'paused' | 'deadline'> & { readonly settings: Pick<RolloutRecord['settings'], 'analysis' | 'advance'> };

/** A rollout and what ended its bake → what the next action is decided from. */
export const toSituation = ({ step, steps, promoted, holds, paused, deadline, settings }: Part, judgement: Judgement, endedBy: BakeEnd, action: Action | null, now: number): Situation => ({
  judgement,
  endedBy,
  action,
  step,
  steps,
  promoted,
  holds,
  paused,
  pastDeadline: now >= deadline,
  analysis: settings.analysis,
  advance: settings.advance,
});

/** Percent of the canary that a rollout is at. */
export const weightOf = ({ step, steps, promoted }: Pick<RolloutRecord, 'step' | 'steps' | 'promoted'>): number => (promoted ? 100 : (steps[step]?.weight ?? 0));
