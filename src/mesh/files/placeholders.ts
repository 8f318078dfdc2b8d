import { isRecord } from '../../contracts/is-record.ts';
import type { Path, Report } from './conform.ts';

/** `${NAME}`, and `$NAME` in capitals: what envsubst and jq were to fill in. */
const PLACEHOLDER = /\$(?:\{(\w+)\}|([A-Z_][A-Z0-9_]+))/g;

const missing = (whole: string, name: string): string => `has the placeholder ${whole}: give it by --param ${name}=VALUE, or fill it in before`;

function fillText(text: string, params: ReadonlyMap<string, string>, path: Path, report: Report): string {
  return text.replaceAll(PLACEHOLDER, (whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? '';
    const value = params.get(name);
    if (value === undefined) report(path, text, missing(whole, name));
    return value ?? whole;
  });
}

/**
 * A text with the placeholders filled in that stand in braces, as envsubst does it: where one stands unquoted for a number, the text is no YAML before.
 * Those that nobody gave are reported with their lines.
 */
export function fillPlaceholdersOfText(text: string, params: ReadonlyMap<string, string>, report: (line: number, value: string, rule: string) => void): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string, offset: number) => {
    const value = params.get(name);
    if (value === undefined) report(text.slice(0, offset).split('\n').length, whole, missing(whole, name));
    return value ?? whole;
  });
}

/** A value with its placeholders filled in. Those that nobody gave are reported. */
export function fillPlaceholders(value: unknown, params: ReadonlyMap<string, string>, path: Path, report: Report): unknown {
  if (typeof value === 'string') return fillText(value, params, path, report);
  if (Array.isArray(value)) return value.map((item: unknown, index) => fillPlaceholders(item, params, [...path, index], report));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillPlaceholders(inner, params, [...path, key], report)]));
}
