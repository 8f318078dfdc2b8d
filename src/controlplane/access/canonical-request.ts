import { createHash } from 'node:crypto';

/** A request as it came over the wire: nothing decoded. */
export interface WireRequest {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  /** Percent-encoded, without the question mark. */
  readonly query: string;
  /** By name in lower case; `host` too. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Percent-encodes all but the unreserved characters of RFC 3986. */
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** Text that is not valid percent-encoding stands for itself. A plus is a space, as whoever reads the query takes it. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** The path without empty and dot segments, and then encoded once more: every service but S3 signs the encoding of what is sent. */
function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const slash = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.map(encode).join('/')}${slash}`;
}

/** Name and value pairs of a query, decoded, in the order they came. */
export function parseQuery(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value = ''] = part.split(/=(.*)/s);
      return [decode(name), decode(value)];
    });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function canonicalQuery(query: string, left: string | undefined): string {
  return parseQuery(query)
    .filter(([name]) => name !== left)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const canonicalValue = (values: readonly string[]): string => values.map((value) => value.trim().replace(/\s+/g, ' ')).join(',');

export interface CanonicalOptions {
  /** In lower case and sorted. */
  readonly signedHeaders: readonly string[];
  /** Hex SHA-256 of the body, or the word that stands for it. */
  readonly payload: string;
  /** A query parameter that is not signed: the signature itself. */
  readonly leftOut?: string;
}

/** The text that Signature Version 4 signs for a request (AWS General Reference, "Create a canonical request"). */
export function canonicalRequest({ method, path, query, headers }: WireRequest, { signedHeaders, payload, leftOut }: CanonicalOptions): string {
  const lines = signedHeaders.map((name) => `${name}:${canonicalValue(headers.get(name) ?? [])}\n`);
  return [method, canonicalPath(path), canonicalQuery(query, leftOut), lines.join(''), signedHeaders.join(';'), payload].join('\n');
}
