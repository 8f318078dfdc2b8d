import type { Call, Io } from './command.ts';
import { alignRows } from './table.ts';

/** What a command has to say: to people in words, or to programs as one JSON document. */
export function print(call: Call, document: unknown, lines: () => readonly string[]): void {
  const text = call.json ? JSON.stringify(document) : lines().join('\n');
  if (text !== '') call.io.stdout.write(`${text}\n`);
}

/** A table with a head of capitals; right-aligned where `right` says figures stand. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string[] =>
  alignRows([head.map((title) => title.toUpperCase()), ...rows], right);

/** Whether a stream shows colours and can be redrawn. */
export const isLive = (stream: Pick<NodeJS.WriteStream, 'isTTY'>, env: Io['env']): boolean => stream.isTTY && env['TERM'] !== 'dumb' && !env['CI'];
export const hasColour = (stream: Pick<NodeJS.WriteStream, 'isTTY'>, env: Io['env']): boolean => isLive(stream, env) && !env['NO_COLOR'];
