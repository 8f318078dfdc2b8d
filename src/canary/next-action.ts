import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { Action, Outcome, PlannedStep, Waiting } from '../contracts/rollout.ts';
import type { Judgement } from './judge/judge.ts';

/** How a bake ended: its time was over, a time of the schedule came, a person acted, or the watch saw a decisive verdict. */
export const BAKE_ENDS = ['time', 'schedule', 'action', 'verdict'] as const;
export type BakeEnd = (typeof BAKE_ENDS)[number];

/** What a hook of the definition answered. */
export interface HookVerdict {
  readonly outcome: Outcome;
  readonly reason: string;
}

export interface Situation {
  readonly judgement: Judgement;
  readonly endedBy: BakeEnd;
  readonly action: Action | null;
  readonly step: number;
  readonly steps: readonly PlannedStep[];
  /** The bake after promotion, at 100. */
  readonly promoted: boolean;
  /** How often this step was held already; a held bake has had its time. */
  readonly holds: number;
  readonly paused: boolean;
  readonly pastDeadline: boolean;
  /** What the next rise waited for during the bake; the step itself has had its time then. */
  readonly waiting: Waiting | null;
  /** Why an alarm rolls it back; null when none does. */
  readonly alarm: string | null;
  /** What the step's hook says of going on; null when there is none, or it was not asked. */
  readonly hook: HookVerdict | null;
  readonly analysis: Pick<CanaryDefinition['analysis'], 'onInconclusive' | 'noTraffic' | 'metricsOutage'>;
  readonly advance: CanaryDefinition['advance'];
}

/** Why a rollout is given up; the names that the state machine and the record show. */
export type GiveUp = 'VerdictFailed' | 'AlarmRaised' | 'RolloutAborted' | 'DeadlineExceeded';

export type NextAction =
  | { readonly kind: 'advance' | 'promote' | 'finish'; readonly reason: string }
  | { readonly kind: 'hold'; readonly pause: boolean; readonly reason: string }
  | { readonly kind: 'rollBack'; readonly error: GiveUp; readonly reason: string };

function goOn(situation: Situation, reason: string): NextAction {
  const { step, steps, promoted, hook } = situation;
  if (hook?.outcome === 'fail') return { kind: 'rollBack', error: 'VerdictFailed', reason: hook.reason };
  if (hook !== null && hook.outcome !== 'pass') return hold(situation, hook.reason);
  if (promoted) return { kind: 'finish', reason };
  return { kind: step + 1 < steps.length ? 'advance' : 'promote', reason };
}

function hold({ pastDeadline }: Situation, reason: string, pause = false): NextAction {
  if (pastDeadline) return { kind: 'rollBack', error: 'DeadlineExceeded', reason: `the deadline has passed; ${reason}` };
  return { kind: 'hold', pause, reason };
}

const byAction: Readonly<Record<Action, ((situation: Situation) => NextAction) | undefined>> = {
  abort: () => ({ kind: 'rollBack', error: 'RolloutAborted', reason: 'aborted' }),
  advance: (situation) => goOn(situation, 'advanced by hand'),
  promote: (situation) => {
    const next = goOn(situation, 'promoted by hand');
    return next.kind === 'advance' ? { ...next, kind: 'promote' } : next;
  },
  pause: (situation) => hold(situation, 'paused by hand', true),
  resume: (situation) => hold(situation, 'resumed by hand'),
  approve: undefined,
  retry: undefined,
  undo: undefined,
};

/** What the definition wants at a bake's end, by what the judgement lacks. */
function policyFor({ analysis, judgement }: Situation): 'advance' | 'hold' | 'rollBack' {
  if (judgement.lack === 'metrics') return analysis.metricsOutage;
  if (judgement.lack === 'traffic') return analysis.noTraffic;
  // At 100 there is no stable side: no time would ever make it conclusive, so time ends it.
  if (judgement.lack === 'stable') return 'advance';
  return analysis.onInconclusive;
}

function atEnd(situation: Situation): NextAction {
  const { judgement } = situation;
  if (judgement.outcome === 'pass') return goOn(situation, judgement.reason);
  const policy = policyFor(situation);
  if (policy === 'advance') return goOn(situation, judgement.reason);
  if (policy === 'hold') return hold(situation, judgement.reason);
  return { kind: 'rollBack', error: 'VerdictFailed', reason: judgement.reason };
}

const isScheduled = ({ promoted, steps, step }: Situation): boolean => !promoted && steps[step]?.until !== undefined;

/** The step was decided before it waited, and nothing speaks against it since. Windows and approvals have an end of their own; the deadline ends the rest. */
function afterWait(situation: Situation): NextAction {
  const { waiting } = situation;
  if (situation.pastDeadline && waiting?.for !== 'window' && waiting?.for !== 'approval') return hold(situation, waiting?.reason ?? 'no step was begun');
  const next = goOn(situation, waiting === null ? 'begins' : `looks again: ${waiting.reason}`);
  return waiting?.raise === 'promotion' && next.kind === 'advance' ? { ...next, kind: 'promote' } : next;
}

/**
 * What follows when a bake has ended. An abort comes first, then an alarm and a failing verdict, which no person's advance overrules, then actions,
 * then the definition's policies. Holding ends at the deadline, by rolling back.
 */
export function nextAction(situation: Situation): NextAction {
  const { judgement, action, endedBy, holds, advance, paused, waiting, alarm } = situation;
  if (action === 'abort') return { kind: 'rollBack', error: 'RolloutAborted', reason: 'aborted' };
  if (alarm !== null) return { kind: 'rollBack', error: 'AlarmRaised', reason: alarm };
  if (judgement.outcome === 'fail') return { kind: 'rollBack', error: 'VerdictFailed', reason: judgement.reason };
  const act = action === null ? undefined : byAction[action];
  if (act !== undefined) return act(situation);
  if (paused) return hold(situation, 'paused by hand', true);
  if (waiting !== null || situation.step < 0) return afterWait(situation);
  // Times of a schedule end the step; its bake only ends with the deadline.
  if (endedBy === 'time' && isScheduled(situation)) return hold(situation, 'no time of the schedule came');
  if (endedBy === 'time' || endedBy === 'schedule' || holds > 0) return atEnd(situation);
  if (endedBy === 'verdict' && judgement.outcome === 'pass' && advance === 'onPass') return goOn(situation, judgement.reason);
  return hold(situation, 'its bake ended early without a decision');
}

/** Nothing else keeps the count of a long hold's state transitions small: each hold of a step is twice as long as the one before. */
export function holdSeconds(bakeSeconds: number, holds: number, secondsLeft: number): number {
  return Math.max(1, Math.ceil(Math.min(bakeSeconds * 2 ** Math.min(holds, 30), secondsLeft)));
}
