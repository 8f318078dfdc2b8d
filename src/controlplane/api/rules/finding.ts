/** What a rule finds: where within its structure, the value where it helps, and the rule. */
export interface Finding {
  /** Path from the structure, '' for itself. */
  readonly at: string;
  readonly value?: unknown;
  readonly rule: string;
}

/** A rule of one structure of the model, given a value of that structure. Pure. */
export type Rule<T> = (value: T) => Finding[];

/** No finding if the rule holds, else one. */
export const unless = (holds: boolean, at: string, rule: string, value?: unknown): Finding[] =>
  holds ? [] : [{ at, rule, ...(value === undefined ? {} : { value }) }];

const namesSet = (object: object, names: readonly string[]): string[] =>
  names.filter((name) => (object as Readonly<Record<string, unknown>>)[name] !== undefined);

export const exactlyOne =
  (...names: readonly string[]): Rule<object> =>
  (value) => {
    const set = namesSet(value, names);
    return unless(set.length === 1, '', `must have exactly one of ${names.join(', ')}, and has ${set.length === 0 ? 'none' : set.join(', ')}`);
  };

export const atMostOne =
  (...names: readonly string[]): Rule<object> =>
  (value) => {
    const set = namesSet(value, names);
    return unless(set.length <= 1, '', `must have at most one of ${names.join(', ')}, and has ${set.join(', ')}`);
  };

/** The member, where it is there, is text of 1 to `max` characters; the proxy refuses an empty one. */
export const notEmpty =
  (name: string, max = 1024): Rule<object> =>
  (value) => {
    const text = (value as Readonly<Record<string, unknown>>)[name];
    return unless(typeof text !== 'string' || (text.length > 0 && text.length <= max), name, `must have a length of between 1 and ${max}`, text);
  };

// eslint-disable-next-line no-control-regex -- what a header value cannot hold; Envoy refuses such a path wherever it sends one
const CONTROL = /[\0-\x08\n-\x1f\x7f]/;

/** What is wrong with a path, or nothing. */
export const pathFindings = (at: string, path: string | undefined, rule = 'must start with /'): Finding[] => [
  ...unless(path?.startsWith('/') === true, at, rule, path),
  ...unless(!CONTROL.test(path ?? ''), at, 'must not have control characters', path),
];

/** The member, where it is there, is a path. */
export const absolutePath =
  (name: string): Rule<object> =>
  (value) => {
    const text = (value as Readonly<Record<string, unknown>>)[name];
    return typeof text === 'string' ? pathFindings(name, text) : [];
  };

export const allOf =
  <T>(...rules: readonly Rule<T>[]): Rule<T> =>
  (value) =>
    rules.flatMap((rule) => rule(value));
