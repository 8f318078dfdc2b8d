import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Tls } from '../controlplane/xds/server.ts';

export interface Listener {
  readonly port: number;
  /** Takes no new connections; resolves once what was asked is answered. Answers given meanwhile end their connections. */
  drain(): Promise<void>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Above the 350 s after which a network load balancer forgets an idle connection. */
const KEEP_ALIVE_MS = 360_000;

function createServer(tls: Tls | undefined): Server {
  if (tls === undefined) return createHttp({ keepAliveTimeout: KEEP_ALIVE_MS });
  return createHttps({ keepAliveTimeout: KEEP_ALIVE_MS, cert: tls.certificate, key: tls.key });
}

/** Listens for HTTP, by TLS where it is given: callers sign, and show no certificates. */
export async function listen(host: string, port: number, tls: Tls | undefined, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Listener> {
  const server = createServer(tls);
  let draining = false;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (draining) response.setHeader('connection', 'close');
    answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const closed = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true;
      return closed();
    },
    close: () => {
      const ended = closed();
      server.closeAllConnections();
      return ended;
    },
  };
}
