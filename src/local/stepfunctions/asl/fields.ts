import { isRecord } from '../../../contracts/is-record.ts';
import { INTEGRATIONS, isKnownResource } from './resources.ts';
import type { Report } from './report.ts';

/** Checks one field's value; `required` says the field must be there. */
export interface Check {
  (value: unknown, at: string, report: Report): void;
  readonly required?: boolean;
}

/** Fields of the other query language, to say so rather than "unknown". */
const JSONPATH_FIELDS: ReadonlySet<string> = new Set([
  'InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'ResultSelector', 'Result', 'ItemsPath', 'SecondsPath', 'TimestampPath', 'TimeoutSecondsPath',
  'HeartbeatSecondsPath', 'MaxConcurrencyPath', 'ErrorPath', 'CausePath', 'Variable', 'Iterator', 'ToleratedFailureCountPath', 'ToleratedFailurePercentagePath',
]);

/** Step Functions waits no longer. */
export const MAX_SECONDS = 99_999_999;
const isExpression = (value: unknown): boolean => typeof value === 'string' && /^\{%[\s\S]*%\}$/.test(value);

const check = (holds: (value: unknown) => boolean, rule: string): Check => (value, at, report) => {
  if (!holds(value)) report('SCHEMA_VALIDATION_FAILED', at, `The value ${JSON.stringify(value)} must be ${rule}`);
};
const required = (of: Check): Check => Object.assign((value: unknown, at: string, report: Report) => of(value, at, report), { required: true });

