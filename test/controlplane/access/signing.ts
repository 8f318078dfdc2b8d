import { SignatureV4 } from '@smithy/signature-v4';
import { createHash, createHmac } from 'node:crypto';
import { request as send } from 'node:http';

export const KEYS = {
  admin: { accessKeyId: 'MSADMIN', secretAccessKey: 'admin-secret-0123456789' },
  reader: { accessKeyId: 'MSREADER', secretAccessKey: 'reader-secret-0123456789' },
  pgMesh: { accessKeyId: 'MSPGMESH', secretAccessKey: 'pgmesh-secret-0123456789' },
  svc1: { accessKeyId: 'MSSVC1', secretAccessKey: 'svc1-secret-0123456789' },
  session: { accessKeyId: 'MSSESSION', secretAccessKey: 'session-secret-0123456789', sessionToken: 'session-token-0123456789' },
} as const;

export const TOKEN = 'bearer-token-of-svc1-0123456789';

/** Access keys as a file holds them. */
export const ACCESS_KEYS = JSON.stringify({
  keys: [
    KEYS.admin,
    { ...KEYS.reader, readOnly: true },
    { ...KEYS.pgMesh, only: 'mesh/pgMesh' },
    { ...KEYS.svc1, only: 'mesh/pgMesh/virtualNode/svc1' },
    KEYS.session,
  ],
  tokens: [{ name: 'svc1-sidecar', token: TOKEN, only: 'mesh/pgMesh/virtualNode/svc1' }],
  certificates: [{ name: 'svc2.pgMesh.local', only: 'mesh/pgMesh/virtualNode/svc2' }],
});

/** SHA-256 as the peer's signer wants it. */
class Sha256 {
  readonly #hash: { update(data: string | Uint8Array): unknown; digest(): Buffer };
  constructor(secret?: string | Uint8Array | ArrayBuffer) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

export const signer = (credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }, scope: { service?: string; region?: string } = {}): SignatureV4 =>
  new SignatureV4({ credentials, service: 'appmesh', region: 'us-east-1', sha256: Sha256 as never, ...scope });

export interface Unsigned {
  readonly method?: string;
  readonly path: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A request for a base URL, in the form that the signer takes. */
export function requestFor(url: string, { method = 'GET', path, query = {}, headers = {}, body }: Unsigned) {
  const { hostname, port, host } = new URL(url);
  return { method, protocol: 'http:', hostname, port: Number(port), path, query, headers: { host, ...headers }, ...(body === undefined ? {} : { body }) };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly body: Record<string, unknown>;
}

/** Sends exactly this path and these headers. */
export const sendRaw = (url: string, { method = 'GET', path, headers = {}, body = '' }: Omit<Unsigned, 'query'>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = send({ hostname, port, method, path, headers, setHost: headers['host'] === undefined }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const parsed = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, type: response.headers['x-amzn-errortype'] as string, message: parsed['message'] as string, body: parsed });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** A query as a signer's parameters stand for it, percent-encoded. */
export const toQuery = (query: Record<string, string | string[] | null> | undefined): string =>
  Object.entries(query ?? {})
    .flatMap(([name, value]) => [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
    .join('&');
