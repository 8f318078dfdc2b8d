import { SFNClient } from '@aws-sdk/client-sfn';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../contracts/log.ts';
import type { Grants } from '../controlplane/access/grants.ts';
import { isLoopback } from '../controlplane/access/loopback.ts';
import type { Quotas } from '../controlplane/api/rules/quotas.ts';
import { refusalOf } from '../controlplane/http/host-guard.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/index.ts';
import type { Tls } from '../controlplane/xds/server.ts';
import type { AccessKey } from '../mesh/sign.ts';
import type { OpenPolled } from '../metrics/sources.ts';
import { startWatch, type Watch } from '../rollout/watch/start-watch.ts';
import type { DocumentStore } from '../store/port.ts';
import { listen, type Listener } from './listen.ts';
import { ownAddress } from './own-address.ts';

export interface ServiceOptions {
  /** Stays the caller's. */
  readonly store: DocumentStore;
  readonly region: string;
  /** 12 digits: the owner of every mesh. */
  readonly accountId: string;
  readonly log: Log;
  /** An address of this machine, or `0.0.0.0` or `::` for all of them. */
  readonly host: string;
  /** 0 takes a free port; so with the next. */
  readonly port: number;
  readonly xdsPort: number;
  /** Who is let in; without it only this machine is served. */
  readonly grants?: Grants;
  /** For both ports; without it they speak plain text. */
  readonly tls?: Tls;
  readonly certificatesFile?: string;
  readonly quotas?: Quotas;
  /** What task tokens at rest are sealed with: base64 of 32 bytes; empty where they are not. */
  readonly tokenKey: string;
  /** How the watch reads metrics that have queries; without it, it judges by those of the mesh alone. */
  readonly openPolled?: OpenPolled;
  /** Others may serve the same store: how they reach this one (`auto`: by its own address), and the key that all have. */
  readonly sharing?: { readonly advertise: string; readonly key?: AccessKey };
}

export interface Service {
  readonly url: string;
  readonly port: number;
  readonly xdsPort: number;
  /**
   * Ends in order: says that it is going (health), and waits so that a load balancer sends nobody any more; then sends its proxies away one after another, and answers what was asked.
   * @param waitMs until nobody new comes @param overMs within which proxies are sent away
   */
  drain(waitMs: number, overMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A table is paid by the request. The watch finds a new bake within this time; what is decisive of one that it knows is told at once. */
const STORE_EVERY_MS = 1000;

const HEALTH = '/meshshift/v1/health';

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What one port serves: the control plane, and to everybody whether it is well. */
function createDoor(state: { draining: boolean; plane?: ControlPlane }, isOpen: boolean) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    if (path === HEALTH) {
      const status = state.plane === undefined ? 'starting' : state.draining ? 'draining' : 'serving';
      sendJson(response, status === 'serving' ? 200 : 503, { status });
      return;
    }
    const refusal = isOpen ? refusalOf(request) : undefined;
    if (refusal !== undefined) sendJson(response, 403, { code: 'ForbiddenException', message: refusal });
    else if (state.plane?.owns(request.method ?? '', path) === true) void state.plane.handle(request, response);
    else if (state.plane === undefined) sendJson(response, 503, { code: 'ServiceUnavailableException', message: 'the control plane is starting' });
    else sendJson(response, 404, { code: 'NotFoundException', message: `${path.split('?')[0]?.slice(0, 200) ?? ''} is nothing that this control plane serves` });
  };
}

/** How other control planes reach this one; undefined where they should not. */
function advertised({ sharing, host, tls }: ServiceOptions, port: number): string | undefined {
  if (sharing === undefined || sharing.advertise === 'none') return undefined;
  if (sharing.advertise !== 'auto') return sharing.advertise;
  return tls === undefined ? `http://${ownAddress(host)}:${port}` : undefined;
}

async function open(options: ServiceOptions, listener: Listener): Promise<{ plane: ControlPlane; watch: Watch; stepFunctions: SFNClient }> {
  const { store, region, accountId, log, host, xdsPort, grants, tls, certificatesFile, quotas, sharing, tokenKey, openPolled } = options;
  const url = advertised(options, listener.port);
  if (sharing !== undefined && sharing.advertise === 'auto' && url === undefined) log('warn', 'with TLS of its own this control plane cannot tell by which name others reach it: give it with --advertise, else each judges by its own proxies alone');
  const plane = await startControlPlane({
    store,
    region,
    accountId,
    clock: Date.now,
    log,
    xds: { host, port: xdsPort, ...(tls === undefined ? {} : { tls }) },
    ...(grants === undefined ? {} : { access: { grants } }),
    ...(certificatesFile === undefined ? {} : { certificatesFile }),
    ...(quotas === undefined ? {} : { quotas }),
    ...(sharing === undefined ? {} : { sharing: { ...(url === undefined ? {} : { url }), ...(sharing.key === undefined ? {} : { key: sharing.key }) } }),
  });
  const stepFunctions = new SFNClient({ region });
  const watch = startWatch({ store, telemetry: plane.telemetry, ...(openPolled === undefined ? {} : { openPolled }), stepFunctions, tokenKey, storeEveryMs: STORE_EVERY_MS, log, clock: Date.now });
  return { plane, watch, stepFunctions };
}

/**
 * The control plane as a service: App Mesh's API and its extensions on one port, xDS and reports on another, and the watch, which ends bakes by Step Functions.
 * @throws AccessKeysMissing for a host beyond this machine without grants; EADDRINUSE for a port that is taken
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { host, port, grants, tls, log } = options;
  const state: { draining: boolean; plane?: ControlPlane } = { draining: false };
  const listener = await listen(host, port, tls, createDoor(state, grants === undefined));
  const { plane, watch, stepFunctions } = await open(options, listener).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });
  state.plane = plane;
  const shown = host.includes(':') ? `[${host}]` : isLoopback(host) ? '127.0.0.1' : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${listener.port}`,
    port: listener.port,
    xdsPort: plane.xdsPort,
    drain: async (waitMs, overMs) => {
      state.draining = true;
      log('info', 'draining', { waitMs, overMs });
      await wait(waitMs);
      await watch.close();
      await plane.drain(overMs);
      await Promise.race([listener.drain(), wait(overMs)]);
    },
    close: async () => {
      await watch.close();
      await plane.close();
      await listener.close();
      stepFunctions.destroy();
    },
  };
}
