import { misuse } from './errors.ts';

export const isHttpUrl = (text: string): boolean => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

/** The value of an option of a command (`words`). @throws UsageError */
export function toUrl(words: string, option: string, value: string): string {
  if (isHttpUrl(value)) return value;
  throw misuse(words, `--${option}: ${value}: must be an http or https URL`);
}
