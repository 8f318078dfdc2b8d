import { pick, type Random } from '../support/generate-spec.ts';

/** JSON that no schema expects where it comes: of each type, at each edge. A fixed list, so that what is stored by chance stays bounded. */
const ODD: readonly string[] = [
  'null', 'true', 'false', '0', '-0', '-1', '1', '1.5', '1e308', '-1e308', '1e999', '9007199254740993', '4294967296', '2147483648', '65536', '0.1e-400',
  '""', '" "', '"a"', '"/"', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"é"', '"日本"', '"😀"', '"\\n"', '"\\r\\n"', '"%"', '"%00"', '"../.."', '"__proto__"', '"constructor"', '"*"', '"$"', '"{{tag}}"', '"(a+)+$"',
  `"${'x'.repeat(256)}"`, `"${'y'.repeat(5_000)}"`, `"${'é'.repeat(300)}"`,
  '[]', '[[]]', '[null]', '[[[[[[]]]]]]', '[1,"a",null,{}]', '{}', '{"":""}', '{"a":{"b":{"c":[]}}}',
  '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '{"toString":1}', '{"hasOwnProperty":1}', '{"length":-1}', '{"then":"a"}', '{"toJSON":1}',
  '[' .repeat(2_000) + ']'.repeat(2_000), '{"a":'.repeat(2_000) + '1' + '}'.repeat(2_000), '[' + '0,'.repeat(20_000) + '0]',
];

const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '', ' ', 'a', 'é', '\u0000', 'x'.repeat(300)];

/** Places in a value: the way to each object, list and leaf. */
function waysIn(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.entries(value).flatMap(([key, inner]) => waysIn(inner, [...way, key]))];
}

/** JSON text of a value in which the place that `way` leads to is changed. */
function write(value: unknown, way: readonly string[], change: (value: unknown) => string): string {
  const [key, ...rest] = way;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return `[${value.map((item, index) => (String(index) === key ? write(item, rest, change) : JSON.stringify(item))).join(',')}]`;
  const members = Object.entries(value as object).map(([name, item]) => `${JSON.stringify(name)}:${name === key ? write(item, rest, change) : JSON.stringify(item)}`);
  return `{${members.join(',')}}`;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const membersOf = (value: object): string => Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)},`).join('');

type Change = (random: Random, value: unknown) => string;

/** What may be done to a place; what does not fit it puts something odd there. */
const CHANGES: readonly Change[] = [
  (random) => pick(random, ODD),
  (random) => pick(random, ODD),
  (random, value) => (isObject(value) ? `{${membersOf(value)}${JSON.stringify(pick(random, KEYS))}:${pick(random, ODD)}}` : pick(random, ODD)),
  (random, value) => (isObject(value) ? JSON.stringify(Object.fromEntries(Object.entries(value).filter(() => random() < 0.6))) : pick(random, ODD)),
  (random, value) => (Array.isArray(value) ? JSON.stringify([...(value as unknown[]), ...(value as unknown[])]) : `[${JSON.stringify(value)}]`),
  (_random, value) => (isObject(value) ? `{${membersOf(value)}${membersOf(value).slice(0, -1)}}` : JSON.stringify(String(value))),
  (_random, value) => JSON.stringify(isObject(value) ? Object.values(value) : { 0: value }),
];

/** A value's JSON, wrong in one to three places. */
export function spoil(random: Random, value: object): string {
  const way = pick(random, waysIn(value));
  const spoiled = write(value, way, (at) => pick(random, CHANGES)(random, at) || 'null');
  if (random() < 0.6 || spoiled.length > 2_000) return spoiled;
  try {
    const again: unknown = JSON.parse(spoiled);
    return typeof again === 'object' && again !== null ? spoil(random, again) : spoiled;
  } catch {
    return spoiled;
  }
}
