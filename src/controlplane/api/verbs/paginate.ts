import { badRequest } from '../errors.ts';
import type { Input } from '../wire/read-input.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

const MAX_PAGE = 100;

/** A cursor is the last key a page had: what is created or deleted meanwhile neither repeats nor hides another entry. */
const encode = (scope: string, key: string): string => Buffer.from(JSON.stringify([scope, key])).toString('base64url');

/** The scope tells one list's tokens from another's. @throws ApiError BadRequestException for a token this list did not give */
function decode(scope: string, token: string): string {
  try {
    const [of, key] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [unknown, unknown];
    if (of === scope && typeof key === 'string') return key;
  } catch {
    // not a token at all: refused below
  }
  throw badRequest(`'nextToken': must be the nextToken of an earlier page of the same list`);
}

/**
 * One page of entries in key order.
 * @param after entries after a key (exclusive), in order
 */
export function paginate<T>(
  { limit = MAX_PAGE, nextToken }: Input & { limit?: number; nextToken?: string },
  scope: string,
  after: (key: string) => Iterable<readonly [string, T]>,
): Page<T> {
  const entries: (readonly [string, T])[] = [];
  for (const entry of after(nextToken === undefined ? '' : decode(scope, nextToken))) {
    if (entries.length === limit) return { items: entries.map(([, item]) => item), nextToken: encode(scope, entries.at(-1)?.[0] ?? '') };
    entries.push(entry);
  }
  return { items: entries.map(([, item]) => item) };
}
