import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../contracts/log.ts';
import type { DocumentStore } from '../store/port.ts';
import { createAccess, type AccessOptions } from './access/access.ts';
import { guardHttp } from './access/http-guard.ts';
import { openMeshApi } from './api/mesh-api.ts';
import { openEndpointRegistry } from './endpoints/endpoint-registry.ts';
import { createExtensions } from './http/extensions.ts';
import type { TelemetryReader } from './model/counts.ts';
import { startXds, type XdsEndpoint } from './start-xds.ts';
import { openArchive } from './xds/archive.ts';

export interface ControlPlaneOptions {
  /** Stays the caller's: it is not closed with the control plane. */
  readonly store: DocumentStore;
  readonly region: string;
  readonly accountId: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Log;
  /** Where proxies connect; port 0 takes a free one. */
  readonly xds: XdsEndpoint;
  /** How often proxies report their load, in milliseconds. Default 200. */
  readonly reportIntervalMs?: number;
  /** Who may call, by access keys of its own; without it only this machine is served. */
  readonly access?: AccessOptions;
}

export interface ControlPlane {
  /** Whether a request (path with or without query) is this control plane's to answer. */
  owns(method: string, path: string): boolean;
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly xdsPort: number;
  readonly telemetry: TelemetryReader;
  close(): Promise<void>;
}

/**
 * App Mesh's API, its extensions, and xDS for Envoy and proxyless gRPC, over one store.
 * @throws Error when the store cannot be read or the xDS port is taken.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, log } = options;
  const api = await openMeshApi(options);
  const endpoints = await openEndpointRegistry(store);
  const access = options.access === undefined ? undefined : createAccess(options.access, options.region, options.clock);
  const archive = openArchive(store, options.clock, log);
  const xds = await startXds({ ...options, reader: api.reader, endpoints, access, archive });
  const { publisher, telemetry, connected } = xds;
  const extensions = createExtensions({ endpoints, telemetry, reader: api.reader, publisher, connected, log });
  return {
    owns: (method, path) => api.owns(method, path) || extensions.owns(path),
    handle: guardHttp(access, log, (request, response) => (extensions.owns(request.url ?? '') ? extensions : api).handle(request, response)),
    xdsPort: xds.port,
    telemetry,
    close: async () => {
      xds.close();
      await archive.close();
    },
  };
}
