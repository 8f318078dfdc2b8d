import jsonata from 'jsonata';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { checkDefinition } from '../../src/local/stepfunctions/index.ts';
import { functions } from './functions.ts';

const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => { isValid: boolean; errors: unknown[] };
const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: Json;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
}

/** Every value under `json`, itself included. */
function* walk(json: Json): Generator<Json> {
  yield json;
  if (json !== null && typeof json === 'object') for (const value of Object.values(json)) yield* walk(value);
}
const isState = (value: Json): boolean => value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value['Type'] === 'string';

/** The names of the error classes of the code that handlers run. */
const errorNames = new Set(
  ['src', 'handlers']
    .flatMap((folder) => readdirSync(new URL(folder, root), { recursive: true }).map((file) => `${folder}/${String(file)}`))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/local') && !file.startsWith('src/cli'))
    .flatMap((file) => [...read(file).matchAll(/override readonly name(?:: string)? = '(\w+)'/g)].map(([, name]) => name)),
);
const LAMBDA = ['Lambda.TooManyRequestsException', 'Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException', 'Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'];
const STATES = ['States.ALL', 'States.Timeout'];

describe.each(['canary', 'provision'])('%s.asl.json', (name) => {
  const text = read(`statemachines/${name}.asl.json`);
  const definition = JSON.parse(text) as { [key: string]: Json };
  const states = [...walk(definition)].filter(isState) as unknown as State[];
  const tasks = states.filter(({ Type }) => Type === 'Task');

  test('is accepted by asl-validator, and by the local engine', () => {
    expect(validate(definition)).toMatchObject({ isValid: true, errors: [] });
    expect(() => checkDefinition(text.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:000000000000:function:$1'))).not.toThrow();
  });

  test('holds JSONata that parses, and nothing else in braces', () => {
    const expressions = [...walk(definition)].filter((value) => typeof value === 'string' && value.includes('{%')) as string[];
    expect(expressions.length).toBeGreaterThan(10);
    for (const expression of expressions) {
      const [, inner] = /^\{%(.+)%\}$/s.exec(expression) ?? [];
      expect(() => jsonata(inner ?? '')).not.toThrow();
    }
  });

  test('retries and catches errors that exist', () => {
    const named = states.flatMap(({ Retry = [], Catch = [] }) => [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals));
    expect(named.length).toBeGreaterThan(10);
    for (const error of named) expect([...errorNames, ...LAMBDA, ...STATES]).toContain(error);
  });

  test('invokes functions that exist, each with a time-out and a retry of throttles and transient faults', () => {
    const arns = [...text.matchAll(/\$\{(\w+)FunctionArn\}/g)].map(([, arn]) => arn);
    expect(new Set(arns)).toEqual(new Set(arns.filter((arn) => functions[arn ?? ''] !== undefined)));
    for (const task of tasks) {
      expect(task.TimeoutSeconds).toBeDefined();
      const retried = (task.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(retried).toEqual(expect.arrayContaining(['TransientFault', 'Lambda.TooManyRequestsException']));
    }
  });
});

test('canary.asl.json: a bake is never begun again by its time-out, and whatever fails in the rollout leads to the roll-back', () => {
  const { States } = JSON.parse(read('statemachines/canary.asl.json')) as { States: Record<string, State & { Branches?: { States: Record<string, State> }[] }> };
  const rollout = States['Rollout']!;
  expect(rollout.Catch).toMatchObject([{ ErrorEquals: ['States.ALL'], Next: 'RollBack' }]);
  const inner = rollout.Branches![0]!.States;
  const bake = inner['Bake']!;
  expect(bake.Retry!.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toEqual(expect.arrayContaining(['States.Timeout']));
  expect(bake.Catch).toMatchObject([{ ErrorEquals: ['States.Timeout'], Next: 'Judge' }]);
  // Nothing else is caught inside, or it would not lead to the roll-back.
  expect(Object.values(inner).flatMap(({ Catch = [] }) => Catch)).toHaveLength(1);
  for (const name of ['Plan', 'Queue', 'Finish']) expect(States[name]!.Catch!.at(-1)).toMatchObject({ ErrorEquals: ['States.ALL'], Next: 'RollBack' });
  // A route that is held is waited for, not tried for.
  expect(States['Plan']!.Catch![0]).toMatchObject({ ErrorEquals: ['RouteLocked'], Next: 'Queue' });
  expect(States['Queue']!.Retry!.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.Timeout');
});
