import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { SignatureV4 } from '@smithy/signature-v4';

/** How the control plane knows a caller: an access key (of its own, or AWS's with a session token), or a bearer token. */
export type Key = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | { readonly token: string };

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
