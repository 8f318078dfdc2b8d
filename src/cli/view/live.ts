import { alignRows } from '../table.ts';
import type { RolloutView, StepView } from './rollout-view.ts';
import { bar, count, errorsOf, outcomeStyle, percent, phaseStyle, phaseWords, plain, requestsOf, seconds, type Paint } from './words.ts';

const BAR_WIDTH = 20;
const HEAD = ['step', 'intended', 'observed', 'requests', 'errors', 'bake'];

function toCells(step: StepView, steps: number): string[] {
  const seen = requestsOf(step) > 0;
  return [
    `${step.number}/${steps}`,
    percent(step.weight, 0),
    percent(step.measured?.observedShare ?? null),
    seen ? count(requestsOf(step)) : '-',
    seen ? count(errorsOf(step)) : '-',
    `${bar(step.progress, BAR_WIDTH)} ${seconds(step.bakeSeconds * 1_000)}`,
  ];
}

/** Cuts to what a terminal's line holds: a line that wrapped could not be drawn over. */
function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function verdictText({ verdict, state }: StepView): string {
  if (verdict === null) return state === 'baking' ? 'measuring' : '';
  return `${verdict.outcome}: ${verdict.reason}`;
}

function stepLine(step: StepView, cells: string, width: number, paint: Paint): string {
  const line = cut(`  ${cells}  ${verdictText(step)}`.trimEnd(), width);
  const kept = line.slice(0, `  ${cells}`.length);
  const rest = line.slice(kept.length);
  if (step.state === 'waiting') return paint('dim', line);
  return kept + (step.verdict === null ? paint('dim', rest) : paint(outcomeStyle(step.verdict.outcome), rest));
}

/** The live picture of a rollout: lines no wider than `width` columns, colour codes not counted. */
export function renderRollout(view: RolloutView, width: number, paint: Paint = plain): string[] {
  const title = cut(`${view.definition} ${view.tag}: ${view.stable} → ${view.canary}`, width - 30);
  const [head = '', ...rows] = alignRows([HEAD, ...view.steps.map((step) => toCells(step, view.steps.length))], [0, 1, 2, 3, 4]);
  return [
    `${paint('bold', title)}  ${paint(phaseStyle(view.phase), phaseWords(view.phase))}  ${paint('dim', seconds(view.elapsedMs))}`,
    paint('dim', cut(`  ${head}`, width)),
    ...view.steps.map((step, index) => stepLine(step, rows[index] ?? '', width, paint)),
    paint('dim', cut(view.reason === '' ? '' : `  ${view.reason}`, width)),
  ].filter((line) => line !== '');
}
