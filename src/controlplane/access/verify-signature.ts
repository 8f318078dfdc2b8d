import { createHmac, timingSafeEqual } from 'node:crypto';
import { readAuthorization, type Authorization } from './authorization.ts';
import { canonicalRequest, parseQuery, sha256, type WireRequest } from './canonical-request.ts';
import { incomplete, invalid, unknownCaller } from './errors.ts';
import type { Grants, KeyGrant } from './grants.ts';

/** How far a signer's clock may be off, either way. */
export const CLOCK_SKEW_MS = 5 * 60_000;

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const SERVICE = 'appmesh';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Compares without telling, by the time it takes, where the two differ. */
export function isEqual(a: string, b: string): boolean {
  const [x, y] = [hmac('equal', a), hmac('equal', b)];
  return timingSafeEqual(x, y);
}

export interface VerifyOptions {
  readonly grants: Grants;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Reads the body; asked only where it is needed. */
  readonly body: () => Promise<Uint8Array>;
}

/** A signature that holds. */
export interface Verified {
  readonly grant: KeyGrant;
  readonly signature: string;
  readonly presigned: boolean;
}

function checkTime({ signedAt, date, expiresIn, day }: Authorization, now: number): void {
  const time = new Date(now).toISOString();
  if (!date.startsWith(day)) throw invalid(`the credential's date ${day.slice(0, 20)} is not the day of ${date}`);
  if (signedAt > now + CLOCK_SKEW_MS) throw invalid(`the signature's date ${date} is yet to come: the time here is ${time}, and clocks may differ by 5 minutes`);
  if (now > signedAt + (expiresIn ?? CLOCK_SKEW_MS)) throw invalid(`the signature of ${date} expired: the time here is ${time}`);
}

function checkScope({ region, service }: Authorization, expected: string): void {
  if (region !== expected) throw invalid(`the credential's scope must name the region ${expected}`);
  if (service !== SERVICE) throw invalid(`the credential's scope must name the service ${SERVICE}`);
}

/** Whatever changes a request's meaning must be signed: else whoever stands between could add it. */
function checkSignedHeaders({ signedHeaders }: Authorization, { headers }: WireRequest): void {
  const meaningful = [...headers.keys()].filter((name) => name === 'host' || name.startsWith('x-amz-') || name.startsWith('x-meshshift-'));
  const left = ['host', ...meaningful].find((name) => !signedHeaders.includes(name));
  if (left !== undefined) throw incomplete(`the header '${left}' must be signed`);
}

/** The payload's hash as it was signed, which must be that of the body. Its own header may say that the body is not signed. */
async function payloadOf(request: WireRequest, body: VerifyOptions['body']): Promise<string> {
  const declared = request.headers.get('x-amz-content-sha256')?.[0] ?? new Map(parseQuery(request.query)).get('X-Amz-Content-Sha256');
  if (declared === UNSIGNED) return UNSIGNED;
  if (declared?.startsWith('STREAMING-') === true) throw incomplete("'X-Amz-Content-Sha256': a body signed in chunks is not understood");
  const actual = sha256(await body());
  if (declared !== undefined && declared !== actual) throw invalid("'X-Amz-Content-Sha256': is not the hash of the body");
  return actual;
}

const keys = new WeakMap<KeyGrant, { readonly scope: string; readonly key: Buffer }>();

/** The signing key changes by the day; one is kept per access key. */
function signingKey(grant: KeyGrant, { day, region, service }: Authorization): Buffer {
  const scope = `${day}/${region}/${service}/aws4_request`;
  const known = keys.get(grant);
  if (known?.scope === scope) return known.key;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>((by, text) => hmac(by, text), `AWS4${grant.secretAccessKey}`) as Buffer;
  keys.set(grant, { scope, key });
  return key;
}

function signatureOf(grant: KeyGrant, authorization: Authorization, canonical: string): string {
  const { date, day, region, service } = authorization;
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  return hmac(signingKey(grant, authorization), text).toString('hex');
}

function grantOf({ accessKeyId, sessionToken }: Authorization, grants: Grants): KeyGrant {
  const grant = grants.keys.get(accessKeyId);
  if (grant === undefined || !isEqual(grant.sessionToken ?? '', sessionToken ?? '')) throw unknownCaller();
  return grant;
}

/**
 * Verifies Signature Version 4 of a request, as AWS's front ends do. Undefined when it is not signed at all.
 * @throws AccessRefused saying what is wrong.
 */
export async function verifySignature(request: WireRequest, { grants, region, clock, body }: VerifyOptions): Promise<Verified | undefined> {
  const authorization = readAuthorization(request);
  if (authorization === undefined) return undefined;
  const grant = grantOf(authorization, grants);
  checkScope(authorization, region);
  checkTime(authorization, clock());
  checkSignedHeaders(authorization, request);
  const { signedHeaders, expiresIn } = authorization;
  const presigned = expiresIn !== undefined;
  const payload = await payloadOf(request, body);
  const expected = signatureOf(grant, authorization, canonicalRequest(request, { signedHeaders, payload, ...(presigned ? { leftOut: 'X-Amz-Signature' } : {}) }));
  if (!isEqual(expected, authorization.signature)) throw invalid('the signature is not that of this request by this key: check the secret access key and how the request is signed');
  return { grant, signature: expected, presigned };
}
