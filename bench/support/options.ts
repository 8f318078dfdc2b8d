import { parseArgs } from 'node:util';

/** Whole-number options with their defaults, and switches (`false` by default), from the command line. Unknown ones are refused. */
export function readOptions<N extends string, S extends string = never>(numbers: Readonly<Record<N, number>>, switches: readonly S[] = []): Record<N, number> & Record<S, boolean> {
  const names = Object.keys(numbers) as N[];
  const { values } = parseArgs({
    options: { ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])), ...Object.fromEntries(switches.map((name) => [name, { type: 'boolean' as const }])) },
  });
  const numberOf = (name: N): number => {
    const text = values[name];
    if (text === undefined) return numbers[name];
    if (typeof text !== 'string' || !/^\d+$/.test(text)) throw new Error(`--${name}: must be a whole number, is ${String(text)}`);
    return Number(text);
  };
  return Object.fromEntries([...names.map((name) => [name, numberOf(name)]), ...switches.map((name) => [name, values[name] === true])]) as Record<N, number> & Record<S, boolean>;
}
