import { gzipSync } from 'node:zlib';
import { pick, type Random } from '../support/generate-spec.ts';

/** How a refusal must look: App Mesh's (type in a header, message in the body), some JSON with a message, or (before any service) HTTP's own. */
export type Manner = 'app-mesh' | 'json' | 'http';

/** Something to send, and what may become of it. */
export interface Probe {
  readonly what: string;
  readonly bytes: Buffer;
  readonly manner: Manner;
  /**
   * - answered: a whole request, which must be answered
   * - answered-or-closed: what is no request by the rules of HTTP may also end the connection
   * - abandoned: sent, and left
   */
  readonly end: 'answered' | 'answered-or-closed' | 'abandoned';
  readonly toHead?: boolean;
}

export interface Request {
  readonly method?: string;
  readonly path: string;
  /** Header lines as they are to be sent, beside host and the body's length. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly host?: string;
  readonly chunked?: boolean;
}

/** One message of HTTP/1.1; nothing in it is checked or escaped. */
export function message({ method = 'GET', path, headers = [], body, host = '127.0.0.1', chunked = false }: Request): Buffer {
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const framing = bytes === undefined ? [] : [chunked ? 'transfer-encoding: chunked' : `content-length: ${bytes.length}`];
  const head = Buffer.from([`${method} ${path} HTTP/1.1`, `host: ${host}`, ...headers, ...framing, '', ''].join('\r\n'));
  if (bytes === undefined) return head;
  if (!chunked) return Buffer.concat([head, bytes]);
  const parts: Buffer[] = [head];
  for (let at = 0, size = 1; at < bytes.length; at += size, size = size * 3 + 1) {
    const chunk = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** Bodies that are wrong before anyone reads a member: no JSON, no UTF-8, wrongly packed, or far too large. With the headers that go with each. */
const BODIES: readonly ((random: Random, json: string) => { readonly body: string | Buffer; readonly headers?: readonly string[] })[] = [
  (random, json) => ({ body: json.slice(0, Math.floor(random() * json.length)) }),
  () => ({ body: '' }),
  () => ({ body: '\ufeff{}' }),
  () => ({ body: '{"a":1}{"b":2}' }),
  () => ({ body: "{'a': 1}" }),
  () => ({ body: 'a=1&b=2', headers: ['content-type: application/x-www-form-urlencoded'] }),
  () => ({ body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }),
  () => ({ body: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]) }),
  () => ({ body: Buffer.from([0xc0, 0xaf, 0x00, 0x01, 0x80]) }),
  (random) => ({ body: Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))) }),
  (_random, json) => ({ body: json, headers: ['content-encoding: gzip'] }),
  (_random, json) => ({ body: gzipSync(json).subarray(0, 15), headers: ['content-encoding: gzip'] }),
  (_random, json) => ({ body: Buffer.concat([gzipSync(json), gzipSync('}}')]), headers: ['content-encoding: gzip'] }),
  (_random, json) => ({ body: gzipSync(json), headers: ['content-encoding: br'] }),
  (_random, json) => ({ body: gzipSync(json), headers: ['content-encoding: gzip, gzip'] }),
  (_random, json) => ({ body: gzipSync(json), headers: [`content-encoding: ${'gzip '.repeat(200)}`] }),
  () => ({ body: BOMB, headers: ['content-encoding: gzip'] }),
  () => ({ body: `{"a":"${'z'.repeat(300_000)}"}` }),
  () => ({ body: '['.repeat(100_000) }),
  () => ({ body: `{"a":${'1'.repeat(20_000)}}` }),
  (_random, json) => ({ body: json, headers: ['content-type: application/xml'] }),
  (_random, json) => ({ body: json, headers: ['content-type: application/json; charset=utf-16'] }),
];

/** 64 MiB in 64 KiB. */
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));

/** A request with a body: mostly its JSON as given, else spoilt as a whole. */
export function withBody(random: Random, request: Request, json: string): Request {
  const { body, headers = [] } = random() < 0.8 ? { body: json } : pick(random, BODIES)(random, json);
  return { ...request, body, headers: [...(request.headers ?? []), ...headers], chunked: random() < 0.2 };
}

/** Segments of paths as nobody should send them. */
const SEGMENTS = ['', '.', '..', '%2e%2e', '%00', '%', '%zz', '%c3%28', '%ed%a0%80', '%2F', '__proto__', 'constructor', 'é', 'a%20b', '*', ':', ';a=1', '\\', 'x'.repeat(256), 'y'.repeat(4_000), '%25252e', 'null', '-1', '{meshName}'];

/** A path with some of its segments replaced, added or left out. */
export function spoilPath(random: Random, path: string): string {
  const segments = path.split('/').slice(1);
  const at = Math.floor(random() * (segments.length + 1));
  const change = random();
  if (change < 0.6) segments[Math.min(at, segments.length - 1)] = pick(random, SEGMENTS);
  else if (change < 0.8) segments.splice(at, 0, pick(random, SEGMENTS));
  else segments.splice(at, 1);
  return `/${segments.join('/')}`.replaceAll('é', '%C3%A9');
}

const VALUES = ['', '0', '-1', '1', '1.5', '1e3', '101', '9'.repeat(30), 'NaN', 'null', '%00', '%', '%zz', '%ff', 'a%26b', '+', '[]', 'x'.repeat(3_000), 'eyJhIjoxfQ%3D%3D', '0000', '__proto__'];
const PARAMETERS = ['limit', 'nextToken', 'meshOwner', 'resourceArn', 'since', '__proto__', 'constructor', 'maxResults', 'MaxResults', 'NextToken', 'ScheduleGroup', 'X-Amz-Signature', '', '%00'];

/** A query as nobody should send it; often none. */
export function oddQuery(random: Random): string {
  if (random() < 0.5) return '';
  const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `${pick(random, PARAMETERS)}${random() < 0.9 ? '=' : ''}${pick(random, VALUES)}`);
  return `?${parts.join(random() < 0.9 ? '&' : '?')}`;
}

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
