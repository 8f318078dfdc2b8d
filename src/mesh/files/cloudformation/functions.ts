import { isRecord } from '../../../contracts/is-record.ts';
import type { Path } from '../conform.ts';

/** A property that is to be left out: `AWS::NoValue`. */
export const NO_VALUE = Symbol('AWS::NoValue');
/** A value that cannot be told; why was reported. */
export const UNKNOWN = Symbol('unknown');

/** What functions may ask: the value of anything, and what names stand for. */
export interface Scope {
  resolve(value: unknown, path: Path): unknown;
  /** What `Ref` gives. */
  reference(name: string, path: Path): unknown;
  attribute(logicalId: string, attribute: string, path: Path): unknown;
  condition(name: string, path: Path): unknown;
  mapping(keys: readonly [string, string, string]): unknown;
  imported(name: string): string | undefined;
  /** Reports, and gives UNKNOWN. */
  unknown(path: Path, value: unknown, rule: string): typeof UNKNOWN;
}

type Run = (args: unknown, path: Path, scope: Scope) => unknown;

const isScalar = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** The text of a value, or UNKNOWN. */
function text(value: unknown, path: Path, scope: Scope): string | typeof UNKNOWN {
  const resolved = scope.resolve(value, path);
  if (resolved === UNKNOWN) return UNKNOWN;
  return isScalar(resolved) ? String(resolved) : scope.unknown(path, value, 'must be text here');
}

/** Several texts, or UNKNOWN where any of them is. */
function texts(values: readonly unknown[], path: Path, scope: Scope): string[] | typeof UNKNOWN {
  const resolved = values.map((value, index) => text(value, [...path, index], scope));
  return resolved.includes(UNKNOWN) ? UNKNOWN : (resolved as string[]);
}

/** A function's arguments: a list of that many. */
const withList =
  (least: number, most: number, run: (args: readonly unknown[], path: Path, scope: Scope) => unknown): Run =>
  (args, path, scope) =>
    Array.isArray(args) && args.length >= least && args.length <= most
      ? run(args, path, scope)
      : scope.unknown(path, args, least === most ? `must have a list of ${least} arguments` : `must have a list of ${least} to ${most} arguments`);

/** A list among the arguments, which may come of another function. */
function list(value: unknown, path: Path, scope: Scope): readonly unknown[] | typeof UNKNOWN {
  const resolved = scope.resolve(value, path);
  if (resolved === UNKNOWN || Array.isArray(resolved)) return resolved as readonly unknown[] | typeof UNKNOWN;
  return scope.unknown(path, value, 'must be a list here');
}

const getAtt: Run = (args, path, scope) => {
  const [id, ...rest] = typeof args === 'string' ? args.split('.') : Array.isArray(args) ? (args as unknown[]) : [];
  const attribute = rest.length === 1 ? text(rest[0], path, scope) : rest.join('.');
  if (typeof id !== 'string' || attribute === '') return scope.unknown(path, args, 'must be LOGICALID.ATTRIBUTE');
  return attribute === UNKNOWN ? UNKNOWN : scope.attribute(id, attribute, path);
};

const PLACEHOLDER = /\$\{(!?)\s*([^}]+?)\s*\}/g;

/** What `${NAME}` within a text stands for: what the function itself maps it to, else as `Ref` or `Fn::GetAtt`. */
function substitute(template: string, own: Readonly<Record<string, unknown>>, path: Path, scope: Scope): string | typeof UNKNOWN {
  const failed: string[] = [];
  const filled = template.replaceAll(PLACEHOLDER, (_, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const [id = '', ...attribute] = name.split('.');
    const given = own[name] !== undefined ? scope.resolve(own[name], path) : attribute.length > 0 ? scope.attribute(id, attribute.join('.'), path) : scope.reference(name, path);
    const value = given === UNKNOWN ? UNKNOWN : text(given, path, scope);
    if (value === UNKNOWN) failed.push(name);
    return String(value);
  });
  return failed.length > 0 ? UNKNOWN : filled;
}

