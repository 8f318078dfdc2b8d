import { isRecord } from '../contracts/is-record.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Absent and undefined are the same; the order of keys means nothing. */
function canonical(value: unknown): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isRecord(value)) return value as Json;
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => [key, canonical(value[key])]),
  );
}

const text = (value: unknown): string => JSON.stringify(canonical(value));

function withoutFilledIn(actual: unknown, desired: unknown): unknown {
  if (Array.isArray(actual)) return actual.map((entry: unknown, index) => withoutFilledIn(entry, Array.isArray(desired) ? desired[index] : undefined));
  if (!isRecord(actual)) return actual;
  const wanted = isRecord(desired) ? desired : {};
  return Object.fromEntries(
    Object.entries(actual)
      .filter(([key]) => !(key === 'port' && 'intervalMillis' in actual && wanted['port'] === undefined))
      .map(([key, value]) => [key, withoutFilledIn(value, wanted[key])]),
  );
}

/** App Mesh keeps one of several equal backends. */
function withoutDoubles(spec: unknown): unknown {
  if (!isRecord(spec) || !Array.isArray(spec['backends'])) return spec;
  return { ...spec, backends: [...new Map(spec['backends'].map((backend: unknown) => [text(backend), backend])).values()] };
}

/** Whether the spec that App Mesh shows is the desired one, but for what App Mesh itself fills in: a health check's port, and equal backends once. */
export const sameSpec = (desired: unknown, actual: unknown): boolean => text(withoutDoubles(desired)) === text(withoutFilledIn(actual, withoutDoubles(desired)));

/** Whether two values are the same JSON, whatever the order of keys. */
export const sameJson = (a: unknown, b: unknown): boolean => text(a) === text(b);
