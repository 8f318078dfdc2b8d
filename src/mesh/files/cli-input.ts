import { isRecord } from '../../contracts/is-record.ts';
import { CREATES, inferCreate, meshResource, NAMES_OF, type Create, type MeshResource } from '../../contracts/mesh-file.ts';
import { InvalidInput, parseInput, type Mistake } from '../../contracts/mistakes.ts';
import * as z from 'zod/mini';
import { inputSchema, specSchema } from '../input-schema.ts';
import { conform } from './conform.ts';
import { fillPlaceholders } from './placeholders.ts';
import { reportInto, type ImportOptions, type Source } from './source.ts';

const entries = z.array(meshResource, 'must be a list of { create, input }').check(z.minLength(1, 'must hold at least one resource'));

/** The answer of `aws appmesh describe-*` holds the resource under its kind. */
const DESCRIBED: Readonly<Record<string, Create>> = Object.fromEntries(
  (Object.keys(NAMES_OF) as Create[]).map((create) => [`${create.charAt(6).toLowerCase()}${create.slice(7)}`, create]),
);

/** Names and spec of a described resource: the rest of the answer is the control plane's, or boto3's. */
function fromDescribed(value: Readonly<Record<string, unknown>>): MeshResource | undefined {
  const [kind = '', ...others] = Object.keys(value).filter((key) => key !== 'ResponseMetadata');
  const create = DESCRIBED[kind];
  const resource = value[kind];
  if (create === undefined || others.length > 0 || !isRecord(resource)) return undefined;
  return { create, input: Object.fromEntries([...NAMES_OF[create], 'spec'].map((member) => [member, resource[member]])) };
}

const givenNames = ({ names }: ImportOptions): Record<string, string> => Object.fromEntries(Object.entries(names).flatMap(([member, name]) => (name === undefined ? [] : [[member, name]])));

/** The names of an input that its file leaves out and flags give, as `aws appmesh` takes them beside it. Meshes of other accounts are meshes like all others here. */
function withNames(create: Create, { meshOwner: _, ...input }: Readonly<Record<string, unknown>>, options: ImportOptions): Readonly<Record<string, unknown>> {
  const given = givenNames(options);
  return { ...Object.fromEntries(NAMES_OF[create].flatMap((member) => (given[member] === undefined ? [] : [[member, given[member]]]))), ...input };
}

const specMembers = (create: Create): ReadonlySet<string> => new Set([...specSchema(create).structIterator()].map(([member]) => member));

/** What `aws appmesh` takes as `--spec`: the spec by itself. */
const isBareSpec = (value: Readonly<Record<string, unknown>>, creates: readonly Create[]): boolean => {
  const keys = Object.keys(value);
  return keys.length > 0 && creates.some((create) => keys.every((key) => specMembers(create).has(key)));
};

/** One input of the CLI: the operation is inferred from the names that it and the flags hold; a spec by itself says too little. */
function asInput(value: Readonly<Record<string, unknown>>, options: ImportOptions): MeshResource | undefined {
  const described = fromDescribed(value);
  if (described !== undefined) return described;
  const create = inferCreate({ ...givenNames(options), ...value });
  if (create === undefined) return undefined;
  if (isBareSpec(value, [create])) return { create, input: withNames(create, { spec: value }, options) };
  return 'spec' in value || inferCreate(value) !== undefined ? { create, input: withNames(create, value, options) } : undefined;
}

/** Whether an object is meant as an input, though it may lack names. */
export const looksLikeInput = (value: unknown): boolean => isRecord(value) && (inferCreate(value) !== undefined || fromDescribed(value) !== undefined || isRecord(value['spec']));

const looksNameless = (value: unknown): value is Readonly<Record<string, unknown>> => isRecord(value) && (looksLikeInput(value) || isBareSpec(value, CREATES));

const NAMES_MISSING = 'has no names: give them by flags, as `aws appmesh` takes them beside it: --mesh NAME and one of --virtual-node-name, --virtual-router-name, --route-name, …';

/** Placeholders become text, and the model says where a number is due. Spelling is the API's own here. */
function conformInput({ create, input }: MeshResource, report: ReturnType<typeof reportInto>): MeshResource {
  return { create, input: conform(inputSchema(create), input, [], { report }) as MeshResource['input'] };
}

/**
 * A list of `{ create, input }` or of answers of describe operations, or one input of the AWS CLI or one such answer.
 * @throws InvalidInput with every mistake
 */
export function readInputs(source: Source, options: ImportOptions): MeshResource[] {
  const mistakes: Mistake[] = [];
  const report = reportInto(mistakes, source);
  const value = fillPlaceholders(source.value, options.params, [], report);
  const hadPlaceholders = JSON.stringify(value) !== JSON.stringify(source.value);
  const single = isRecord(value) ? asInput(value, options) : undefined;
  if (single === undefined && looksNameless(value)) report([], value, NAMES_MISSING);
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  const list = Array.isArray(value) ? value.map((entry: unknown) => asEntry(entry, options)) : value;
  const resources = parseInput(entries, single === undefined ? list : [single], source.file, single === undefined ? source.lineOf : undefined);
  const read = hadPlaceholders ? resources.map((resource) => conformInput(resource, report)) : resources;
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return read;
}

/** An entry of a list may be an answer of describe, as scripts that take stock of meshes collect them. Any other takes the mesh of the flag where it names none. */
function asEntry(entry: unknown, { names: { meshName } }: ImportOptions): unknown {
  const described = isRecord(entry) ? fromDescribed(entry) : undefined;
  if (described !== undefined) return described;
  return meshName !== undefined && isRecord(entry) && isRecord(entry['input']) ? { ...entry, input: { meshName, ...entry['input'] } } : entry;
}
