/** What the proxy's regular expressions (RE2) have not, though others do. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/^(?:[^\\]|\\.)*?\(\?<?[=!]/s, 'must not look ahead or behind (RE2)'],
  [/^(?:[^\\]|\\.)*?\\[1-9]/s, 'must not refer back to a group (RE2)'],
  [/^(?:[^\\]|\\.)*?\(\?>/s, 'must not have an atomic group (RE2)'],
];

/** RE2's own notation, as this language's engine can check its brackets and repetitions: flags dropped, groups and classes renamed. */
const comparable = (source: string): string =>
  source
    .replaceAll(/\(\?[imsU-]+\)/g, '')
    .replaceAll(/\(\?[imsU-]+:/g, '(?:')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\[:\^?[a-z]+:\]/g, 'a');

/** Why a proxy would refuse a regular expression, as far as can be told without RE2; undefined when it would not. */
export function refusedByRe2(source: string): string | undefined {
  const unsupported = UNSUPPORTED.find(([pattern]) => pattern.test(source));
  if (unsupported !== undefined) return unsupported[1];
  const repeat = [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].some(([, least, most]) => Number(least) > 1000 || Number(most ?? 0) > 1000);
  if (repeat) return 'must not repeat more than 1000 times (RE2)';
  try {
    new RegExp(comparable(source));
    return undefined;
  } catch {
    return 'must be a regular expression';
  }
}
