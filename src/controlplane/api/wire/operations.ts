import { NormalizedSchema } from '@smithy/core/schema';
import * as sdk from '@aws-sdk/client-app-mesh';
import type { Kind } from '../../model/resources.ts';
import { KINDS, type KindInfo } from '../kinds.ts';
import { compileShape, type Shape } from '../validation/shapes.ts';

export type Verb = 'create' | 'describe' | 'update' | 'delete' | 'list';
export type TagVerb = 'tag' | 'untag' | 'listTags';

/** What an operation does: a verb on a kind of resource, or a verb on a resource's tags. */
export type Action = { readonly verb: Verb; readonly kind: Kind } | { readonly verb: TagVerb };

export interface Operation {
  readonly name: string;
  readonly action: Action;
  readonly method: string;
  /** Path segments; a label is `{member}`. */
  readonly segments: readonly string[];
  readonly input: Shape;
  /** Query parameter → input member. */
  readonly query: readonly { readonly parameter: string; readonly member: string; readonly number: boolean }[];
  readonly hasBody: boolean;
  /** The shape of the answer's body. */
  readonly output: Shape;
}

const nameOf = (verb: Verb, { noun, plural }: KindInfo): string =>
  `${verb.charAt(0).toUpperCase()}${verb.slice(1)}${verb === 'list' ? plural : noun}`;

/** The table of operations: five verbs on seven kinds, and three on tags. */
const ACTIONS: readonly (readonly [string, Action])[] = [
  ...Object.values(KINDS).flatMap((info) =>
    (['create', 'describe', 'update', 'delete', 'list'] as const).map((verb): readonly [string, Action] => [
      nameOf(verb, info),
      { verb, kind: info.kind },
    ]),
  ),
  ['TagResource', { verb: 'tag' }],
  ['UntagResource', { verb: 'untag' }],
  ['ListTagsForResource', { verb: 'listTags' }],
];

/** The runtime schemas that the SDK exports as `CreateMesh$` and the like. */
const schemas = sdk as unknown as Readonly<Record<string, typeof sdk.CreateMesh$ | undefined>>;

function queryOf(input: NormalizedSchema): Operation['query'] {
  return [...input.structIterator()].flatMap(([member, schema]) => {
    const parameter = schema.getMergedTraits().httpQuery;
    return parameter === undefined ? [] : [{ parameter, member, number: schema.isNumericSchema() }];
  });
}

/** The answer's body: the member bound to the payload, else the whole output. */
function bodySchemaOf(output: NormalizedSchema): NormalizedSchema {
  for (const [, schema] of output.structIterator()) if (schema.getMergedTraits().httpPayload) return schema;
  return output;
}

function readOperation(name: string, action: Action): Operation {
  const schema = schemas[`${name}$`];
  if (schema === undefined) throw new Error(`the SDK exports no schema ${name}$`);
  const [, , , traits, inputRef, outputRef] = schema;
  const http = typeof traits === 'object' ? traits.http : undefined;
  if (http === undefined) throw new Error(`the schema ${name}$ has no http trait`);
  const [method, path] = http;
  const input = NormalizedSchema.of(inputRef);
  return {
    name,
    action,
    method,
    segments: path.split('/').slice(1),
    input: compileShape(input),
    query: queryOf(input),
    hasBody: method === 'PUT',
    output: compileShape(bodySchemaOf(NormalizedSchema.of(outputRef))),
  };
}

/** All 38 operations of App Mesh 2019-01-25, read from the SDK's own schemas. */
export const readOperations = (): Operation[] => ACTIONS.map(([name, action]) => readOperation(name, action));