const sub: Run = (args, path, scope) => {
  const [template, own = {}] = Array.isArray(args) ? (args as unknown[]) : [args];
  if (typeof template !== 'string' || !isRecord(own)) return scope.unknown(path, args, 'must be text, or a list of text and a map');
  return substitute(template, own, path, scope);
};

const join = withList(2, 2, ([delimiter, values], path, scope) => {
  const items = list(values, path, scope);
  const parts = items === UNKNOWN ? UNKNOWN : texts(items, path, scope);
  return parts === UNKNOWN ? UNKNOWN : parts.join(String(delimiter));
});

const select = withList(2, 2, ([index, values], path, scope) => {
  const at = text(index, path, scope);
  const items = list(values, path, scope);
  if (at === UNKNOWN || items === UNKNOWN) return UNKNOWN;
  const item = items[Number(at)];
  return item === undefined ? scope.unknown(path, at, `must be the index of one of ${items.length} values`) : scope.resolve(item, path);
});

const split = withList(2, 2, ([delimiter, value], path, scope) => {
  const whole = text(value, path, scope);
  return whole === UNKNOWN ? UNKNOWN : whole.split(String(delimiter));
});

const findInMap = withList(3, 4, (args, path, scope) => {
  const keys = texts(args.slice(0, 3), path, scope);
  if (keys === UNKNOWN) return UNKNOWN;
  const found = scope.mapping(keys as [string, string, string]);
  if (found !== undefined) return scope.resolve(found, path);
  const { DefaultValue: fallback } = (isRecord(args[3]) ? args[3] : {});
  return fallback === undefined ? scope.unknown(path, keys.join('.'), 'must be a key of Mappings') : scope.resolve(fallback, path);
});

const importValue: Run = (args, path, scope) => {
  const name = text(args, path, scope);
  if (name === UNKNOWN) return UNKNOWN;
  return scope.imported(name) ?? scope.unknown(path, name, `is an export of another stack: give it by --import ${name}=VALUE`);
};

const base64: Run = (args, path, scope) => {
  const plain = text(args, path, scope);
  return plain === UNKNOWN ? UNKNOWN : Buffer.from(plain).toString('base64');
};

/** Whether a condition holds, by name or as it is written. */
function truth(value: unknown, path: Path, scope: Scope): boolean | typeof UNKNOWN {
  const resolved = scope.resolve(value, path);
  return resolved === UNKNOWN ? UNKNOWN : resolved === true || resolved === 'true';
}

const truths = (decide: (values: readonly boolean[]) => boolean): Run =>
  withList(1, 10, (args, path, scope) => {
    const values = args.map((value, index) => truth(value, [...path, index], scope));
    return values.includes(UNKNOWN) ? UNKNOWN : decide(values as boolean[]);
  });

const equals = withList(2, 2, (args, path, scope) => {
  const sides = texts(args, path, scope);
  return sides === UNKNOWN ? UNKNOWN : sides[0] === sides[1];
});

const choose = withList(3, 3, ([condition, yes, no], path, scope) => {
  const holds = scope.condition(String(condition), path);
  return holds === UNKNOWN ? UNKNOWN : scope.resolve(holds === true ? yes : no, [...path, holds === true ? 1 : 2]);
});

const named = (run: (name: string, path: Path, scope: Scope) => unknown): Run => (args, path, scope) =>
  typeof args === 'string' ? run(args, path, scope) : scope.unknown(path, args, 'must be a name');

/** The functions of templates that stand for values known before anything is deployed. */
export const FUNCTIONS: Readonly<Record<string, Run | undefined>> = {
  Ref: named((name, path, scope) => scope.reference(name, path)),
  Condition: named((name, path, scope) => scope.condition(name, path)),
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Join': join,
  'Fn::Select': select,
  'Fn::Split': split,
  'Fn::FindInMap': findInMap,
  'Fn::ImportValue': importValue,
  'Fn::Base64': base64,
  'Fn::If': choose,
  'Fn::Equals': equals,
  'Fn::And': truths((values) => values.every(Boolean)),
  'Fn::Or': truths((values) => values.some(Boolean)),
  'Fn::Not': truths(([value]) => value === false),
};
