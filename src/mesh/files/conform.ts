import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from '../../contracts/is-record.ts';

export type Path = readonly PropertyKey[];

/** Told of each thing that is wrong: where, what stands there, and the rule it breaks. */
export type Report = (path: Path, value: unknown, rule: string) => void;

/** What a key that is no member of a structure stands for in another spelling: a member and its value, or nothing at all (`leaveOut`). */
export type Translated = { readonly member: string; readonly value: unknown } | 'leaveOut';
type Translate = (structure: NormalizedSchema, key: string, value: unknown, path: Path) => Translated | undefined;

export interface ConformOptions {
  readonly report: Report;
  readonly translate?: Translate;
}

const known = new WeakMap<object, ReadonlyMap<string, string>>();

/** The members of a structure by their names in lower case: templates write `AWSCloudMap`, `TLS` and `Http2Route` where the API has awsCloudMap, tls and http2Route. */
function membersByLowerCase(structure: NormalizedSchema): ReadonlyMap<string, string> {
  const schema = structure.getSchema() as object;
  const found = known.get(schema) ?? new Map([...structure.structIterator()].map(([name]) => [name.toLowerCase(), name]));
  known.set(schema, found);
  return found;
}

const nameOf = (structure: NormalizedSchema): string => structure.getName() ?? 'this structure';

function conformStructure(structure: NormalizedSchema, value: unknown, path: Path, options: ConformOptions): unknown {
  const names = membersByLowerCase(structure);
  if (!isRecord(value)) {
    options.report(path, value, `must be an object with ${[...names.values()].join(', ')}`);
    return undefined;
  }
  const members = new Map(structure.structIterator());
  const result: Record<string, unknown> = {};
  const set = (member: string, given: unknown, at: Path): void => {
    const schema = members.get(member);
    if (schema === undefined || given === null || given === undefined) return;
    if (result[member] !== undefined) options.report(at, given, `must give ${member} once only`);
    result[member] = conform(schema, given, at, options);
  };
  for (const [key, given] of Object.entries(value)) {
    const at = [...path, key];
    const member = names.get(key.toLowerCase());
    const translated = member === undefined ? options.translate?.(structure, key, given, at) : { member, value: given };
    if (translated === undefined) options.report(at, given, `is not a member of ${nameOf(structure)}; its members are ${[...names.values()].join(', ')}`);
    else if (translated !== 'leaveOut') set(translated.member, translated.value, at);
  }
  return result;
}

const isScalar = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value);

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' && /^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined;
}

/** Text of a number where a number is due, and the other way about, as CloudFormation takes them. */
function conformScalar(schema: NormalizedSchema, value: unknown, path: Path, { report }: ConformOptions): unknown {
  if (schema.isStringSchema()) {
    if (isScalar(value)) return String(value);
    report(path, value, 'must be a string');
    return undefined;
  }
  const isNumber = schema.isNumericSchema();
  const converted = isNumber ? toNumber(value) : toBoolean(value);
  if (converted === undefined) report(path, value, isNumber ? 'must be a number' : 'must be true or false');
  return converted;
}

/**
 * A value in the API's own spelling and types, by the model: members in any case, numbers and booleans also as text. What is null is left out.
 * Whether required members are there is not looked at.
 */
export function conform(schema: NormalizedSchema, value: unknown, path: Path, options: ConformOptions): unknown {
  if (schema.isStructSchema() || schema.isUnionSchema()) return conformStructure(schema, value, path, options);
  if (!schema.isListSchema()) return conformScalar(schema, value, path, options);
  if (!Array.isArray(value)) {
    options.report(path, value, 'must be a list');
    return undefined;
  }
  return value.map((item: unknown, index) => conform(schema.getValueSchema(), item, [...path, index], options));
}
