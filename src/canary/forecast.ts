import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { Freeze, PlannedStep } from '../contracts/rollout.ts';
import { nextTimeOf } from '../contracts/schedule/schedule.ts';
import { isFrozen, promotionApprovalOf, raiseTo } from './gate.ts';
import type { Plan } from './plan.ts';
import { weightsAt, type Weights } from './weights.ts';
import { nextOpening } from './windows.ts';

/** us-east-1, Standard workflows; the first 4,000 a month cost nothing. */
const PRICE = { usdPerThousandTransitions: 0.025, source: 'https://aws.amazon.com/step-functions/pricing/' } as const;

/** States that canary.asl.json enters once: Plan, RollOutOrUndo, Rollout, EnsureCanary, AwaitCanary, AddTarget, Settle; then Promote, BakeOnceMore, Promoted, Finish, Succeeded. */
const ONCE = 12;
/** Shift, Bake, Judge, Decide. */
const A_STEP = 4;
/** Bake, Judge, Decide after promotion. */
const AFTER_PROMOTION = 3;
/** A rise that waits: Bake, Judge, Decide, and the Shift or Promote that asks again. */
const A_WAIT = 4;

export interface ForecastStep extends PlannedStep {
  /** What the route's targets hold then. */
  readonly weights: Weights;
  /** Epoch ms, at the earliest: approvals come at once, nothing is held, no bake ends early. */
  readonly startsAt: number;
  readonly endsAt: number;
  /** Seconds that the rise waits for a window or a freeze. */
  readonly waitsSeconds: number;
}

export interface Forecast {
  readonly stable: string;
  readonly canary: string;
  /** When it is started, epoch ms: now, or at the next time of the definition's schedule. */
  readonly beginsAt: number;
  readonly steps: readonly ForecastStep[];
  /** When everything goes to the canary for good, and when the rollout has ended. */
  readonly promotedAt: number;
  readonly endsAt: number;
  readonly deadline: number;
  /** State transitions of a rollout that nothing holds; each hold adds 3, each retry 1. */
  readonly transitions: number;
  readonly costUsd: number;
  readonly price: typeof PRICE;
}

interface Going {
  readonly now: number;
  readonly deadline: number;
  readonly waits: number;
}

/** When a rise may happen, asked for at `now`; a freeze that nobody knows the end of is taken as lifted. */
function risesAt(windows: PlannedStep['windows'], freeze: Freeze | undefined, now: number): number {
  const opens = windows === undefined ? now : (nextOpening(windows, now) ?? now);
  return isFrozen(freeze, opens) && freeze.until !== null ? risesAt(windows, undefined, freeze.until) : opens;
}

const beginOf = ({ schedule }: CanaryDefinition, now: number): number => (schedule === undefined ? now : (nextTimeOf({ expression: schedule.start, timezone: schedule.timezone }, now) ?? now));

/** When a step that begins at `startsAt` ends: with its bake, or at the next time of the schedule. */
const endOf = ({ bakeSeconds, until }: PlannedStep, startsAt: number): number => (until === undefined ? startsAt + bakeSeconds * 1000 : (nextTimeOf(until, startsAt) ?? startsAt));

/** What a rollout asked for at `now` (epoch ms) would do, when, and what it would cost. */
export function forecast(definition: CanaryDefinition, plan: Plan, { now, freeze }: { readonly now: number; readonly freeze: Freeze | undefined }): Forecast {
  const { steps, split } = plan;
  const beginsAt = beginOf(definition, now);
  const { windows } = definition;
  const promotionApproval = promotionApprovalOf(definition);
  let going: Going = { now: beginsAt, deadline: beginsAt + definition.deadline * 1000, waits: 0 };

  const rise = (from: number, to: number | 'promotion'): number => {
    const raise = raiseTo({ steps, step: from, windows, promotionApproval }, to);
    const at = raise === undefined ? going.now : risesAt(raise.windows, freeze, going.now);
    const waited = at - going.now;
    // An approval is waited for by people's time, which nobody knows; it costs a wait all the same.
    const waits = (waited > 0 ? 1 : 0) + (raise?.approval === undefined ? 0 : 1);
    going = { now: at, deadline: going.deadline + waited, waits: going.waits + waits };
    return waited;
  };

  const forecastSteps = steps.map((step, index): ForecastStep => {
    const waited = rise(index - 1, index);
    const startsAt = going.now;
    going = { ...going, now: endOf(step, startsAt) };
    return { ...step, weights: weightsAt(split, step.weight), startsAt, endsAt: going.now, waitsSeconds: Math.round(waited / 1000) };
  });
  rise(steps.length - 1, 'promotion');
  const promotedBake = Math.max(plan.promotedBakeSeconds, definition.hooks?.after === undefined ? 0 : 1);
  const transitions = ONCE + A_STEP * steps.length + (promotedBake > 0 ? AFTER_PROMOTION : 0) + A_WAIT * going.waits;
  return {
    stable: split.stable,
    canary: split.canary,
    beginsAt,
    steps: forecastSteps,
    promotedAt: going.now,
    endsAt: going.now + promotedBake * 1000,
    deadline: going.deadline,
    transitions,
    costUsd: (transitions / 1000) * PRICE.usdPerThousandTransitions,
    price: PRICE,
  };
}
