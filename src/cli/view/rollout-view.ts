import { FINAL_PHASES, type Phase, type Rollout, type StepMeasurement, type Verdict } from '../../contracts/rollout.ts';

/** One step of a rollout as it is shown. Shares and weights in percent. */
export interface StepView {
  readonly number: number;
  /** Intended. */
  readonly weight: number;
  /** null: a schedule ends it. */
  readonly bakeSeconds: number | null;
  readonly state: 'waiting' | 'baking' | 'over';
  /** How much of the bake is over, 0 to 1. */
  readonly progress: number;
  readonly measured: StepMeasurement | null;
  readonly verdict: Pick<Verdict, 'outcome' | 'reason'> | null;
}

/** A rollout as it is shown. */
export interface RolloutView {
  readonly id: string;
  readonly definition: string;
  readonly tag: string;
  readonly stable: string;
  readonly canary: string;
  readonly phase: Phase;
  readonly reason: string;
  readonly elapsedMs: number;
  readonly steps: readonly StepView[];
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

function progressOf({ bake, step, phase }: Rollout, index: number, now: number): number {
  if (bake?.step === index) return clamp((now - bake.startedAt) / Math.max(1, bake.endsAt - bake.startedAt));
  return index < step || (index === step && phase === 'Succeeded') ? 1 : 0;
}

function toStepView(rollout: Rollout, index: number, now: number): StepView {
  const { weight = 0, bakeSeconds = 0, until } = rollout.steps[index] ?? {};
  const isNow = index === rollout.step && !FINAL_PHASES.has(rollout.phase);
  const verdict = rollout.verdicts.findLast((entry) => entry.step === index) ?? null;
  return {
    number: index + 1,
    weight,
    bakeSeconds: until === undefined ? bakeSeconds : null,
    state: index > rollout.step ? 'waiting' : isNow && (verdict === null || rollout.bake?.step === index) ? 'baking' : 'over',
    progress: progressOf(rollout, index, now),
    measured: rollout.measurements.find((entry) => entry.step === index) ?? null,
    // Before its own bake begins, the judgement is still that of the step before.
    verdict: verdict ?? (rollout.bake?.step === index ? rollout.judgement : null),
  };
}

/** What of a rollout is shown at `now` (epoch ms). Observed shares are those that the mesh measured; none is made up. */
export const toRolloutView = (rollout: Rollout, now: number): RolloutView => ({
  id: rollout.id,
  definition: rollout.definition,
  tag: rollout.image.tag,
  stable: rollout.stable,
  canary: rollout.canary,
  phase: rollout.phase,
  reason: rollout.reason,
  elapsedMs: Math.max(0, (rollout.endedAt ?? now) - rollout.startedAt),
  steps: rollout.steps.map((_, index) => toStepView(rollout, index, now)),
});
