import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from '../contracts/is-record.ts';
import type { MeshResource } from '../contracts/mesh-file.ts';
import type { Mistake } from '../contracts/mistakes.ts';
import { inputSchema } from './input-schema.ts';

type Found = Omit<Mistake, 'file'>;

const one = (path: string, value: unknown, rule: string): Found[] => [{ path, value, rule }];

function checkMembers(schema: NormalizedSchema, value: Readonly<Record<string, unknown>>, path: string): Found[] {
  const members = new Map(schema.structIterator());
  const unknown = Object.keys(value).filter((key) => !members.has(key));
  return [
    ...unknown.flatMap((key) => one(`${path}.${key}`, value[key], `is not a member of ${schema.getName() ?? 'this'}; its members are ${[...members.keys()].join(', ')}`)),
    ...[...members].flatMap(([key, member]) => (value[key] === undefined ? [] : check(member, value[key], `${path}.${key}`))),
  ];
}

/** How many of its members, from the first, a structure cannot do without. */
function requiredMembers(schema: NormalizedSchema): string[] {
  const [, , , , names = [], , required = 0] = schema.getSchema() as readonly [unknown, unknown, unknown, unknown, string[]?, unknown?, number?];
  return names.slice(0, required);
}

function checkStructure(schema: NormalizedSchema, value: unknown, path: string): Found[] {
  if (!isRecord(value)) return one(path, value, `must be an object with ${[...new Map(schema.structIterator()).keys()].join(', ')}`);
  if (schema.isUnionSchema()) {
    const set = Object.keys(value).filter((key) => value[key] !== undefined);
    return set.length === 1 ? checkMembers(schema, value, path) : one(path, value, `must have exactly one member of ${schema.getName() ?? 'the union'}`);
  }
  const missing = requiredMembers(schema).filter((key) => value[key] === undefined || value[key] === null);
  return [...missing.flatMap((key) => one(`${path}.${key}`, undefined, 'is required')), ...checkMembers(schema, value, path), ...checkWeight(schema, value, path)];
}

/** Whether weights are in range is known without asking the control plane: a bad one must stop a file before its first resource is made. */
function checkWeight(schema: NormalizedSchema, { weight }: Readonly<Record<string, unknown>>, path: string): Found[] {
  const isWeight = schema.getName() === 'WeightedTarget' && typeof weight === 'number';
  return isWeight && !(Number.isInteger(weight) && weight >= 0 && weight <= 100) ? one(`${path}.weight`, weight, 'must be a whole number from 0 to 100') : [];
}

function check(schema: NormalizedSchema, value: unknown, path: string): Found[] {
  if (schema.isStructSchema() || schema.isUnionSchema()) return checkStructure(schema, value, path);
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return one(path, value, 'must be a list');
    return value.flatMap((entry: unknown, index) => check(schema.getValueSchema(), entry, `${path}[${index}]`));
  }
  if (schema.isMapSchema()) {
    if (!isRecord(value)) return one(path, value, 'must be an object');
    return Object.entries(value).flatMap(([key, entry]) => check(schema.getValueSchema(), entry, `${path}.${key}`));
  }
  if (schema.isStringSchema()) return typeof value === 'string' ? [] : one(path, value, 'must be a string');
  if (schema.isNumericSchema()) return typeof value === 'number' ? [] : one(path, value, 'must be a number');
  if (schema.isBooleanSchema()) return typeof value === 'boolean' ? [] : one(path, value, 'must be true or false');
  return [];
}

/**
 * What is wrong with the input of a resource: unknown members, missing ones, wrong types, weights out of range, by the SDK's own schemas.
 * The control plane checks the rest. A virtual service's or mesh's spec may be absent.
 */
export const checkInput = ({ create, input }: MeshResource): Found[] => check(inputSchema(create), input, 'input');
