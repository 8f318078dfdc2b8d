import type { Judgement } from '../../canary/judge/judge.ts';
import type { BakeEnd, HookVerdict, Situation } from '../../canary/next-action.ts';
import type { Analysis, Metric } from '../../contracts/analysis.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { Action } from '../../contracts/rollout.ts';
import type { JudgedPair } from './judge-record.ts';
import type { RolloutRecord } from '../record/records.ts';

/** Whose counts a rollout's judge compares. */
export const toJudged = ({ id, target, canary, stable, settings, step, promoted, phis }: RolloutRecord): JudgedPair => ({
  id,
  mesh: target.mesh,
  canary,
  stable,
  analysis: analysisAt(settings, promoted ? -1 : step),
  counted: metricsOf(settings),
  ...(phis === undefined ? {} : { phis }),
});

/** How a step is judged: as the definition says, but for what it says of that step. */
function analysisAt({ analysis, steps }: Pick<CanaryDefinition, 'analysis' | 'steps'>, step: number): Analysis {
  const given = Object.fromEntries(Object.entries(steps[step]?.analysis ?? {}).filter(([, value]) => value !== undefined));
  return { ...analysis, ...given };
}

/** Every metric that is judged at some step: all are counted all the time. */
export const metricsOf = ({ analysis, steps }: Pick<CanaryDefinition, 'analysis' | 'steps'>): Metric[] => [
  ...new Map([...analysis.metrics, ...steps.flatMap((step) => step.analysis?.metrics ?? [])].map((metric) => [metric.name, metric])).values(),
];

type Part = Pick<RolloutRecord, 'step' | 'steps' | 'promoted' | 'holds' | 'paused' | 'deadline' | 'waiting' | 'alarm'> & { readonly settings: { readonly analysis: Analysis; readonly advance: CanaryDefinition['advance'] } };

/** A rollout and what ended its bake → what the next action is decided from. */
export const toSituation = ({ step, steps, promoted, holds, paused, deadline, settings, waiting, alarm }: Part, judgement: Judgement, endedBy: BakeEnd, action: Action | null, now: number, hook: HookVerdict | null = null): Situation => ({
  judgement,
  endedBy,
  action,
  step,
  steps,
  promoted,
  holds,
  paused,
  pastDeadline: now >= deadline,
  waiting,
  alarm: alarm?.reason ?? null,
  hook,
  analysis: settings.analysis,
  advance: settings.advance,
});

/** Percent of the canary that a rollout is at. */
export const weightOf = ({ step, steps, promoted }: Pick<RolloutRecord, 'step' | 'steps' | 'promoted'>): number => (promoted ? 100 : (steps[step]?.weight ?? 0));

/** How long a weight holds if nothing ends it before: its bake's time, or until the deadline where the times of a schedule end it. */
export function bakeSecondsOf({ promoted, steps, step, promotedBakeSeconds, deadline }: Pick<RolloutRecord, 'promoted' | 'steps' | 'step' | 'promotedBakeSeconds' | 'deadline'>, now: number): number {
  if (promoted) return promotedBakeSeconds;
  const planned = steps[step];
  return planned?.until === undefined ? (planned?.bakeSeconds ?? 1) : Math.max(1, Math.ceil((deadline - now) / 1000));
}
