// The judge in simulated rollouts, looking each second, beside Kayenta's Mann-Whitney test and Flagger's and CloudWatch's threshold rules, whose
// thresholds are tuned to 1 % false aborts in each cell of each world with perfect knowledge.
import { measureCell, SIDES, type CellResult, type EffectName, type Side } from './judge/measure.ts';
import { EFFECTS, WORLDS, type Cell, type WorldName } from './judge/worlds.ts';
import { readOptions } from './support/options.ts';
import { begin, finish, printTable, run } from './support/report.ts';
import { median } from './support/stats.ts';

const options = readOptions({ seed: 1, good: 0, bad: 0, border: 0, seconds: 900 }, ['quick']);
const { quick, seed, seconds } = options;
const sizes = { seed, seconds, good: options.good || (quick ? 100 : 200), bad: options.bad || (quick ? 15 : 40), border: options.border || (quick ? 30 : 60) };

const GRID = quick ? { rates: [100, 1000], shares: [0.05, 0.25], bads: [0.001, 0.01] } : { rates: [10, 100, 1000, 10_000], shares: [0.05, 0.25, 0.5], bads: [0.0001, 0.001, 0.01, 0.05] };
const cells: Cell[] = GRID.rates.flatMap((rate) => GRID.shares.flatMap((share) => GRID.bads.map((bad) => ({ rate, share, bad }))));
const worlds = Object.keys(WORLDS) as WorldName[];
const effects = Object.keys(EFFECTS) as EffectName[];
const RIVALS: readonly Side[] = ['kayenta', 'flagger', 'alarm'];

const sum = (results: readonly CellResult[], of: (result: CellResult) => number): number => results.reduce((total, result) => total + of(result), 0);
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`;
const worst = (results: readonly CellResult[], of: (result: CellResult) => number): number => Math.max(...results.map(of));

type Figure = 'requests' | 'badAnswers';

/** Ours ÷ theirs of each cell in which at least one of the two caught it in half of the runs. `theirs` may be several: then the least of them. */
function ratios(results: readonly CellResult[], effect: EffectName, theirs: readonly Side[], figure: Figure = 'requests'): number[] {
  return results.flatMap(({ costs }) => {
    const [ours, others] = [costs[effect].ours, theirs.map((side) => costs[effect][side])];
    if (ours.caught < 0.5 && others.every(({ caught }) => caught < 0.5)) return [];
    return [ours[figure] / Math.max(1, Math.min(...others.map((other) => other[figure])))];
  });
}

function printWorld(world: WorldName, results: readonly CellResult[]): void {
  const good = sum(results, ({ goodRuns }) => goodRuns);
  const border = sum(results, ({ borderRuns }) => borderRuns);
  console.log(`\n${world} (${results.length} cells, ${good} good runs; φ ${Math.min(...results.map(({ phi }) => phi)).toFixed(1)}–${Math.max(...results.map(({ phi }) => phi)).toFixed(1)})`);
  console.log(`wrong passes at the margin ${percent(sum(results, (result) => result.wrongPasses), border)} (worst cell ${percent(worst(results, (result) => result.wrongPasses / result.borderRuns), 1)}); false aborts at the margin ${percent(sum(results, (result) => result.borderAborts), border)}`);
  printTable(
    ['side', 'false aborts', 'worst cell', 'tuned in calm', ...effects.map((effect) => `${effect} ours÷its`), ...effects.map((effect) => `${effect} bad ÷`)],
    SIDES.map((side) => [
      side,
      percent(sum(results, (result) => result.falseAborts[side]), good),
      percent(worst(results, (result) => result.falseAborts[side] / result.goodRuns), 1),
      side === 'flagger' || side === 'alarm' ? percent(sum(results, (result) => result.calmTuned[side]), good) : '',
      ...(['requests', 'badAnswers'] as const).flatMap((figure) => effects.map((effect) => (side === 'ours' ? '' : median(ratios(results, effect, [side], figure)).toFixed(3)))),
    ]),
  );
  for (const effect of effects) {
    const all = ratios(results, effect, RIVALS);
    const behind = all.filter((ratio) => ratio > 1).length;
    console.log(`${effect}: ours ÷ the best of all, median cell ${median(all).toFixed(3)}; behind in ${behind} of ${all.length} cells`);
  }
}

function printBehind(world: WorldName, results: readonly CellResult[]): void {
  for (const { cell, costs } of results) {
    for (const effect of effects) {
      const { ours } = costs[effect];
      const best = RIVALS.map((side) => ({ side, ...costs[effect][side] })).sort((a, b) => a.requests - b.requests)[0]!;
      if (ours.requests > best.requests && best.caught >= 0.5) console.log(`  ${world} ${cell.rate}/s, ${cell.share * 100} %, bad ${cell.bad * 100} %, ${effect}: ${ours.requests} against ${best.side}'s ${best.requests}`);
    }
  }
}

await run(async () => {
  begin(`judge: ${worlds.length} worlds, ${cells.length} cells, ${sizes.good} good runs, ${sizes.bad} bad runs an effect, ${sizes.border} at the margin, ${seconds} s each, seed ${seed}`);
  const byWorld = new Map<WorldName, CellResult[]>();
  for (const [place, world] of worlds.entries()) {
    const results: CellResult[] = [];
    for (const [index, cell] of cells.entries()) {
      results.push(measureCell(world, cell, place * 1000 + index, sizes));
      if (process.stderr.isTTY) process.stderr.write(`\r${world} ${index + 1}/${cells.length} `);
      // Signals are heard between cells.
      await new Promise((resolve) => setImmediate(resolve));
    }
    byWorld.set(world, results);
    printWorld(world, results);
  }
  console.log('\nNot ahead:');
  for (const [world, results] of byWorld) printBehind(world, results);
  const of = (world: WorldName): CellResult[] => byWorld.get(world) ?? [];
  const rate = (world: WorldName, part: (result: CellResult) => number, whole: (result: CellResult) => number): number => sum(of(world), part) / sum(of(world), whole);
  const falseAborts = Object.fromEntries(worlds.map((world) => [world, rate(world, (result) => result.falseAborts.ours, (result) => result.goodRuns)])) as Record<WorldName, number>;
  const wrongPasses = Object.fromEntries(worlds.map((world) => [world, rate(world, (result) => result.wrongPasses, (result) => result.borderRuns)])) as Record<WorldName, number>;
  finish({
    falseAborts: Math.max(falseAborts.calm, falseAborts.shared),
    wrongPasses: Math.max(wrongPasses.calm, wrongPasses.shared),
    ratio: {
      kayenta2x: median(ratios(of('calm'), '2x', ['kayenta'])),
      kayenta5pp: median(ratios(of('calm'), '+5pp', ['kayenta'])),
      best2x: median(ratios(of('calm'), '2x', RIVALS)),
      best2xShared: median(ratios(of('shared'), '2x', RIVALS)),
      ...Object.fromEntries(worlds.map((world) => [`best2x_${world}`, median(ratios(of(world), '2x', RIVALS))])),
    },
    falseAbortsByWorld: falseAborts,
    wrongPassesByWorld: wrongPasses,
  });
});
