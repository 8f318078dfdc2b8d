import * as appMesh from '@aws-sdk/client-app-mesh';
import { NormalizedSchema } from '@smithy/core/schema';
import { errorOf, type Json, type Send } from '../controlplane/api/calls.ts';

/**
 * What Terraform's AWS provider makes of a `spec` block, with the wire's names: how it is written as a request, and how an answer is read back into its state.
 * A plan is empty when the state read back is that of the block. The habits below are those of its App Mesh resources.
 */
interface Habits {
  /** Numbers that are sent although they are 0; all others are left out. */
  readonly zeros: ReadonlySet<string>;
  /** Flags that are sent although the block does not have them, with their defaults. */
  readonly flags: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  /** Blocks that are sent although they are empty; all others are left out. */
  readonly blocks: ReadonlySet<string>;
}

const FALSE = { invert: false };
const HABITS: Habits = {
  zeros: new Set(['weight', 'maxRetries']),
  flags: { ClientPolicyTls: { enforce: true }, VirtualGatewayClientPolicyTls: { enforce: true }, HttpRouteHeader: FALSE, HttpGatewayRouteHeader: FALSE, GrpcRouteMetadata: FALSE, GrpcGatewayRouteMetadata: FALSE },
  blocks: new Set(['GrpcRouteMatch']),
};

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const nameOf = (schema: NormalizedSchema): string => schema.getName() ?? '';

function expandStruct(schema: NormalizedSchema, block: Json): Json | undefined {
  if (Object.keys(block).length === 0 && !HABITS.blocks.has(nameOf(schema))) return undefined;
  const given: Json = { ...HABITS.flags[nameOf(schema)], ...block };
  const members = [...schema.structIterator()].map(([name, member]) => [name, given[name] === undefined ? undefined : expand(member, given[name], name)]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as Json;
}

function expand(schema: NormalizedSchema, value: unknown, name: string): unknown {
  if (schema.isStructSchema()) return expandStruct(schema, value as Json);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => expand(schema.getValueSchema(), item, name));
  return value === '' || (value === 0 && !HABITS.zeros.has(name)) ? undefined : value;
}

const inOrder = (items: readonly unknown[]): unknown[] => items.map((item) => JSON.stringify(item)).sort();

/** Computed where the block has none: whatever is answered is right. */
const isComputed = (structure: string, member: string): boolean => structure.endsWith('HealthCheckPolicy') && member === 'port';

/** The state's value of what an answer has: zeros for what is not there, sets in one order. */
function flatten(schema: NormalizedSchema, value: unknown): unknown {
  if (schema.isStructSchema()) {
    if (!isObject(value)) return [];
    const members = [...schema.structIterator()].filter(([name]) => !isComputed(nameOf(schema), name));
    return [Object.fromEntries(members.map(([name, member]) => [name, flatten(member, value[name])]))];
  }
  if (schema.isListSchema()) return inOrder(((value ?? []) as readonly unknown[]).map((item) => flatten(schema.getValueSchema(), item)));
  return value ?? (schema.isStringSchema() ? '' : schema.isBooleanSchema() ? false : 0);
}

export interface TerraformResource {
  /** As operations call it. */
  readonly noun: string;
  readonly names: Json;
  readonly spec: Json;
  readonly tags?: Readonly<Record<string, string>>;
}

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];
const specSchema = (noun: string): NormalizedSchema => NormalizedSchema.of((appMesh as unknown as Readonly<Record<string, SchemaRef>>)[`${noun}Spec$`]!);
const expandSpec = ({ noun, spec }: TerraformResource): Json => expandStruct(specSchema(noun), spec) ?? {};
const toTags = (tags: Readonly<Record<string, string>>): Json[] => Object.entries(tags).map(([key, value]) => ({ key, value }));

/** A resource's state: what a plan compares. */
export interface State {
  readonly arn: string;
  readonly spec: unknown;
  readonly tags: Readonly<Record<string, string>>;
}

/** A block with the flags that it leaves to their defaults. */
function withFlags(schema: NormalizedSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withFlags(schema.getValueSchema(), item));
  if (!schema.isStructSchema() || !isObject(value)) return value;
  const members = [...schema.structIterator()].filter(([name]) => value[name] !== undefined).map(([name, member]) => [name, withFlags(member, value[name])]);
  return { ...HABITS.flags[nameOf(schema)], ...(Object.fromEntries(members) as Json) };
}

const stateOf = ({ noun }: TerraformResource, spec: unknown): unknown => flatten(specSchema(noun), spec);

/** What the state has to be for a plan to be empty. */
export const wanted = (resource: TerraformResource): unknown => stateOf(resource, withFlags(specSchema(resource.noun), resource.spec));

export async function read(send: Send, resource: TerraformResource): Promise<State> {
  const [answer] = Object.values(await send(`Describe${resource.noun}`, resource.names)) as { spec: Json; metadata: { arn: string }; status: { status: string } }[];
  if (answer === undefined || answer.status.status === 'DELETED') throw new Error('it is gone');
  const { tags } = (await send('ListTagsForResource', { resourceArn: answer.metadata.arn })) as { tags: { key: string; value: string }[] };
  return { arn: answer.metadata.arn, spec: stateOf(resource, answer.spec), tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) };
}

export async function create(send: Send, resource: TerraformResource): Promise<State> {
  await send(`Create${resource.noun}`, { ...resource.names, spec: expandSpec(resource), tags: toTags(resource.tags ?? {}) });
  return read(send, resource);
}

/** Tags first go, then come, each in a call of its own and only where there are any. */
export async function update(send: Send, { arn, tags: before }: State, resource: TerraformResource): Promise<State> {
  const { noun, names, tags = {} } = resource;
  await send(`Update${noun}`, { ...names, spec: expandSpec(resource) });
  const removed = Object.keys(before).filter((key) => !(key in tags));
  const changed = Object.fromEntries(Object.entries(tags).filter(([key, value]) => before[key] !== value));
  if (removed.length > 0) await send('UntagResource', { resourceArn: arn, tagKeys: removed });
  if (Object.keys(changed).length > 0) await send('TagResource', { resourceArn: arn, tags: toTags(changed) });
  return read(send, resource);
}

/** Deleted, and read once more: not found is what the provider takes for gone. */
export async function destroy(send: Send, { noun, names }: TerraformResource): Promise<string> {
  await send(`Delete${noun}`, names);
  return (await errorOf(send(`Describe${noun}`, names))).name;
}
