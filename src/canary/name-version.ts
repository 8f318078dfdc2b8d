import { PlanRefused } from './errors.ts';

const LONGEST_TAG = 40;

/**
 * An image tag as part of resource and host names: `[A-Za-z0-9-]{1,40}`; every other run of characters becomes one `-`.
 * Two tags may come to the same; who creates a resource by it must see whose it is.
 * @throws PlanRefused when nothing is left.
 */
export function toNamePart(tag: string): string {
  const part = tag
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .slice(0, LONGEST_TAG)
    .replace(/^-+|-+$/g, '');
  if (part === '') throw new PlanRefused(`image.tag: ${JSON.stringify(tag)}: must hold a letter or a digit, as names are made from it`);
  return part;
}

/** `svcNode1{{tag}}` and `v2` → `svcNode1v2`. */
export const fillTemplate = (template: string, tag: string): string => template.replaceAll('{{tag}}', toNamePart(tag));

/** A value with `{{tag}}` filled in wherever it stands in a text. */
export function fillAll<T>(value: T, tag: string): T {
  if (typeof value === 'string') return fillTemplate(value, tag) as T;
  if (Array.isArray(value)) return value.map((entry: unknown) => fillAll(entry, tag)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fillAll(entry as unknown, tag)])) as T;
}

/**
 * Whether a pattern with `*` (any characters) and `?` (one) matches the whole text. What follows a `*` is looked for as early as it can be, and later only for the
 * last `*` so far: a regular expression would try all of them anew, and take hours for a pattern of many.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') [star, at, from] = [at, at + 1, index];
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, from, index] = [star + 1, from + 1, from + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/**
 * The name, and so the identity, of a rollout's execution: `<definition>-<fingerprint>-<attempt>`, at most 80 characters.
 * `fingerprint` is 16 hex digits of SHA-256 over definition and digest, so that the same push twice is one rollout.
 */
export const executionName = (definition: string, fingerprint: string, attempt: number): string => `${definition.slice(0, 40)}-${fingerprint}-${attempt}`;
