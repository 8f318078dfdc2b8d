import * as z from 'zod/mini';
import type { RouteSpec } from '@aws-sdk/client-app-mesh';
import type { Timing } from './schedule/schedule.ts';
import type { Cohort } from './steps.ts';
import type { Window } from './window.ts';

export type { RouteSpec };

export const PHASES = ['Pending', 'Progressing', 'Paused', 'Promoting', 'RollingBack', 'Succeeded', 'RolledBack', 'Failed'] as const;
export type Phase = (typeof PHASES)[number];

/** Phases that a rollout does not leave by itself: `undo` leads out of Succeeded. */
export const FINAL_PHASES: ReadonlySet<Phase> = new Set<Phase>(['Succeeded', 'RolledBack', 'Failed']);

export const ACTIONS = ['approve', 'pause', 'resume', 'advance', 'promote', 'abort', 'retry', 'undo'] as const;
export type Action = (typeof ACTIONS)[number];

export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'error';

/** Counts of one side over one time. */
export interface SideCounts {
  readonly requests: number;
  readonly errors: number;
}

/** What was seen of both sides while a step's weight held. */
export interface StepMeasurement {
  readonly step: number;
  /** Intended weight of the canary, percent. */
  readonly weight: number;
  readonly canary: SideCounts;
  readonly stable: SideCounts;
  /** Canary's share of the requests of both, percent; null without requests. */
  readonly observedShare: number | null;
}

export interface Verdict {
  readonly at: number;
  readonly step: number;
  readonly weight: number;
  readonly outcome: Outcome;
  /** In words and figures. */
  readonly reason: string;
  /** What follows from it. */
  readonly next: 'advance' | 'hold' | 'promote' | 'rollBack' | 'finish';
}

export interface PlannedStep {
  /** Percent of the canary. */
  readonly weight: number;
  readonly bakeSeconds: number;
  /** The times that end the step instead of its bake; absent: its bake does. */
  readonly until?: Timing;
  /** When the weight may rise to this one; absent: at any time. */
  readonly windows?: readonly Window[];
  /** Who must agree before the weight rises to this one; absent: nobody. */
  readonly approval?: { readonly quorum: number; readonly expiresSeconds: number };
  /** Requests that take the canary whatever the weights are, from this step on. */
  readonly cohort?: Cohort;
}

/** One person's approval. It counts for the next rise that needs one, until it expires. */
export interface Approval {
  readonly who: string;
  readonly at: number;
}

/** What a rise of the weight waits for. */
export interface Waiting {
  readonly for: 'approval' | 'window' | 'freeze' | 'alarm' | 'lockstep' | 'hook' | 'person';
  /** Whether it is the promotion that waits, or the next step. */
  readonly raise: 'step' | 'promotion';
  readonly since: number;
  /** Epoch ms; null when nobody knows. */
  readonly until: number | null;
  readonly reason: string;
}

/** Weights do not rise while it stands; falling is always allowed. One for all rollouts. */
export interface Freeze {
  readonly who: string;
  readonly reason: string;
  readonly at: number;
  /** Epoch ms; null until it is lifted. */
  readonly until: number | null;
}

export interface HistoryEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly who: string;
  readonly kind: string;
  readonly reason: string;
}

/** An alarm that went to ALARM while the rollout ran. */
export interface RaisedAlarm {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** In words, the alarm's name among them. */
  readonly reason: string;
}

/** Where the traffic of a rollout is decided. */
export interface RouteTarget {
  readonly mesh: string;
  readonly virtualRouter: string;
  readonly route: string;
}

/** One run of a canary definition, as the API answers it. Times are epoch milliseconds. */
export interface Rollout {
  readonly id: string;
  readonly definition: string;
  readonly attempt: number;
  readonly trigger: string;
  /** The group that it goes up with; null when it goes alone. */
  readonly lockstep: string | null;
  readonly image: { readonly repository: string; readonly tag: string; readonly digest?: string };
  readonly phase: Phase;
  /** Index into `steps`; -1 before the first. */
  readonly step: number;
  readonly steps: readonly PlannedStep[];
  readonly target: RouteTarget;
  /** Virtual nodes. */
  readonly stable: string;
  readonly canary: string;
  /** What the route's targets hold now, by virtual node. */
  readonly weights: Readonly<Record<string, number>>;
  readonly fence: number;
  /** The route's spec as the rollout found it, and restores it. */
  readonly routeBefore: RouteSpec | null;
  readonly pendingAction: { readonly action: Action; readonly who: string; readonly reason: string; readonly at: number } | null;
  /** Given and not used yet. */
  readonly approvals: readonly Approval[];
  readonly waiting: Waiting | null;
  /** What rolls it back, whatever the analysis says. */
  readonly alarm: RaisedAlarm | null;
  readonly verdicts: readonly Verdict[];
  readonly measurements: readonly StepMeasurement[];
  readonly history: readonly HistoryEntry[];
  /** The bake under way; its token is kept apart. */
  readonly bake: { readonly step: number; readonly startedAt: number; readonly endsAt: number } | null;
  /** What the judge says at this moment. */
  readonly judgement: { readonly outcome: Outcome; readonly reason: string } | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deadline: number;
  readonly executionArn: string;
  /** Why it ended, or why it waits. */
  readonly reason: string;
}

const tag = z.string('must be an image tag').check(z.minLength(1, 'must not be empty'), z.maxLength(128, 'must have at most 128 characters'));

/** What starts a rollout: a state machine's input, and the body of `POST /meshshift/v1/rollouts`. */
export const rolloutRequest = z.strictObject({
  definition: z.string('must be the name of a canary definition').check(z.minLength(1, 'must not be empty')),
  image: z.strictObject({ repository: z.optional(z.string()), tag, digest: z.optional(z.string()) }),
  trigger: z.optional(z.string().check(z.maxLength(200, 'must have at most 200 characters'))),
  attempt: z.optional(z.int().check(z.minimum(1, 'must be at least 1'), z.maximum(9999, 'must be at most 9999'))),
});
export type RolloutRequest = z.infer<typeof rolloutRequest>;

/** What starts the undoing of a finished rollout: a state machine's input. */
export const undoRequest = z.strictObject({
  undo: z.string('must be the id of a rollout').check(z.minLength(1, 'must not be empty'), z.maxLength(80, 'must have at most 80 characters')),
  who: z.string(),
  reason: z.string(),
});
export type UndoRequest = z.infer<typeof undoRequest>;

/** What starts the restoring of a route whose rollout's execution is over, where that could not be done at once: a state machine's input. */
export const restoreRequest = z.strictObject({
  restore: z.string('must be the id of a rollout').check(z.minLength(1, 'must not be empty'), z.maxLength(80, 'must have at most 80 characters')),
  error: z.string(),
  reason: z.string(),
});
export type RestoreRequest = z.infer<typeof restoreRequest>;

/** The body of `POST /meshshift/v1/rollouts/{id}/actions/{action}`. */
export const actionRequest = z.strictObject({
  who: z._default(z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(200, 'must have at most 200 characters')), 'api'),
  reason: z._default(z.string().check(z.maxLength(1000, 'must have at most 1000 characters')), ''),
});
export const actionName = z.enum(ACTIONS);
