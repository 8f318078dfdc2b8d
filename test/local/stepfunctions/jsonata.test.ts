import type { Json } from '../../../src/local/json.ts';
import { createEvaluator } from '../../../src/local/stepfunctions/jsonata/evaluate.ts';

const evaluator = createEvaluator({ random: () => 0.25, uuid: () => 'f81d4fae-7dec-4d61-a765-00a0c91e6bf6' }, 300);
const evaluate = (template: Json, input: Json = {}): Promise<Json> => evaluator.evaluate(template, 'Output', { states: { input }, x: 2 });

const RESULTS: [template: Json, result: Json, input?: Json][] = [
  ['plain', 'plain'],
  ['a {% 1 %} within', 'a {% 1 %} within'],
  ['{% $states.input.a[b=2].c %}', 'two', { a: [{ b: 1, c: 'one' }, { b: 2, c: 'two' }] }],
  [{ a: ['{% $x %}', 1, null, true], b: { c: '{% $states.input %}' } }, { a: [2, 1, null, true], b: { c: { n: 1 } } }, { n: 1 }],
  ['{% [$states.input.list.(n * 2)] %}', [2, 4], { list: [{ n: 1 }, { n: 2 }] }],
  ['{% {"kept": 1, "dropped": $states.input.absent} %}', { kept: 1 }],
  ['{% null %}', null],
  ['{% $partition([1, 2, 3, 4, 5], 2) %}', [[1, 2], [3, 4], [5]]],
  ['{% $range(0, 10, 3) %}', [0, 3, 6, 9]],
  ['{% $range(3, 1, -1) %}', [3, 2, 1]],
  ['{% $hash("input", "SHA-1") %}', '140f86aae51ab9e1cda9b4254fe98a74eb54c1a1'],
  ['{% $hash("a", "MD5") %}', '0cc175b9c0f1b6a831c399e269772661'],
  ['{% $random() %}', 0.25],
  ['{% $random(7) = $random(7) and $random(7) != $random(8) and $random(7) < 1 %}', true],
  ['{% $uuid() %}', 'f81d4fae-7dec-4d61-a765-00a0c91e6bf6'],
  ['{% $parse("{\\"a\\": [1]}").a %}', [1]],
];

test.each(RESULTS.map(([template, result, input = {}]) => ({ template, result, input })))('$template gives $result', async ({ template, result, input }) => {
  expect(await evaluate(template, input)).toEqual(result);
});

test.each<[template: Json, location: string, cause: RegExp]>([
  ['{% $states.input.absent %}', 'Output', /^The JSONata expression '\$states\.input\.absent' specified for the field 'Output' returned nothing \(undefined\)\.$/],
  [{ a: ['{% $number("x") %}'] }, 'Output/a[0]', /threw an error during evaluation/],
  ['{% function($n) { $n } %}', 'Output', /function/],
  ['{% $eval("1") %}', 'Output', /\$parse/],
  ['{% $parse("{") %}', 'Output', /JSON/],
  ['{% $hash("a", "CRC32") %}', 'Output', /SHA-256/],
  ['{% $partition([1], 0) %}', 'Output', /positive/],
  ['{% $range(1, 5000, 1) %}', 'Output', /at most 1000/],
  ['{% $range(1, 5, 0) %}', 'Output', /other than 0/],
  ['{% ($f := function($n) { $f($n + 1) }; $f(0)) %}', 'Output', /[Tt]imeout/],
  ['{% ($f := function($n) { 1 + $f($n) }; $f(0)) %}', 'Output', /./],
])('%j fails', async (template, location, cause) => {
  await expect(evaluate(template)).rejects.toMatchObject({ name: 'StatesError', error: 'States.QueryEvaluationError', location, reason: expect.stringMatching(cause) as string });
});

test('an evaluation changes nothing of what it reads', async () => {
  const input = { a: { b: [1, 2] } };
  await evaluate('{% $states.input ~> |a|{"b": 3}| %}', input);
  await evaluate('{% $append($states.input.a.b, 3) %}', input);
  expect(input).toEqual({ a: { b: [1, 2] } });
});
