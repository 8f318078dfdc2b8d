import * as sdk from '@aws-sdk/client-app-mesh';
import { NormalizedSchema } from '@smithy/core/schema';
import type { $SchemaRef } from '@smithy/types';
import type { Create } from '../contracts/mesh-file.ts';

/** The runtime schemas that the SDK exports as `CreateMeshInput$` and the like. */
const schemas = sdk as unknown as Readonly<Record<string, $SchemaRef | undefined>>;

/** The SDK's own schema of an operation's input. */
export function inputSchema(create: Create): NormalizedSchema {
  const schema = schemas[`${create}Input$`];
  if (schema === undefined) throw new Error(`the SDK exports no schema ${create}Input$`);
  return NormalizedSchema.of(schema);
}

/** The schema of the input's `spec`. */
export function specSchema(create: Create): NormalizedSchema {
  const spec = new Map(inputSchema(create).structIterator()).get('spec');
  if (spec === undefined) throw new Error(`${create} has no spec`);
  return spec;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
