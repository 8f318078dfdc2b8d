import * as appMesh from '@aws-sdk/client-app-mesh';
import { NormalizedSchema } from '@smithy/core/schema';

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

/** The specs of all kinds of resources. */
const SPECS: readonly SchemaRef[] = [
  appMesh.MeshSpec$,
  appMesh.VirtualNodeSpec$,
  appMesh.VirtualRouterSpec$,
  appMesh.RouteSpec$,
  appMesh.VirtualServiceSpec$,
  appMesh.VirtualGatewaySpec$,
  appMesh.GatewayRouteSpec$,
];

const nameOf = (schema: NormalizedSchema): string => (schema.getName(true) ?? '').replace(/.*#/, '');

function collect(schema: NormalizedSchema, found: Set<string>, seen: Set<string>): void {
  if (schema.isListSchema()) collect(schema.getValueSchema(), found, seen);
  if (!schema.isStructSchema()) return;
  const name = nameOf(schema);
  if (seen.has(name)) return;
  seen.add(name);
  for (const [member, of] of schema.structIterator()) {
    found.add(`${name}.${member}`);
    collect(of, found, seen);
  }
}

/** Every member of every structure that a spec can hold, as `Structure.member`. */
export function modelMembers(): Set<string> {
  const found = new Set<string>();
  for (const spec of SPECS) collect(NormalizedSchema.of(spec), found, new Set());
  return found;
}

function collectUsed(schema: NormalizedSchema, value: unknown, found: Set<string>): void {
  if (schema.isListSchema()) for (const item of value as readonly unknown[]) collectUsed(schema.getValueSchema(), item, found);
  if (!schema.isStructSchema()) return;
  for (const [member, of] of schema.structIterator()) {
    const given = (value as Readonly<Record<string, unknown>>)[member];
    if (given === undefined) continue;
    found.add(`${nameOf(schema)}.${member}`);
    collectUsed(of, given, found);
  }
}

/** Adds the members that a value of a schema has. */
export const addMembersOf = (schema: SchemaRef, value: object, found: Set<string>): void => collectUsed(NormalizedSchema.of(schema), value, found);
