import { alignRows } from '../table.ts';
import type { RolloutView, StepView } from './rollout-view.ts';
import { bakeWords, bar, count, errorsOf, outcomeStyle, percent, phaseStyle, phaseWords, plain, requestsOf, seconds, titleOf, type Paint } from './words.ts';

const BAR_WIDTH = 20;
const HEAD = ['step', 'intended', 'observed', 'requests', 'errors', 'bake', 'verdict'];

const MEASURING = 'measuring';

function verdictWord({ verdict, state }: StepView): string {
  return verdict?.outcome ?? (state === 'baking' ? MEASURING : '');
}

function toCells(step: StepView, steps: number): string[] {
  const seen = requestsOf(step) > 0;
  return [
    `${step.number}/${steps}`,
    percent(step.weight, 0),
    percent(step.measured?.observedShare ?? null),
    seen ? count(requestsOf(step)) : '-',
    seen ? count(errorsOf(step)) : '-',
    `${bar(step.progress, BAR_WIDTH)} ${bakeWords(step.bakeSeconds)}`,
    verdictWord(step),
  ];
}

/** Cuts to what a terminal's line holds: a line that wrapped could not be drawn over. */
function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function stepLine(step: StepView, cells: string, width: number, paint: Paint): string {
  const line = cut(`  ${cells}`, width);
  const word = verdictWord(step);
  if (step.state === 'waiting' || word === '') return paint('dim', line);
  return line.endsWith(word) ? line.slice(0, -word.length) + paint(outcomeStyle(word), word) : line;
}

/** Words in lines of at most `width` columns; a figure keeps its percent sign. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(/ (?!%)/)) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (Array.from(`${line} ${word}`).length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => cut(line, width));
}

/** Why: the newest verdict in its own words, or what else the rollout says. */
function reasonLines({ steps, reason }: RolloutView, width: number): string[] {
  const last = steps.findLast(({ verdict }) => verdict !== null);
  const text = last?.verdict == null ? reason : `step ${last.number}: ${last.verdict.outcome}: ${last.verdict.reason}`;
  return text === '' ? [] : wrap(text, width - 2).map((line) => `  ${line}`);
}

/** The live picture of a rollout: lines no wider than `width` columns, colour codes not counted. */
export function renderRollout(view: RolloutView, width: number, paint: Paint = plain): string[] {
  const title = cut(titleOf(view), width - 30);
  const [head = '', ...rows] = alignRows([HEAD, ...view.steps.map((step) => toCells(step, view.steps.length))], [0, 1, 2, 3, 4]);
  return [
    `${paint('bold', title)}  ${paint(phaseStyle(view.phase), phaseWords(view.phase))}  ${paint('dim', seconds(view.elapsedMs))}`,
    paint('dim', cut(`  ${head}`, width)),
    ...view.steps.map((step, index) => stepLine(step, rows[index] ?? '', width, paint)),
    ...reasonLines(view, width).map((line) => paint('dim', line)),
  ];
}
