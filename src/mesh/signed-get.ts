import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { SignatureV4 } from '@smithy/signature-v4';

/** Reads a path (query included) of the control plane's base URL. @throws when nothing answers in time */
export type Get = (path: string, timeoutMs: number) => Promise<Response>;

type Config = Pick<AppMeshClient['config'], 'credentials' | 'region' | 'sha256'>;

/** Reads what the control plane at `url` serves beside App Mesh's API, signed as App Mesh's operations are. */
export function openSignedGet(url: string, { credentials, region, sha256 }: Config): Get {
  const signer = new SignatureV4({ service: 'appmesh', credentials, region, sha256 });
  return async (path, timeoutMs) => {
    const { protocol, host, hostname, port, pathname, searchParams } = new URL(`${url}${path}`);
    const { headers } = await signer.sign({
      method: 'GET',
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host },
    });
    return fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(timeoutMs) });
  };
}
