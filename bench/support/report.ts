import { loadavg } from 'node:os';
import { round, type Spread } from './stats.ts';

type Cell = string | number;

/** Prints columns aligned, numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? String(round(cell)) : cell)));
  const widths = head.map((title, column) => Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], isNumber: (column: number) => boolean): string =>
    cells.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ');
  console.log(line(head, () => false));
  for (const [index, row] of texts.entries()) console.log(line(row, (column) => typeof rows[index]?.[column] === 'number'));
}

/** `median (low–high)`. */
export const showSpread = ({ median, low, high }: Spread): string => `${round(median)} (${round(low)}–${round(high)})`;

/** Says what runs beside whom, and how busy the machine is: figures of a busy machine are noisy. */
export function begin(title: string): void {
  console.log(`${title}\nload average ${loadavg().map((load) => load.toFixed(1)).join(' ')}\n`);
}

/** The last line: figures for machines. */
export const finish = (figures: object): void => console.log(`\n${JSON.stringify(figures, (_key, value: unknown) => (typeof value === 'number' ? round(value) : value))}`);

/** A benchmark that cannot run here: the message says what is missing and how to get it. */
export class PeerMissing extends Error {
  override readonly name = 'PeerMissing';
}

/** Runs a benchmark; what goes wrong is told in one line where it is a missing peer. */
export async function run(benchmark: () => Promise<void>): Promise<never> {
  try {
    await benchmark();
    process.exit(0);
  } catch (error) {
    console.error(error instanceof PeerMissing ? error.message : error);
    process.exit(1);
  }
}
