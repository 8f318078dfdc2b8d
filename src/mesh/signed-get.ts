import type { RequestSigner } from './sign.ts';

/** Reads a path (query included) of the control plane's base URL. @throws when nothing answers in time */
export type Get = (path: string, timeoutMs: number) => Promise<Response>;

/** Reads what the control plane at `url` serves beside App Mesh's API, signed as App Mesh's operations are. */
export const openSignedGet = (url: string, signer: RequestSigner): Get => async (path, timeoutMs) => {
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
