import * as z from 'zod/mini';
import { alternativesOf } from './choose.ts';
import { definitionSchema } from './canary-definition.ts';

/** Fields that are refused as not supported yet: an editor should not offer them. */
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

/** The JSON Schema (draft 2020-12) of a canary definition as its author writes it, made from the contract itself. What the contract refuses for now is not in it. */
export const canaryJsonSchema = (): Record<string, unknown> => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'meshshift canary definition',
  ...(withoutRefused(toJson(definitionSchema)) as Record<string, unknown>),
});
