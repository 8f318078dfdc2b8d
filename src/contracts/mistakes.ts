import type * as z from 'zod/mini';

/** One thing wrong with a file or an event: where, what stands there, and the rule it breaks. */
export interface Mistake {
  /** The file's name, or what else the input is called ("event", "request body"). */
  readonly file: string;
  /** Where in the file, if it was a text. */
  readonly line?: number;
  /** Such as `steps[1].weight`; empty for the whole input. */
  readonly path: string;
  /** What stands there; undefined when nothing does. */
  readonly value: unknown;
  readonly rule: string;
}

const SHOWN_CHARACTERS = 120;

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

/** `file: path: value: rule` on one line, `file:line: …` where the line is known. */
export const describeMistake = ({ file, line, path, value, rule }: Mistake): string => [line === undefined ? file : `${file}:${line}`, ...(path === '' ? [] : [path]), show(value), rule].join(': ');

/** A wrong list may break a rule with each of a thousand entries. */
const MOST_TOLD = 50;

/** Mistakes as an answer tells them: not all of very many, and no value that is as long as the input itself. */
export const tellMistakes = (mistakes: readonly Mistake[]): Mistake[] =>
  mistakes.slice(0, MOST_TOLD).map((mistake) => (JSON.stringify(mistake.value ?? null).length <= 10 * SHOWN_CHARACTERS ? mistake : { ...mistake, value: show(mistake.value) }));

/** An input breaks rules of its schema. Every mistake is told at once. */
export class InvalidInput extends Error {
  override readonly name: string = 'InvalidInput';
  readonly mistakes: readonly Mistake[];
  constructor(mistakes: readonly Mistake[], options?: ErrorOptions) {
    const more = mistakes.length > MOST_TOLD ? [`and ${mistakes.length - MOST_TOLD} more`] : [];
    super([...mistakes.slice(0, MOST_TOLD).map(describeMistake), ...more].join('\n'), options);
    this.mistakes = mistakes;
  }
}

/** `['steps', 1, 'weight']` → `steps[1].weight`. */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`), '');

/** A path that leads beyond a scalar (`steps[0].weight` where `steps[0]` is 25) shows the scalar. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : value), input);
}

/** The line of a text on which the part stands that a path leads to, from 1. */
export type LineOf = (path: readonly PropertyKey[]) => number | undefined;

type Issue = z.core.$ZodIssue;

/** Says what a schema without a message of its own expected. */
function ruleOf(issue: Issue): string {
  if (issue.message !== 'Invalid input') return issue.message;
  if (issue.code === 'invalid_type') return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  return 'is not valid';
}

/** Where an issue is, and the rule it breaks; without the value, which may be a secret. */
export function brokenRules(issue: Issue): { readonly path: readonly PropertyKey[]; readonly rule: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, rule: ruleOf(issue) }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], rule: 'is not a field here' }));
}

const toMistakes = (issue: Issue, file: string, input: unknown, lineOf: LineOf): Mistake[] =>
  brokenRules(issue).map(({ path, rule }) => {
    const line = lineOf(path);
    return { file, ...(line === undefined ? {} : { line }), path: formatPath(path), value: valueAt(input, path), rule };
  });

/**
 * Parses `input` with `schema`; `lineOf` knows the lines of an input that was a text.
 * @throws InvalidInput with every mistake, each naming `file`, path, value and rule.
 */
export function parseInput<T>(schema: z.ZodMiniType<T>, input: unknown, file: string, lineOf: LineOf = () => undefined): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInput(result.error.issues.flatMap((issue) => toMistakes(issue, file, input, lineOf)));
}
