import { isRecord } from '../../../contracts/is-record.ts';
import { parseJson } from '../../json.ts';
import { checkExpressions } from './expressions.ts';
import { BRANCH_FIELDS, checkFields, MACHINE_FIELDS, STATE_FIELDS } from './fields.ts';
import { checkFlow } from './flow.ts';
import type { Problem, Report } from './report.ts';
import type { Machine } from './types.ts';

const MAX_DEFINITION_BYTES = 1_048_576;

function checkState(value: unknown, at: string, jsonata: boolean, report: Report): void {
  const type = isRecord(value) ? value['Type'] : undefined;
  const fields = typeof type === 'string' && Object.hasOwn(STATE_FIELDS, type) ? STATE_FIELDS[type] : undefined;
  if (!isRecord(value) || fields === undefined) {
    report('SCHEMA_VALIDATION_FAILED', `${at}/Type`, `The value ${typeof type === 'string' ? `'${type}'` : 'of Type'} is not one of ${Object.keys(STATE_FIELDS).join(', ')}`);
    return;
  }
  const language = value['QueryLanguage'] ?? (jsonata ? 'JSONata' : 'JSONPath');
  if (language !== 'JSONata') {
    report('UNSUPPORTED_QUERY_LANGUAGE', at, `This engine runs the QueryLanguage 'JSONata' only, not ${JSON.stringify(language)}; set "QueryLanguage": "JSONata" on the state machine`);
    return;
  }
  checkFields(value, fields, at, report);
  const branches: unknown[] = Array.isArray(value['Branches']) ? value['Branches'] : [];
  branches.forEach((branch, index) => checkMachine(branch, `${at}/Branches[${index}]`, jsonata, BRANCH_FIELDS, report));
  if (value['ItemProcessor'] !== undefined) checkMachine(value['ItemProcessor'], `${at}/ItemProcessor`, jsonata, BRANCH_FIELDS, report);
}

function checkMachine(value: unknown, at: string, jsonata: boolean, fields: typeof MACHINE_FIELDS, report: Report): void {
  checkFields(value, fields, at, report);
  const states = isRecord(value) ? value['States'] : undefined;
  for (const [name, state] of Object.entries(isRecord(states) ? states : {})) checkState(state, `${at}/States/${name}`, jsonata, report);
}

/** Everything wrong with a definition's text; empty when it can run. Checks structure first, then flow, then expressions. */
export function validateDefinition(text: string): { readonly machine?: Machine; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (code, location, message) => {
    problems.push({ code, location, message });
  };
  if (Buffer.byteLength(text) > MAX_DEFINITION_BYTES) report('SCHEMA_VALIDATION_FAILED', '/', `The definition is larger than ${MAX_DEFINITION_BYTES} bytes`);
  const value = parseJson(text);
  if (value === undefined) report('INVALID_JSON_DESCRIPTION', '/', 'The definition is no JSON');
  if (problems.length > 0) return { problems };
  const language: unknown = isRecord(value) ? value['QueryLanguage'] : undefined;
  checkMachine(value, '', language === 'JSONata', MACHINE_FIELDS, report);
  if (problems.length > 0) return { problems };
  const machine = value as unknown as Machine;
  checkFlow(machine, '', report);
  checkExpressions(machine, report);
  return problems.length > 0 ? { problems } : { machine, problems };
}
