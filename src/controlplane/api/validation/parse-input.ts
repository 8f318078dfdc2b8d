import { isRecord } from '../../../contracts/is-record.ts';
import { badRequest } from '../errors.ts';
import { findingsOf } from '../rules/structure-rules.ts';
import { violationsOf } from './constraints.ts';
import type { Member, Shape } from './shapes.ts';
import { show } from './show.ts';

/** At most so many violations are told at once. */
const MAX_VIOLATIONS = 10;

type Report = (path: string, value: unknown, rule: string) => void;
type Parser<T extends Shape['type']> = (shape: Extract<Shape, { type: T }>, value: unknown, path: string, report: Report) => unknown;

const join = (path: string, member: string): string => (path === '' ? member : `${path}.${member}`);

/** null is absent; members the model does not have are ignored, as AWS's servers do. */
function parseMembers(members: readonly Member[], value: Readonly<Record<string, unknown>>, path: string, report: Report): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  for (const { name, shape, required } of members) {
    const given = value[name];
    if (given !== undefined && given !== null) parsed[name] = parseShape(shape, given, join(path, name), report);
    else if (required) report(join(path, name), undefined, 'is required');
  }
  return parsed;
}

const parseStructure: Parser<'structure' | 'union'> = ({ type, name, members }, value, path, report) => {
  if (!isRecord(value)) {
    report(path, value, 'must be an object');
    return undefined;
  }
  const unsound: string[] = [];
  const parsed = parseMembers(members, value, path, (at, found, rule) => {
    unsound.push(at);
    report(at, found, rule);
  });
  const set = Object.keys(parsed);
  if (type === 'union' && set.length !== 1) {
    report(
      path,
      undefined,
      `must have exactly one of ${members.map((member) => member.name).join(', ')}, and has ${set.length === 0 ? 'none' : set.join(', ')}`,
    );
  }
  if (unsound.length === 0) for (const { at, value: found, rule } of findingsOf(name, parsed)) report(at === '' ? path : join(path, at), found, rule);
  return parsed;
};

const parseList: Parser<'list'> = ({ element, constraints }, value, path, report) => {
  if (!Array.isArray(value)) {
    report(path, value, 'must be a list');
    return undefined;
  }
  for (const rule of violationsOf(constraints, value)) report(path, value, rule);
  return value.map((item: unknown, index) => {
    const at = `${path}[${index}]`;
    if (item !== null) return parseShape(element, item, at, report);
    report(at, item, 'must not be null');
    return undefined;
  });
};

const TYPE_RULES = {
  string: 'must be a string',
  number: 'must be a whole number',
  boolean: 'must be true or false',
  timestamp: 'must be a number of seconds',
} as const;

const isOfType = {
  string: (value: unknown) => typeof value === 'string',
  number: (value: unknown) => Number.isSafeInteger(value),
  boolean: (value: unknown) => typeof value === 'boolean',
  timestamp: (value: unknown) => typeof value === 'number',
} as const;

const parseSimple: Parser<'string' | 'number' | 'boolean' | 'timestamp'> = ({ type, constraints }, value, path, report) => {
  if (!isOfType[type](value)) {
    report(path, value, TYPE_RULES[type]);
    return undefined;
  }
  for (const rule of violationsOf(constraints, value)) report(path, value, rule);
  return value;
};

function parseShape(shape: Shape, value: unknown, path: string, report: Report): unknown {
  switch (shape.type) {
    case 'structure':
    case 'union':
      return parseStructure(shape, value, path, report);
    case 'list':
      return parseList(shape, value, path, report);
    default:
      return parseSimple(shape, value, path, report);
  }
}

/**
 * A request's input against its shape: a clean copy with the model's members only.
 * @throws ApiError BadRequestException that names each field's path, its value and the rule it breaks.
 */
export function parseInput(shape: Shape, value: unknown): Readonly<Record<string, unknown>> {
  const violations: string[] = [];
  let count = 0;
  const parsed = parseShape(shape, value, '', (path, found, rule) => {
    count += 1;
    if (count <= MAX_VIOLATIONS) violations.push(`'${path}'${found === undefined ? '' : ` with value ${show(found)}`}: ${rule}`);
  });
  if (count > MAX_VIOLATIONS) violations.push(`and ${count - MAX_VIOLATIONS} more`);
  if (count > 0) throw badRequest(violations.join('; '));
  return parsed as Readonly<Record<string, unknown>>;
}
