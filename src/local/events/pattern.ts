import { isIPv4, isIPv6, BlockList } from 'node:net';
import { isRecord } from '../../contracts/is-record.ts';

/** An event pattern that EventBridge would refuse too. */
export class InvalidPattern extends Error {
  override readonly name = 'InvalidPattern';
}

/** Tells whether a value of the event satisfies one entry of a pattern's array; `undefined` stands for an absent field. */
type Test = (value: unknown) => boolean;

/** Tells whether an event matches. */
export type Matcher = (event: unknown) => boolean;

const fail = (path: string, rule: string): never => {
  throw new InvalidPattern(`Event pattern is not valid. Reason: ${path}: ${rule}`);
};

const requireText = (value: unknown, path: string): string => (typeof value === 'string' ? value : fail(path, 'must be a text'));
const onText =
  (test: (text: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value);

const caseless = (operand: unknown, path: string, compare: (text: string, part: string) => boolean): Test => {
  if (isRecord(operand)) {
    const part = requireText(operand['equals-ignore-case'], `${path}.equals-ignore-case`).toLowerCase();
    return onText((text) => compare(text.toLowerCase(), part));
  }
  const part = requireText(operand, path);
  return onText((text) => compare(text, part));
};

const startsWith = (text: string, part: string): boolean => text.startsWith(part);
const endsWith = (text: string, part: string): boolean => text.endsWith(part);

/** `*` stands for any run of characters; `\*` and `\\` for themselves. Matched greedily from both ends, without a regular expression to blow up. */
function wildcard(pattern: string, path: string): Test {
  if (pattern.includes('**')) fail(path, 'must not hold two wildcards in a row');
  const parts: string[] = [''];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '*') parts.push('');
    else {
      if (character === '\\') index += 1;
      parts.push((parts.pop() ?? '') + pattern.charAt(index));
    }
  }
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return onText((text) => {
    if (!text.startsWith(first)) return false;
    let from = first.length;
    for (const part of rest) {
      const at = text.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return text.length - last.length >= from && text.endsWith(last);
  });
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(operand: unknown, path: string): Test {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 === 1) return fail(path, 'must be a list of operators and numbers');
  const terms = Array.from({ length: operand.length / 2 }, (_, index): Test => {
    const [operator, bound] = (operand as unknown[]).slice(2 * index, 2 * index + 2);
    const compare = typeof operator === 'string' ? COMPARISONS[operator] : undefined;
    if (compare === undefined || typeof bound !== 'number') return fail(path, `must be a list of ${Object.keys(COMPARISONS).join(' ')} and numbers`);
    return (value) => typeof value === 'number' && compare(value, bound);
  });
  return (value) => terms.every((term) => term(value));
}

function cidr(operand: unknown, path: string): Test {
  const [address = '', prefix] = requireText(operand, path).split('/');
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : fail(path, 'must be an address block such as 10.0.0.0/24');
  const bits = Number(prefix);
  if (prefix === undefined || !Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv4' ? 32 : 128)) fail(path, 'must be an address block such as 10.0.0.0/24');
  const block = new BlockList();
  block.addSubnet(address, bits, family);
  return onText((text) => (family === 'ipv4' ? isIPv4(text) : isIPv6(text)) && block.check(text, family));
}

const list = (operand: unknown): unknown[] => (Array.isArray(operand) ? operand : [operand]);

/** Absent is not "anything but": the field must be there. */
function anythingBut(operand: unknown, path: string): Test {
  const refused = isRecord(operand) ? anythingButText(operand, path) : exactly(list(operand), path);
  return (value) => value !== undefined && !refused(value);
}

function exactly(values: unknown[], path: string): Test {
  if (values.length === 0 || !values.every((value) => typeof value === 'string' || typeof value === 'number')) return fail(path, 'must hold texts or numbers');
  return (value) => (values as unknown[]).includes(value);
}

function anythingButText(operand: Record<string, unknown>, path: string): Test {
  const [[name, argument] = ['', undefined]] = Object.entries(operand);
  const operator = { prefix: text(startsWith), suffix: text(endsWith), 'equals-ignore-case': ignoreCase, wildcard: wild }[name];
  if (operator === undefined) return fail(path, 'must be texts, numbers, prefix, suffix, equals-ignore-case or wildcard');
  const tests = list(argument).map((value) => operator(value, `${path}.${name}`));
  return (value) => tests.some((test) => test(value));
}

type Operator = (operand: unknown, path: string) => Test;
const text =
  (compare: (value: string, part: string) => boolean): Operator =>
  (operand, path) =>
    caseless(operand, path, compare);
const ignoreCase: Operator = (operand, path) => {
  const expected = requireText(operand, path).toLowerCase();
  return onText((value) => value.toLowerCase() === expected);
};
const wild: Operator = (operand, path) => wildcard(requireText(operand, path), path);

const OPERATORS: Readonly<Record<string, Operator>> = {
  prefix: text(startsWith),
  suffix: text(endsWith),
  'equals-ignore-case': ignoreCase,
  wildcard: wild,
  'anything-but': anythingBut,
  numeric,
  cidr,
  exists: (operand, path) => {
    if (typeof operand !== 'boolean') return fail(path, 'must be true or false');
    // Only a leaf exists: an object is a path to leaves.
    return (value) => (value !== undefined && !isRecord(value)) === operand;
  },
};

function toTest(entry: unknown, path: string): Test {
  if (!isRecord(entry)) return Array.isArray(entry) ? fail(path, 'must not hold a list in a list') : (value) => value === entry;
  const [[name, operand] = ['', undefined], ...others] = Object.entries(entry);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined || others.length > 0) return fail(path, `must be one of ${Object.keys(OPERATORS).join(', ')}`);
  return operator(operand, `${path}.${name}`);
}

/** A field with a list holds when any of its values satisfies any entry. */
function leaf(entries: unknown[], path: string): Matcher {
  if (entries.length === 0) return fail(path, 'must not be an empty list');
  const tests = entries.map((entry, index) => toTest(entry, `${path}[${index}]`));
  return (value) => {
    const values = Array.isArray(value) ? (value.length === 0 ? [undefined] : (value as unknown[])) : [value];
    return values.some((single) => tests.some((test) => test(single)));
  };
}

function field(expected: unknown, path: string): Matcher {
  if (Array.isArray(expected)) return leaf(expected, path);
  if (isRecord(expected)) return branch(expected, path);
  return fail(path, 'must be an object or a list');
}

function alternatives(patterns: unknown, path: string): Matcher {
  if (!Array.isArray(patterns) || patterns.length < 2) return fail(path, 'must be a list of at least two patterns');
  const matchers = patterns.map((pattern, index) => branch(pattern, `${path}[${index}]`));
  return (event) => matchers.some((matches) => matches(event));
}

function branch(pattern: unknown, path: string): Matcher {
  if (!isRecord(pattern) || Object.keys(pattern).length === 0) return fail(path, 'must be an object that is not empty');
  const fields = Object.entries(pattern).map(([name, expected]): Matcher => {
    if (name === '$or') return alternatives(expected, `${path}.$or`);
    const matches = field(expected, `${path}.${name}`);
    return (event) => matches(isRecord(event) ? event[name] : undefined);
  });
  // A list of objects matches when one of them does.
  return (event) => (Array.isArray(event) ? event.some((item) => fields.every((matches) => matches(item))) : fields.every((matches) => matches(event)));
}

/**
 * Compiles an event pattern: exact values, prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr, exists, `$or`.
 * @throws InvalidPattern naming path and rule.
 */
export const compilePattern = (pattern: unknown): Matcher => branch(pattern, '$');
