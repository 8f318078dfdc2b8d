import { createServer as createHttpServer, request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';

/** A request as the upstream saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP/1.1 server on loopback that answers with its own name, or as it is told, and keeps what it saw. */
export interface HttpUpstream {
  readonly name: string;
  readonly port: number;
  readonly seen: Seen[];
  /** The status of the next answers; undefined leaves requests unanswered. */
  answer: (seen: Seen) => number | undefined;
  stop(): Promise<void>;
}

/** Starts one on a free port; with `tls` it speaks HTTPS. */
export function startHttpUpstream(name: string, tls?: TlsOptions): Promise<HttpUpstream> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const one = { method: request.method ?? '', url: request.url ?? '', host: request.headers.host ?? '', headers: request.headers };
    seen.push(one);
    const status = upstream.answer(one);
    if (status !== undefined) response.writeHead(status, { 'x-by': name }).end(name);
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  const upstream = {
    name,
    port: 0,
    seen,
    answer: (_seen: Seen): number | undefined => 200,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      upstream.port = (server.address() as AddressInfo).port;
      resolve(upstream);
    });
  });
}

/** An answer: status and the name of who gave it. */
export interface Answer {
  readonly status: number;
  readonly by: string;
}

export interface AskOptions {
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over TLS. */
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
}

/** One request on a connection of its own. @throws Error when the connection is refused. */
export function ask(port: number, { path = '/', method = 'GET', host, headers = {}, tls }: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, agent: false, timeout: 20_000, headers: { ...headers, ...(host === undefined ? {} : { host }) } };
    const request = tls === undefined ? httpRequest(options) : httpsRequest({ ...options, ...tls });
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, by: String(response.headers['x-by'] ?? '') }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.end();
  });
}
