import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { brokenRules, formatPath } from '../../contracts/mistakes.ts';
import { parseNodeId } from '../bootstrap/node-id.ts';
import { AccessKeysUnusable } from './errors.ts';

/** Short secrets can be guessed; these guard ports that others can reach. */
const secret = z.string().check(z.minLength(16, 'must have at least 16 characters'));

const scope = {
  readOnly: z.optional(z.boolean()),
  only: z.optional(
    z.string().check(z.refine((text) => scopeOf(text) !== undefined, 'must be mesh/NAME, mesh/NAME/virtualNode/NAME, mesh/NAME/virtualGateway/NAME or such an ARN')),
  ),
};

const schema = z.strictObject({
  keys: z._default(
    z.array(z.strictObject({ accessKeyId: z.string().check(z.regex(/^\w{3,128}$/, 'must be 3 to 128 letters, digits or underscores')), secretAccessKey: secret, sessionToken: z.optional(secret), ...scope })),
    [],
  ),
  tokens: z._default(z.array(z.strictObject({ name: z.string().check(z.minLength(1)), token: secret, ...scope })), []),
  certificates: z._default(z.array(z.strictObject({ name: z.string().check(z.minLength(1)), ...scope })), []),
});

/** A mesh, or one node or gateway of it. */
export interface Scope {
  readonly mesh: string;
  readonly kind?: 'virtualNode' | 'virtualGateway';
  readonly name?: string;
}

/** What the holder of a key, token or certificate may do. */
export interface Grant {
  /** The key's id, or the name of the token or certificate: never a secret. */
  readonly who: string;
  readonly readOnly: boolean;
  /** Everything, where absent. */
  readonly only?: Scope;
}

export interface KeyGrant extends Grant {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Who may come in, by what they show. */
export interface Grants {
  readonly keys: ReadonlyMap<string, KeyGrant>;
  readonly tokens: readonly (Grant & { readonly token: string })[];
  /** By a subject alternative name (`spiffe://…` or a DNS name) or the common name; `*` stands for any that the authority signed. */
  readonly certificates: ReadonlyMap<string, Grant>;
}

const MESH = /^(?:arn:[^:]+:appmesh:[^:]*:[^:]*:)?mesh\/([^/]+?)(?:@\d{12})?$/;

/** What `only` names, or undefined where it has none of the forms. */
export function scopeOf(text: string): Scope | undefined {
  const mesh = MESH.exec(text)?.[1];
  return mesh === undefined ? parseNodeId(text) : { mesh };
}

function grantOf(who: string, { readOnly = false, only }: { readonly readOnly?: boolean | undefined; readonly only?: string | undefined }): Grant {
  const parsed = only === undefined ? undefined : scopeOf(only);
  return { who, readOnly, ...(parsed === undefined ? {} : { only: parsed }) };
}

function unique<T extends { readonly who: string }>(list: string, entries: readonly T[]): Map<string, T> {
  const map = new Map(entries.map((entry) => [entry.who, entry]));
  if (map.size < entries.length) throw new AccessKeysUnusable(`access keys: ${list}: an id or name is there twice`);
  return map;
}

/**
 * Access keys from JSON: `{ keys: [{ accessKeyId, secretAccessKey, sessionToken?, readOnly?, only? }], tokens: [{ name, token, … }], certificates: [{ name, … }] }`.
 * @throws AccessKeysUnusable
 */
function parse(json: string): Grants {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    // The parser's own message quotes what it read.
    throw new AccessKeysUnusable('access keys: not valid JSON');
  }
  const parsed = z.safeParse(schema, given);
  if (!parsed.success) {
    throw new AccessKeysUnusable(parsed.error.issues.flatMap(brokenRules).map(({ path, rule }) => ['access keys', ...(path.length === 0 ? [] : [formatPath(path)]), rule].join(': ')).join('; '));
  }
  const { keys, tokens, certificates } = parsed.data;
  return {
    keys: unique('keys', keys.map(({ accessKeyId, secretAccessKey, sessionToken, ...rest }) => ({ ...grantOf(accessKeyId, rest), secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }))),
    tokens: [...unique('tokens', tokens.map(({ name, token, ...rest }) => ({ ...grantOf(name, rest), token }))).values()],
    certificates: unique('certificates', certificates.map(({ name, ...rest }) => grantOf(name, rest))),
  };
}

/** Access keys from JSON, as `parse`. @throws AccessKeysUnusable, also where nobody could come in */
export const parseGrants = (json: string): Grants => joinGrants(parse(json));

/** All of them together. @throws AccessKeysUnusable where one is there twice, or nobody could come in */
export function joinGrants(...all: readonly Grants[]): Grants {
  const [keys, tokens, certificates] = [all.flatMap((each) => [...each.keys.values()]), all.flatMap((each) => each.tokens), all.flatMap((each) => [...each.certificates.values()])];
  if (keys.length + tokens.length + certificates.length === 0) throw new AccessKeysUnusable('access keys: must hold a key, a token or a certificate; nobody could come in');
  return { keys: unique('keys', keys), tokens: [...unique('tokens', tokens).values()], certificates: unique('certificates', certificates) };
}

const read = (source: string): Grants => {
  if (source.trimStart().startsWith('{')) return parse(source);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (cause) {
    throw new AccessKeysUnusable(`access keys: ${source}: ${(cause as NodeJS.ErrnoException).code ?? 'cannot be read'}`, { cause });
  }
  return parse(text);
};

/** As `parseGrants`, from a value of the environment (`MESHSHIFT_ACCESS_KEYS`) or an option: the JSON itself, or the path of a file that holds it; together with more. */
export const readGrants = (source: string, ...more: readonly Grants[]): Grants => joinGrants(read(source), ...more);
