import * as z from 'zod/mini';
import { alternativesOf } from './choose.ts';
import { definitionSchema } from './canary-definition.ts';
import { FIELD_WORDS } from './field-words.ts';
import { isRecord } from './is-record.ts';

/** Fields that are named to be refused with a reason: an editor should not offer them. */
function withoutRefused(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRefused);
  if (typeof value !== 'object' || value === null) return value;
  const isRefused = (entry: unknown): boolean => JSON.stringify(entry) === '{"not":{}}';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => !isRefused(entry))
      .map(([key, entry]) => [key, withoutRefused(entry)]),
  );
}

/** What `choose` makes takes any value to look at, and so counts as a field that may be left out. */
function requireChosen({ _zod: { def } }: z.ZodMiniObject, json: { required?: string[] }): void {
  const chosen = Object.entries(def.shape).flatMap(([key, field]) => (alternativesOf(field) === undefined ? [] : [key]));
  if (chosen.length > 0) json.required = [...new Set([...(json.required ?? []), ...chosen])];
}

function toJson(schema: z.ZodMiniType): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'object') requireChosen(zodSchema as unknown as z.ZodMiniObject, jsonSchema);
      const all = alternativesOf(zodSchema);
      if (all === undefined) return;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      jsonSchema.anyOf = all.map((one) => toJson(one));
    },
  });
  return json;
}

/** Says at each field what it means; alternatives and the entries of a list are at the path of their field. */
function withWords(json: Readonly<Record<string, unknown>>, path = ''): Record<string, unknown> {
  const inner = (value: unknown): unknown => (Array.isArray(value) ? value.map(inner) : isRecord(value) ? withWords(value, path) : value);
  const property = ([name, value]: [string, unknown]): [string, unknown] => {
    const at = path === '' ? name : `${path}.${name}`;
    const description = FIELD_WORDS[at.replace(/^steps\.analysis\./, 'analysis.')];
    return [name, { ...(description === undefined ? {} : { description }), ...(isRecord(value) ? withWords(value, at) : {}) }];
  };
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (key === 'properties' && isRecord(value)) return [key, Object.fromEntries(Object.entries(value).map(property))];
      return [key, ['items', 'anyOf', 'oneOf', 'allOf'].includes(key) ? inner(value) : value];
    }),
  );
}

/** The JSON Schema (draft 2020-12) of a canary definition as its author writes it, made from the contract itself. What the contract only names to refuse is not in it. */
export const canaryJsonSchema = (): Record<string, unknown> => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:meshshift:canary-definition',
  title: 'meshshift canary definition',
  description: 'How one service is released.',
  ...withWords(withoutRefused(toJson(definitionSchema)) as Record<string, unknown>),
});
