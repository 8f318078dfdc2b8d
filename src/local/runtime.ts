import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '../controlplane/access/loopback.ts';
import { refusalOf } from '../controlplane/http/host-guard.ts';
import type { ControlPlane } from '../controlplane/index.ts';
import type { Exposure } from './exposure.ts';
import { LINK_PATH } from '../rollout/links/links.ts';
import { openServices, type Services, type ServicesOptions } from './services.ts';
import { answer } from './server/answer.ts';
import { createDispatcher } from './server/dispatch.ts';

/** As the services' options; their `url` comes of the port. */
export interface RuntimeOptions extends Omit<ServicesOptions, 'url'> {
  /** Where clients connect, on 127.0.0.1; 0 takes a free port. */
  readonly port: number;
}

export interface Runtime {
  readonly url: string;
  readonly port: number;
  readonly xdsPort: number;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function refuse(response: ServerResponse, status: number, message: string): void {
  answer(response, status, JSON.stringify({ error: 'Forbidden', message }), { connection: 'close' });
}

async function listen(host: string, port: number, handler: Handler): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => void handler(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
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

interface Rooms {
  readonly everything: Handler;
  readonly controlPlane: () => Promise<ControlPlane>;
  /** By which name people come who follow links. */
  readonly linksHost: string | undefined;
}

/** From this machine everything is served, from elsewhere the control plane alone, which asks for credentials; a proxy on this machine may bring people to links. */
const createDoor = ({ everything, controlPlane, linksHost }: Rooms): Handler => async (request, response) => {
  if (isLoopback(request.socket.localAddress)) {
    const isLink = request.url?.startsWith(`${LINK_PATH}?`) === true;
    const refusal = refusalOf(request, isLink ? linksHost : undefined);
    if (refusal === undefined) await everything(request, response);
    else refuse(response, 403, refusal);
    return;
  }
  const served = await controlPlane();
  if (served.owns(request.method ?? '', request.url ?? '')) await served.handle(request, response);
  else refuse(response, 403, `${(request.url ?? '').split('?')[0] ?? ''} is served on this machine alone`);
};

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Listens on loopback, and where asked on another address at the same port. */
async function listenAll(exposure: Exposure | undefined, port: number, door: Handler): ReturnType<typeof listen> {
  const host = exposure?.host ?? '127.0.0.1';
  if (isLoopback(host) || WILDCARDS.has(host)) return await listen(WILDCARDS.has(host) ? host : '127.0.0.1', port, door);
  const inner = await listen('127.0.0.1', port, door);
  try {
    const outer = await listen(host, inner.port, door);
    const close = async (): Promise<void> => {
      await Promise.all([inner.close(), outer.close()]);
    };
    return { port: inner.port, close };
  } catch (error) {
    await inner.close();
    throw error;
  }
}

/**
 * Starts everything `meshshift up` serves, on one port: App Mesh and its extensions, Step Functions, EventBridge, Lambda, the rollouts API and the
 * process workloads; and xDS on another. Requests that come before all of it is up wait.
 * @throws DeploymentError for a serverless.yml it cannot resolve; EADDRINUSE for a port that is taken.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  let open: (opened: { everything: Handler; controlPlane: ControlPlane }) => void = () => undefined;
  const ready = new Promise<{ everything: Handler; controlPlane: ControlPlane }>((resolve) => {
    open = resolve;
  });
  const linksHost = options.linksUrl === undefined ? undefined : new URL(options.linksUrl).hostname;
  const door = createDoor({ everything: async (request, response) => (await ready).everything(request, response), controlPlane: async () => (await ready).controlPlane, linksHost });
  const server = await listenAll(options.exposure, options.port, door);
  const url = `http://127.0.0.1:${server.port}`;
  let services: Services;
  try {
    services = await openServices({ ...options, url });
  } catch (error) {
    await server.close();
    throw error;
  }
  open({ everything: createDispatcher(services, options.log), controlPlane: services.controlPlane });
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
