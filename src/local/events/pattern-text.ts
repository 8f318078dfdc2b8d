import { parseJson } from '../json.ts';
import { AwsError } from '../server/aws-json.ts';
import { invalid } from './inputs.ts';
import { compilePattern, InvalidPattern } from './pattern.ts';

/** A pattern's text, as a rule keeps it. @throws AwsError InvalidEventPatternException, ValidationException */
export function checkPattern(text: unknown): string {
  if (typeof text !== 'string') throw invalid('EventPattern: must be a JSON text: rules on a schedule belong to EventBridge Scheduler');
  const pattern = parseJson(text);
  try {
    compilePattern(pattern);
    return text;
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    throw new AwsError('InvalidEventPatternException', error.message, { cause: error });
  }
}
