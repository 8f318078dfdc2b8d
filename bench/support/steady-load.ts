import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connection, prepare } from './http-load.ts';

/** A server that can be told to fail a share of its requests. Times are by performance.now(). */
export interface Upstream {
  readonly port: number;
  /** Share of the requests answered with 500, every so many in turn. */
  failing: number;
  served: number;
  failed: number;
  firstFailureAt: number;
  lastAt: number;
}

export function startUpstream(): Promise<Upstream> {
  const upstream: Upstream & { port: number } = { port: 0, failing: 0, served: 0, failed: 0, firstFailureAt: 0, lastAt: 0 };
  let due = 0;
  const server = createServer({ keepAliveTimeout: 120_000 }, (_request, response) => {
    upstream.served += 1;
    upstream.lastAt = performance.now();
    due += upstream.failing;
    if (due < 1) {
      response.writeHead(200, { 'content-length': 2 }).end('ok');
      return;
    }
    due -= 1;
    if (upstream.failed++ === 0) upstream.firstFailureAt = upstream.lastAt;
    response.writeHead(500, { 'content-length': 3 }).end('bad');
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      upstream.port = (server.address() as AddressInfo).port;
      resolve(upstream);
    });
  });
}

export interface SteadyLoad {
  /** Requests that could not be sent in their time, as all connections were busy. */
  readonly skipped: () => number;
  stop(): void;
}

const TICK_MS = 1;
const MOST_CONNECTIONS = 64;

/** So many requests a second, evenly, whatever becomes of them; `onFailure` is told of each that did not get a 2xx answer. */
export function startSteadyLoad(port: number, perSecond: number, onFailure: () => void = () => undefined): SteadyLoad {
  const request = prepare('a request through Envoy', 'GET', '');
  const idle = Array.from({ length: MOST_CONNECTIONS }, () => new Connection(port));
  const begun = performance.now();
  let sent = 0;
  let skipped = 0;
  const send = (): void => {
    const connection = idle.pop();
    if (connection === undefined) {
      skipped += 1;
      return;
    }
    void connection
      .send(request)
      .catch(onFailure)
      .finally(() => idle.push(connection));
  };
  const timer = setInterval(() => {
    for (const due = ((performance.now() - begun) * perSecond) / 1000; sent < due; sent += 1) send();
  }, TICK_MS);
  return {
    skipped: () => skipped,
    stop: () => {
      clearInterval(timer);
      for (const connection of idle) connection.close();
    },
  };
}
