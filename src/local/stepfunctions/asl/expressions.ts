import { expressionOf, syntaxErrorOf } from '../jsonata/evaluate.ts';
import type { Machine } from './types.ts';
import type { Report } from './report.ts';

/** Fields that hold text for people, or names: never an expression. */
const PLAIN = new Set(['Comment', 'StartAt', 'Next', 'Default', 'Type', 'Resource', 'ErrorEquals', 'QueryLanguage']);

function visit(value: unknown, at: string, report: Report): void {
  if (typeof value === 'string') {
    const expression = expressionOf(value);
    if (expression === undefined) {
      if (/^\s*\{%|%\}\s*$/.test(value)) report('INVALID_JSONATA_EXPRESSION', at, `The value ${JSON.stringify(value)} must start with '{%' and end with '%}'`);
      return;
    }
    const error = expression === '' ? 'the expression is empty' : /\$eval\b/.test(expression) ? '$eval is not supported; use $parse' : syntaxErrorOf(expression);
    if (error !== undefined) report('INVALID_JSONATA_EXPRESSION', at, `The expression is invalid: ${error}`);
    return;
  }
  if (Array.isArray(value)) value.forEach((item, index) => visit(item, `${at}[${index}]`, report));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) if (!PLAIN.has(key) || isPayload(at)) visit(item, `${at}/${key}`, report);
  }
}

/** Within a payload every key is the user's own. */
const isPayload = (at: string): boolean => /\/(Arguments|Output|Assign|ItemSelector|Items)(\/|\[|$)/.test(at);

/** Parses every JSONata expression of a machine. */
export const checkExpressions = (machine: Machine, report: Report): void => visit(machine, '', report);
