import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { SignatureV4 } from '@smithy/signature-v4';

/** How the control plane knows a caller: an access key (of its own, or AWS's with a session token), or a bearer token. */
export type Key = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | { readonly token: string };

/**
 * A key from JSON, `{ "accessKeyId": "…", "secretAccessKey": "…" }` or `{ "token": "…" }`.
 * @throws Error which does not quote what was read
 */
export function parseKey(text: string): Key {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    throw new Error('the access key of the control plane is not JSON');
  }
  const { accessKeyId, secretAccessKey, token } = (given ?? {}) as Record<string, unknown>;
  if (typeof token === 'string') return { token };
  if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') return { accessKeyId, secretAccessKey };
  throw new Error('the access key of the control plane must be { "accessKeyId": "…", "secretAccessKey": "…" } or { "token": "…" }');
}

/** What gives the key, asked when it is first needed. */
export type AccessKey = () => Promise<Key>;

type HttpRequest = Parameters<SignatureV4['sign']>[0] & { headers: Record<string, string> };
export interface RequestSigner {
  sign(request: HttpRequest, arguments_?: object): Promise<HttpRequest>;
}

/** Puts credentials into a request's headers: Signature Version 4 for the service `appmesh`, or `Authorization: Bearer`. */
export function openSigner(accessKey: AccessKey, { region, sha256 }: Pick<AppMeshClient['config'], 'region' | 'sha256'>): RequestSigner {
  return {
    sign: async (request, arguments_) => {
      const key = await accessKey();
      if (!('token' in key)) return (await new SignatureV4({ service: 'appmesh', credentials: key, region, sha256 }).sign(request, arguments_));
      request.headers['authorization'] = `Bearer ${key.token}`;
      return request;
    },
  };
}
