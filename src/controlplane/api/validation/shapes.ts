import type { NormalizedSchema } from '@smithy/core/schema';
import constraintsData from './constraints.json' with { type: 'json' };

/** The constraint traits of one shape of the model. Bounds are inclusive; null is no bound. */
export interface Constraints {
  readonly length?: readonly (number | null)[];
  readonly range?: readonly (number | null)[];
  readonly pattern?: RegExp;
  readonly enum?: readonly string[];
  readonly uniqueItems?: boolean;
}

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
}

export type Shape =
  | { readonly type: 'structure' | 'union'; readonly name: string; readonly members: readonly Member[] }
  | { readonly type: 'list'; readonly element: Shape; readonly constraints: Constraints }
  | { readonly type: 'string' | 'number' | 'boolean' | 'timestamp'; readonly constraints: Constraints };

type RawConstraints = Omit<Constraints, 'pattern'> & { readonly pattern?: string; readonly member?: string };

const SHAPES: Readonly<Record<string, RawConstraints>> = constraintsData.shapes;
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = constraintsData.members;
const NONE: Constraints = {};

/** A model's pattern may match anywhere (Smithy, 1.5.4); those of App Mesh are anchored. */
function constraintsOf(name: string | undefined): Constraints {
  const raw = name === undefined ? undefined : SHAPES[name];
  if (raw === undefined) return NONE;
  const { pattern, member: _, ...rest } = raw;
  return pattern === undefined ? rest : { ...rest, pattern: new RegExp(pattern, 'u') };
}

const simpleType = (schema: NormalizedSchema): 'string' | 'number' | 'boolean' | 'timestamp' => {
  if (schema.isStringSchema()) return 'string';
  if (schema.isNumericSchema()) return 'number';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isTimestampSchema()) return 'timestamp';
  throw new Error(`${schema.getName(true) ?? 'a schema'} is of a type this API has not`);
};

const cache = new Map<string, Shape>();

/** The first n members of a structure's schema are its required ones; the count is the schema's seventh item. */
function requiredCount(schema: NormalizedSchema): number {
  const raw = schema.getSchema();
  return Array.isArray(raw) && typeof raw[6] === 'number' ? raw[6] : 0;
}

function compileStructure(schema: NormalizedSchema): Shape {
  const name = schema.getName() ?? '';
  const known = cache.get(name);
  if (known !== undefined) return known;
  const members: Member[] = [];
  const shape: Shape = { type: schema.isUnionSchema() ? 'union' : 'structure', name, members };
  cache.set(name, shape);
  const required = requiredCount(schema);
  for (const [member, memberSchema] of schema.structIterator()) {
    members.push({ name: member, shape: compileShape(memberSchema, MEMBERS[name]?.[member]), required: members.length < required });
  }
  return shape;
}

/**
 * Joins a runtime schema of the SDK (members, required, types) with the constraint traits of the model.
 * @param constrained the name of the model's shape, which the runtime schema of a simple member does not tell
 */
export function compileShape(schema: NormalizedSchema, constrained?: string): Shape {
  if (schema.isStructSchema()) return compileStructure(schema);
  const constraints = constraintsOf(constrained);
  if (!schema.isListSchema()) return { type: simpleType(schema), constraints };
  const member = constrained === undefined ? undefined : SHAPES[constrained]?.member;
  return { type: 'list', element: compileShape(schema.getValueSchema(), member), constraints };
}
