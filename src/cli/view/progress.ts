import { FINAL_PHASES } from '../../contracts/rollout.ts';
import type { RolloutView, StepView } from './rollout-view.ts';
import { bakeWords, count, errorsOf, errorsOfSide, percent, phaseWords, requestsOf, seconds } from './words.ts';

const who = ({ definition, tag }: RolloutView): string => `${definition} ${tag}`;

function describeMeasured(step: StepView): string {
  const { measured } = step;
  if (measured === null || requestsOf(step) === 0) return 'no requests seen';
  const errors = errorsOf(step) === 0 ? 'no errors' : `errors: canary ${errorsOfSide(measured.canary)}, stable ${errorsOfSide(measured.stable)}`;
  return `observed ${percent(measured.observedShare)} of ${count(requestsOf(step))} requests, ${errors}`;
}

const hasBegun = (view: RolloutView | undefined, index: number): boolean => (view?.steps[index]?.state ?? 'waiting') !== 'waiting';
const isOver = (view: RolloutView | undefined, index: number): boolean => view?.steps[index]?.state === 'over';

function stepLines(before: RolloutView | undefined, after: RolloutView, step: StepView, index: number): string[] {
  const name = `${who(after)}: step ${step.number} of ${after.steps.length}`;
  const lines: string[] = [];
  if (!hasBegun(before, index) && hasBegun(after, index)) lines.push(`${name}: ${percent(step.weight, 0)} to ${after.canary}, bake ${bakeWords(step.bakeSeconds)}`);
  if (!isOver(before, index) && isOver(after, index)) {
    const verdict = step.verdict === null ? '' : `; ${step.verdict.outcome}: ${step.verdict.reason}`;
    lines.push(`${name}: intended ${percent(step.weight, 0)}, ${describeMeasured(step)}${verdict}`);
  }
  return lines;
}

/** The reason of a phase, unless a verdict that is told already says the same. */
function describeReason({ reason, steps }: RolloutView): string {
  const isTold = steps.some(({ verdict }) => verdict !== null && reason.endsWith(verdict.reason));
  return reason === '' || isTold ? '' : `: ${reason}`;
}

function phaseLine(before: RolloutView | undefined, after: RolloutView): string[] {
  const { phase } = after;
  if (before?.phase === phase) return [];
  if (FINAL_PHASES.has(phase)) return [`${who(after)}: ${phaseWords(phase)} after ${seconds(after.elapsedMs)}${describeReason(after)}`];
  return before === undefined ? [] : [`${who(after)}: ${phaseWords(phase)}${describeReason(after)}`];
}

/** What happened to a rollout from one view to the next, a line for each thing: for logs and pipes. */
export function progressLines(before: RolloutView | undefined, after: RolloutView): string[] {
  const started = before === undefined ? [`${who(after)}: rollout ${after.id} from ${after.stable} to ${after.canary}`] : [];
  return [...started, ...after.steps.flatMap((step, index) => stepLines(before, after, step, index)), ...phaseLine(before, after)];
}
