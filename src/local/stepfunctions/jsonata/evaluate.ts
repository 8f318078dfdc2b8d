import jsonata from 'jsonata';
import { isRecord } from '../../../contracts/is-record.ts';
import { type Json } from '../../json.ts';
import { StatesError } from '../errors.ts';
import { stateFunctions, type Randomness } from './functions.ts';

/** Variables by name without `$`; `states` holds input, result, errorOutput and context. */
export type Bindings = Readonly<Record<string, Json | undefined>>;

/** Evaluates the expressions of one field. */
export interface Evaluator {
  /** Every string of `template` written `{% … %}` is evaluated; all else is taken as it is. `field` names the place in errors. */
  evaluate(template: Json, field: string, bindings: Bindings): Promise<Json>;
}

/** An expression that runs longer fails with States.QueryEvaluationError: recursion need not end. */
const TIME_BOX_MS = 1000;
const CACHED_EXPRESSIONS = 2000;
const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/** The JSONata text of a string written `{% … %}`, else undefined. */
export const expressionOf = (text: string): string | undefined => EXPRESSION.exec(text)?.[1]?.trim();

const messageOf = (error: unknown): string => (isRecord(error) && typeof error['message'] === 'string' ? error['message'] : String(error));

/** Why a text is no JSONata expression, or undefined if it is one. */
export function syntaxErrorOf(expression: string): string | undefined {
  try {
    jsonata(expression);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Plain JSON of what JSONata answered: sequences become arrays; a function is no JSON. */
function toJson(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map((item) => toJson(item)).filter((item) => item !== undefined);
  if (!isRecord(value) || '_jsonata_lambda' in value || '_jsonata_function' in value) throw new Error('the result is a function, not JSON');
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => {
    const json = toJson(item);
    return json === undefined ? [] : [[key, json]];
  }));
}

/** An evaluator; compiled expressions are kept. The time box is in milliseconds. */
export function createEvaluator(randomness: Randomness, timeBoxMs = TIME_BOX_MS): Evaluator {
  const compiled = new Map<string, jsonata.Expression>();
  const functions = Object.entries(stateFunctions(randomness));

  const compile = (text: string): jsonata.Expression => {
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const expression = jsonata(text, { timeout: timeBoxMs });
    for (const [name, { run, signature }] of functions) expression.registerFunction(name, run as never, signature);
    if (compiled.size >= CACHED_EXPRESSIONS) compiled.clear();
    compiled.set(text, expression);
    return expression;
  };

  const run = async (text: string, source: string, field: string, bindings: Bindings): Promise<Json> => {
    let result: Json | undefined;
    try {
      result = toJson(await compile(text).evaluate(undefined, bindings));
    } catch (error) {
      throw evaluationError(`The JSONata expression '${source}' specified for the field '${field}' threw an error during evaluation. ${messageOf(error)}`, field);
    }
    if (result === undefined) throw evaluationError(`The JSONata expression '${source}' specified for the field '${field}' returned nothing (undefined).`, field);
    return result;
  };

  const evaluate = async (template: Json, field: string, bindings: Bindings): Promise<Json> => {
    if (typeof template === 'string') {
      const text = expressionOf(template);
      return text === undefined ? template : run(text, text, field, bindings);
    }
    if (Array.isArray(template)) {
      const items: Json[] = [];
      for (const [index, item] of template.entries()) items.push(await evaluate(item, `${field}[${index}]`, bindings));
      return items;
    }
    if (template === null || typeof template !== 'object') return template;
    const members: [string, Json][] = [];
    for (const [key, item] of Object.entries(template)) members.push([key, await evaluate(item, `${field}/${key}`, bindings)]);
    return Object.fromEntries(members);
  };

  return { evaluate };
}

/** A failed evaluation, with the field it was for. */
export const evaluationError = (cause: string, location: string): StatesError => new StatesError('States.QueryEvaluationError', cause, location);
