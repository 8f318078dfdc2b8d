import type { Constraints } from './shapes.ts';
import { show } from './show.ts';

type Check = (constraints: Constraints, value: unknown) => string | undefined;

/** Length counts Unicode scalar values in a string (Smithy, length trait) and items in a list. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return /[\ud800-\udfff]/.test(value) ? Array.from(value).length : value.length;
  return Array.isArray(value) ? value.length : undefined;
}

function outside(number: number, [min = null, max = null]: readonly (number | null)[]): string | undefined {
  if ((min === null || number >= min) && (max === null || number <= max)) return undefined;
  if (min === null) return `at most ${max ?? ''}`;
  return max === null ? `at least ${min}` : min === max ? `exactly ${min}` : `between ${min} and ${max}`;
}

const checkLength: Check = ({ length }, value) => {
  const actual = lengthOf(value);
  const bounds = length === undefined || actual === undefined ? undefined : outside(actual, length);
  return bounds === undefined ? undefined : `must have a length of ${bounds}, and has ${actual ?? 0}`;
};

const checkRange: Check = ({ range }, value) => {
  const bounds = range === undefined || typeof value !== 'number' ? undefined : outside(value, range);
  return bounds === undefined ? undefined : `must be ${bounds}`;
};

const checkPattern: Check = ({ pattern }, value) =>
  pattern === undefined || typeof value !== 'string' || pattern.test(value) ? undefined : `must match ${pattern.source}`;

const checkEnum: Check = ({ enum: allowed }, value) =>
  allowed === undefined || typeof value !== 'string' || allowed.includes(value) ? undefined : `must be one of ${allowed.join(', ')}`;

const checkUnique: Check = ({ uniqueItems }, value) => {
  if (uniqueItems !== true || !Array.isArray(value)) return undefined;
  const seen = new Set<unknown>();
  const twice: unknown = value.find((item: unknown) => seen.size === seen.add(item).size);
  return twice === undefined ? undefined : `must have each item once, and has ${show(twice)} twice`;
};

/** A NUL ends a string in much of what reads one, and an unpaired surrogate has no UTF-8: no proxy could be given either. */
const checkText: Check = (_, value) =>
  typeof value === 'string' && /\0|\p{Surrogate}/u.test(value) ? 'must be Unicode text without NUL' : undefined;

const CHECKS: readonly Check[] = [checkText, checkLength, checkRange, checkPattern, checkEnum, checkUnique];

/** The rules that a value of the right type breaks. */
export function violationsOf(constraints: Constraints, value: unknown): string[] {
  const broken: string[] = [];
  for (const check of CHECKS) {
    const rule = check(constraints, value);
    if (rule !== undefined) broken.push(rule);
  }
  return broken;
}
