import { isRecord } from '../contracts/is-record.ts';

/** Whether two values are the same JSON: absent and undefined are the same, and the order of keys means nothing. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((entry: unknown, index) => sameJson(entry, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  return Object.keys(a).every((key) => sameJson(a[key], b[key])) && Object.keys(b).every((key) => Object.hasOwn(a, key) || b[key] === undefined);
}

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
  const backends: readonly unknown[] = spec['backends'];
  return { ...spec, backends: backends.filter((backend, index) => backends.findIndex((other) => sameJson(other, backend)) === index) };
}

/** Whether the spec that App Mesh shows is the desired one, but for what App Mesh itself fills in: a health check's port, and equal backends once. */
export const sameSpec = (desired: unknown, actual: unknown): boolean => sameJson(withoutDoubles(desired), withoutFilledIn(actual, withoutDoubles(desired)));
