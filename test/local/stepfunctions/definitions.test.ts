import { readFileSync } from 'node:fs';
import { validateDefinition } from '../../../src/local/stepfunctions/asl/validate.ts';

const ROOT = new URL('../../../', import.meta.url);
const invoke = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: 'f' } };
const pass = { Type: 'Pass', End: true };
const machine = (states: Record<string, unknown>, more: object = {}): object => ({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states, ...more });
const retry = (retrier: object): object => machine({ A: { ...invoke, Retry: [retrier], End: true } });

const PROBLEMS: [name: string, definition: unknown, code: string, location: string, message: RegExp][] = [
  ['a list', [], 'SCHEMA_VALIDATION_FAILED', '/', /must be an object/],
  ['no states', { QueryLanguage: 'JSONata', StartAt: 'A', States: {} }, 'SCHEMA_VALIDATION_FAILED', '/States', /at least one state/],
  ['no StartAt', { QueryLanguage: 'JSONata', States: { A: pass } }, 'SCHEMA_VALIDATION_FAILED', '/', /'StartAt' is missing/],
  ['StartAt that is not there', machine({ A: pass }, { StartAt: 'B' }), 'MISSING_TRANSITION_TARGET', '/StartAt', /target: B/],
  ['an unknown field', machine({ A: pass }, { Sates: {} }), 'SCHEMA_VALIDATION_FAILED', '/Sates', /not supported by the schema/],
  ['a machine without QueryLanguage', { StartAt: 'A', States: { A: pass } }, 'UNSUPPORTED_QUERY_LANGUAGE', '/States/A', /set "QueryLanguage": "JSONata"/],
  ['a state of JSONPath', machine({ A: { ...pass, QueryLanguage: 'JSONPath' } }), 'UNSUPPORTED_QUERY_LANGUAGE', '/States/A', /JSONata.*only/],
  ['a JSONPath field', machine({ A: { ...pass, ResultPath: '$.a' } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/ResultPath', /belongs to JSONPath/],
  ['an unknown type', machine({ A: { Type: 'Sleep', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Type', /'Sleep' is not one of Pass/],
  ['a state that is no object', machine({ A: 'Pass' }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Type', /not one of/],
  ['neither Next nor End', machine({ A: { Type: 'Pass' } }), 'SCHEMA_VALIDATION_FAILED', '/States/A', /exactly one of the fields 'Next' and 'End'/],
  ['both Next and End', machine({ A: { Type: 'Pass', Next: 'B', End: true }, B: pass }), 'SCHEMA_VALIDATION_FAILED', '/States/A', /exactly one/],
  ['Next that is not there', machine({ A: { Type: 'Pass', Next: 'B' } }), 'MISSING_TRANSITION_TARGET', '/States/A/Next', /Missing 'Next' target: B/],
  ['Default that is not there', machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'B' }], Default: 'C' }, B: pass }), 'MISSING_TRANSITION_TARGET', '/States/A/Default', /target: C/],
  ['a rule whose Next is not there', machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'C' }], Default: 'B' }, B: pass }), 'MISSING_TRANSITION_TARGET', '/States/A/Choices[0]/Next', /target: C/],
  ['a catcher whose Next is not there', machine({ A: { ...invoke, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], End: true } }), 'MISSING_TRANSITION_TARGET', '/States/A/Catch[0]/Next', /target: C/],
  ['a state that cannot be reached', machine({ A: pass, B: pass }), 'UNREACHABLE_STATE', '/States/B', /cannot be reached/],
  ['no way to an end', machine({ A: { Type: 'Pass', Next: 'A' } }), 'MISSING_END_STATE', '/', /No end state/],
  ['Choice without rules', machine({ A: { Type: 'Choice', Choices: [], Default: 'B' }, B: pass }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Choices', /at least 1/],
  ['a rule without Condition', machine({ A: { Type: 'Choice', Choices: [{ Next: 'B' }] }, B: pass }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Choices[0]', /'Condition' is missing/],
  ['a condition of JSONPath', machine({ A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Variable: '$.a', Next: 'B' }] }, B: pass }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Choices[0]/Variable', /JSONPath/],
  ['Wait without a time', machine({ A: { Type: 'Wait', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A', /'Seconds' and 'Timestamp'/],
  ['Wait with two times', machine({ A: { Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A', /exactly one/],
  ['Wait of less than nothing', machine({ A: { Type: 'Wait', Seconds: -1, End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Seconds', /from 0 to 99999999/],
  ['Fail with Next', machine({ A: { Type: 'Fail', Next: 'A' } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Next', /not supported/],
  ['Task without Resource', machine({ A: { Type: 'Task', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A', /'Resource' is missing/],
  ['Task of a service that is not here', machine({ A: { ...invoke, Resource: 'arn:aws:states:::sqs:sendMessage', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Resource', /one of arn:aws:states:::lambda:invoke/],
  ['a timeout of nothing', machine({ A: { ...invoke, TimeoutSeconds: 0, End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/TimeoutSeconds', /from 1/],
  ['a heartbeat as long as the timeout', machine({ A: { ...invoke, TimeoutSeconds: 9, HeartbeatSeconds: 9, End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/HeartbeatSeconds', /less than/],
  ['Retry without errors', retry({ ErrorEquals: [] }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Retry[0]/ErrorEquals', /at least one error name/],
  ['a rate below 1', retry({ ErrorEquals: ['x'], BackoffRate: 0.5 }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Retry[0]/BackoffRate', /at least 1/],
  ['a jitter that is none', retry({ ErrorEquals: ['x'], JitterStrategy: 'HALF' }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Retry[0]/JitterStrategy', /FULL or NONE/],
  ['States.ALL beside another', retry({ ErrorEquals: ['States.ALL', 'x'] }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Retry[0]/ErrorEquals', /stand alone/],
  ['States.ALL before another', machine({ A: { ...invoke, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }, { ErrorEquals: ['x'], Next: 'B' }], End: true }, B: pass }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Catch[0]/ErrorEquals', /last/],
  ['Retry on a Pass', machine({ A: { ...pass, Retry: [] } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Retry', /not supported/],
  ['Parallel without branches', machine({ A: { Type: 'Parallel', Branches: [], End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Branches', /at least one branch/],
  ['a mistake in a branch', machine({ A: { Type: 'Parallel', Branches: [{ StartAt: 'X', States: { X: { Type: 'Pass', Next: 'A' } } }], End: true } }), 'MISSING_TRANSITION_TARGET', '/States/A/Branches[0]/States/X/Next', /target: A/],
  ['a distributed Map', machine({ A: { Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'X', States: { X: pass } }, End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/ItemProcessor/ProcessorConfig', /no distributed Map/],
  ['an inner variable that hides an outer one', machine({ A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' }, B: { Type: 'Parallel', Branches: [{ StartAt: 'X', States: { X: { ...pass, Assign: { x: 2 } } } }], End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/B/Branches[0]', /'x' is assigned/],
  ['a variable named states', machine({ A: { ...pass, Assign: { states: 1 } } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Assign', /variable names/],
  ['an expression that is none', machine({ A: { ...pass, Output: { a: ['{% $sum( %}'] } } }), 'INVALID_JSONATA_EXPRESSION', '/States/A/Output/a[0]', /is invalid: /],
  ['an empty expression', machine({ A: { ...pass, Output: '{% %}' } }), 'INVALID_JSONATA_EXPRESSION', '/States/A/Output', /empty/],
  ['half an expression', machine({ A: { ...pass, Output: '{% $states.input' } }), 'INVALID_JSONATA_EXPRESSION', '/States/A/Output', /must start with '\{%' and end with '%\}'/],
  ['$eval', machine({ A: { ...pass, Output: "{% $eval('1') %}" } }), 'INVALID_JSONATA_EXPRESSION', '/States/A/Output', /use \$parse/],
  ['an expression in an argument named Next', machine({ A: { ...invoke, Arguments: { Payload: { Next: '{% ( %}' } }, End: true } }), 'INVALID_JSONATA_EXPRESSION', '/States/A/Arguments/Payload/Next', /is invalid/],
  ['a timeout of the machine that is none', machine({ A: pass }, { TimeoutSeconds: '1' }), 'SCHEMA_VALIDATION_FAILED', '/TimeoutSeconds', /integer/],
];

test.each(PROBLEMS)('%s is refused, saying where and why', (_, definition, code, location, message) => {
  const { machine: valid, problems } = validateDefinition(JSON.stringify(definition));
  expect(valid).toBeUndefined();
  expect(problems).toContainEqual({ code, location, message: expect.stringMatching(message) as string });
});

test('text that is no JSON is refused', () => {
  expect(validateDefinition('{').problems).toMatchObject([{ code: 'INVALID_JSON_DESCRIPTION' }]);
});

test('every mistake is told at once', () => {
  expect(validateDefinition(JSON.stringify(machine({ A: { Type: 'Pass', Next: 'X' }, B: { Type: 'Wait', Seconds: 1, Next: 'Y' }, C: { ...pass, Output: '{% ( %}' } }))).problems).toHaveLength(6);
});

test('each state may say its own QueryLanguage', () => {
  expect(validateDefinition(JSON.stringify({ StartAt: 'A', States: { A: { ...pass, QueryLanguage: 'JSONata' } } })).problems).toEqual([]);
});

test.each(['provision', 'canary'])('%s.asl.json is accepted', (name) => {
  const text = readFileSync(new URL(`statemachines/${name}.asl.json`, ROOT), 'utf8');
  expect(validateDefinition(text).problems).toEqual([]);
});