const integer = (min: number, max: number): ((value: unknown) => boolean) => (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

const text = check((value) => typeof value === 'string', 'a string');
const name = check((value) => typeof value === 'string' && value.length > 0 && value.length <= 80, 'a state name of 1 to 80 characters');
const flag = check((value) => value === true, 'true');
const anything: Check = () => undefined;
const language = check((value) => value === 'JSONata' || value === 'JSONPath', 'JSONata');
const seconds = check((value) => integer(0, MAX_SECONDS)(value) || isExpression(value), `an integer from 0 to ${MAX_SECONDS} or a {% JSONata %} expression`);
const duration = check((value) => integer(1, MAX_SECONDS)(value) || isExpression(value), `an integer from 1 to ${MAX_SECONDS} or a {% JSONata %} expression`);
const states = check((value) => isRecord(value) && Object.keys(value).length > 0, 'an object with at least one state');
const variables = check((value) => isRecord(value) && Object.keys(value).every((key) => /^[\p{ID_Start}][\p{ID_Continue}]{0,79}$/u.test(key) && key !== 'states'), "an object whose keys are variable names, 'states' not among them");
const condition = check((value) => typeof value === 'boolean' || isExpression(value), 'a boolean or a {% JSONata %} expression');
const resource = check((value) => typeof value === 'string' && isKnownResource(value), `the ARN of a Lambda function or one of ${INTEGRATIONS.join(', ')}`);

/** Checks an object's fields: each by its own check, none unknown, every required one there. */
export function checkFields(value: unknown, fields: Readonly<Record<string, Check>>, at: string, report: Report): void {
  if (!isRecord(value)) {
    report('SCHEMA_VALIDATION_FAILED', at === '' ? '/' : at, 'The value must be an object');
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    const of = fields[name];
    if (of !== undefined) of(field, `${at}/${name}`, report);
    else if (JSONPATH_FIELDS.has(name)) report('SCHEMA_VALIDATION_FAILED', `${at}/${name}`, `The field '${name}' belongs to JSONPath and is not supported with the QueryLanguage 'JSONata'`);
    else report('SCHEMA_VALIDATION_FAILED', `${at}/${name}`, `The field '${name}' is not supported by the schema`);
  }
  for (const [name, of] of Object.entries(fields)) {
    if (of.required === true && !(name in value)) report('SCHEMA_VALIDATION_FAILED', at === '' ? '/' : at, `The field '${name}' is missing`);
  }
}

/** A list of objects with fields of their own. */
const listOf = (fields: Readonly<Record<string, Check>>, min = 0): Check => (value, at, report) => {
  if (!Array.isArray(value) || value.length < min) report('SCHEMA_VALIDATION_FAILED', at, `The value must be a list of at least ${min}`);
  else value.forEach((item: unknown, index) => checkFields(item, fields, `${at}[${index}]`, report));
};

const errorNames: Check = (value, at, report) => {
  const names: unknown[] = Array.isArray(value) ? value : [];
  if (names.length === 0 || names.some((each) => typeof each !== 'string')) report('SCHEMA_VALIDATION_FAILED', at, 'The value must be a list of at least one error name');
  if (names.length > 1 && names.includes('States.ALL')) report('SCHEMA_VALIDATION_FAILED', at, 'States.ALL must stand alone');
};

/** States.ALL takes what those before it left, so nothing may follow it. */
const lastTakesAll = (of: Check): Check => (value, at, report) => {
  of(value, at, report);
  if (!Array.isArray(value)) return;
  value.slice(0, -1).forEach((item: unknown, index) => {
    const names = isRecord(item) ? item['ErrorEquals'] : undefined;
    if (Array.isArray(names) && names.includes('States.ALL')) report('SCHEMA_VALIDATION_FAILED', `${at}[${index}]/ErrorEquals`, 'States.ALL must be in the last of the list');
  });
};

const retry = lastTakesAll(
  listOf({
    Comment: text,
    ErrorEquals: required(errorNames),
    IntervalSeconds: check(integer(1, MAX_SECONDS), `an integer from 1 to ${MAX_SECONDS}`),
    MaxAttempts: check(integer(0, MAX_SECONDS), `an integer from 0 to ${MAX_SECONDS}`),
    BackoffRate: check((value) => typeof value === 'number' && value >= 1, 'a number of at least 1'),
    MaxDelaySeconds: check(integer(1, 31_622_400), 'an integer from 1 to 31622400'),
    JitterStrategy: check((value) => value === 'FULL' || value === 'NONE', 'FULL or NONE'),
  }),
);
const catchers = lastTakesAll(listOf({ Comment: text, ErrorEquals: required(errorNames), Next: required(name), Output: anything, Assign: variables }));
const choices = listOf({ Comment: text, Condition: required(condition), Next: required(name), Output: anything, Assign: variables }, 1);

const common = { Type: required(text), Comment: text, QueryLanguage: language, Output: anything };
const onward = { Next: name, End: flag, Assign: variables };
const recovery = { Retry: retry, Catch: catchers };
const inline = check((value) => isRecord(value) && (value['Mode'] ?? 'INLINE') === 'INLINE', 'of Mode INLINE: this engine runs no distributed Map');

type Fields = Readonly<Record<string, Check>>;

/** The fields of the outermost machine. */
export const MACHINE_FIELDS: Fields = {
  Comment: text,
  Version: check((value) => value === '1.0', '1.0'),
  QueryLanguage: language,
  StartAt: required(name),
  States: required(states),
  TimeoutSeconds: check(integer(1, MAX_SECONDS), `an integer from 1 to ${MAX_SECONDS}`),
};

/** The fields of the machines within Parallel and Map. */
export const BRANCH_FIELDS: Fields = { Comment: text, QueryLanguage: language, StartAt: required(name), States: required(states), ProcessorConfig: inline };

/** The fields of each state type. */
export const STATE_FIELDS: Readonly<Record<string, Fields>> = {
  Pass: { ...common, ...onward },
  Succeed: common,
  Fail: { Type: required(text), Comment: text, QueryLanguage: language, Error: text, Cause: text },
  Wait: { ...common, ...onward, Seconds: seconds, Timestamp: text },
  Choice: { ...common, Assign: variables, Choices: required(choices), Default: name },
  Task: { ...common, ...onward, ...recovery, Resource: required(resource), Arguments: anything, TimeoutSeconds: duration, HeartbeatSeconds: duration },
  Parallel: { ...common, ...onward, ...recovery, Arguments: anything, Branches: required(check((value) => Array.isArray(value) && value.length > 0, 'a list of at least one branch')) },
  Map: { ...common, ...onward, ...recovery, Items: anything, ItemSelector: anything, ItemProcessor: required(check(isRecord, 'an object')), MaxConcurrency: check((value) => integer(0, MAX_SECONDS)(value) || isExpression(value), 'an integer of at least 0 or a {% JSONata %} expression') },
};
