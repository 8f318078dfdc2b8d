import * as z from 'zod/mini';

/** The schemas that a chosen one stands for: a JSON Schema is made from them. */
const alternatives = new WeakMap<object, readonly z.ZodMiniType[]>();

/**
 * A schema picked by what the value looks like. Not a union: a union's errors would not tell which field of the meant alternative is wrong.
 * `all` are those that `pick` may answer.
 */
export function choose<T>(all: readonly z.ZodMiniType<T>[], pick: (value: unknown) => z.ZodMiniType<T>): z.ZodMiniTransform<T> {
  const schema = z.transform((value: unknown, context): T => {
    const result = pick(value).safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value, path: [...issue.path] } as (typeof context.issues)[number]);
    return z.NEVER;
  });
  alternatives.set(schema, all);
  return schema;
}

/** The alternatives of a schema made by `choose`. */
export const alternativesOf = (schema: object): readonly z.ZodMiniType[] | undefined => alternatives.get(schema);

/** Whether a rule over all entries of a list can be asked, though some may be wrong. */
export const isList = ({ value }: { readonly value: unknown }): boolean => Array.isArray(value);
