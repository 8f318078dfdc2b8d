import { parseDocument } from 'yaml';
import { InvalidInput } from './mistakes.ts';

/**
 * The value that a YAML or JSON text holds (JSON is YAML).
 * @throws InvalidInput naming the line of each syntax error.
 */
export function readText(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new InvalidInput(
      document.errors.map((error) => ({
        file,
        path: `line ${error.linePos?.[0].line ?? 1}`,
        value: text.split('\n')[(error.linePos?.[0].line ?? 1) - 1]?.trim() ?? '',
        rule: (error.message.split('\n')[0] ?? '').replace(/ at line .*$/, ''),
      })),
    );
  }
  try {
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    // An alias within its own anchor makes a circle, which is no JSON.
    JSON.stringify(value);
    return value;
  } catch (cause) {
    const rule = 'must hold no alias within its own anchor, and no more than 100 uses of one';
    throw new InvalidInput([{ file, path: '(aliases)', value: text.slice(0, 80), rule }], { cause });
  }
}
