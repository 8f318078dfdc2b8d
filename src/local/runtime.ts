import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../contracts/log.ts';
import { openServices, type Services } from './services.ts';
import { createDispatcher } from './server/dispatch.ts';
import { refusalOf } from './server/guard.ts';

export interface RuntimeOptions {
  /** Where clients connect, on 127.0.0.1; 0 takes a free port. */
  readonly port: number;
  /** Where proxies connect, on 127.0.0.1; 0 takes a free port. */
  readonly xdsPort: number;
  /** Everything the runtime remembers is here; started on it again, it goes on where it was. */
  readonly dataFolder: string;
  /** Path of serverless.yml. */
  readonly deploymentFile: string;
  /** The commands that `process` workloads may run; none without it. */
  readonly workloadsFile?: string;
  readonly log: Log;
  readonly region?: string;
  readonly reportIntervalMs?: number;
}

export interface Runtime {
  readonly url: string;
  readonly port: number;
  readonly xdsPort: number;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ error: 'Forbidden', message });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' });
  response.end(body);
}

async function listen(port: number, handler: Handler): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    const refusal = refusalOf(request);
    if (refusal === undefined) void handler(request, response);
    else refuse(response, 403, refusal);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Starts everything `meshshift up` serves, on one port: App Mesh and its extensions, Step Functions, EventBridge, Lambda, the rollouts API and the
 * process workloads; and xDS on another. Requests that come before all of it is up wait.
 * @throws DeploymentError for a serverless.yml it cannot resolve; EADDRINUSE for a port that is taken.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  let open: (handler: Handler) => void = () => undefined;
  const ready = new Promise<Handler>((resolve) => {
    open = resolve;
  });
  const server = await listen(options.port, async (request, response) => (await ready)(request, response));
  const url = `http://127.0.0.1:${server.port}`;
  let services: Services;
  try {
    services = await openServices({ ...options, url });
  } catch (error) {
    await server.close();
    throw error;
  }
  open(createDispatcher(services, options.log));
  return {
    url,
    port: server.port,
    xdsPort: services.controlPlane.xdsPort,
    close: async () => {
      await services.close();
      await server.close();
    },
  };
}
