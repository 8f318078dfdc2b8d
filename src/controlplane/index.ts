import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../contracts/log.ts';
import type { DocumentStore } from '../store/port.ts';
import { createAccess, type AccessOptions } from './access/access.ts';
import { guardHttp } from './access/http-guard.ts';
import { openCertificateFiles, type CertificateFiles } from './certificates/open-certificates.ts';
import { openMeshApi } from './api/mesh-api.ts';
import type { Quotas } from './api/rules/quotas.ts';
import { cloudMapEndpoint, cloudMapFinder } from './endpoints/cloud-map-finder.ts';
import { createCloudMap } from './endpoints/cloud-map.ts';
import { openEndpointRegistry } from './endpoints/endpoint-registry.ts';
import { withInstances } from './endpoints/with-instances.ts';
import { createExtensions } from './http/extensions.ts';
import { collectMetrics } from './metrics/collect.ts';
import { watchEventLoop } from './metrics/event-loop-lag.ts';
import { expose } from './metrics/exposition.ts';
import type { TelemetryReader } from './model/counts.ts';
import { followChanges } from './peers/follow-changes.ts';
import { openSharing, type SharingOptions } from './peers/open-sharing.ts';
import { startXds, type XdsEndpoint } from './start-xds.ts';
import { after } from './timers.ts';
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
  /** Where AWS Cloud Map is asked for instances; by default what AWS_ENDPOINT_URL_SERVICEDISCOVERY or AWS_ENDPOINT_URL say, else AWS's own endpoint. */
  readonly cloudMapEndpoint?: string;
  /** A mapping of ACM's ARNs to PEM files (docs/certificates.md), looked at again and again; without it specs with such ARNs have no TLS that works. */
  readonly certificatesFile?: string;
  /** How many there may be of what; any number without them. */
  readonly quotas?: Quotas;
  /** Others may be control planes over the same store at the same time: what they change and know comes in too. Without it this is the only one. */
  readonly sharing?: SharingOptions;
}

export interface ControlPlane {
  /** Whether a request (path with or without query) is this control plane's to answer. */
  owns(method: string, path: string): boolean;
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly xdsPort: number;
  readonly telemetry: TelemetryReader;
  /** Where there are others: they ask this one no more. Its proxies are sent away one after another, within so many milliseconds, and no new ones are taken. */
  drain(overMs: number): Promise<void>;
  close(): Promise<void>;
}

const openCertificates = async ({ certificatesFile, clock, log }: ControlPlaneOptions): Promise<CertificateFiles | undefined> =>
  certificatesFile === undefined ? undefined : await openCertificateFiles({ file: certificatesFile, clock, after, log });

/**
 * App Mesh's API, its extensions, and xDS for Envoy and proxyless gRPC, over one store.
 * @throws Error when the store cannot be read or the xDS port is taken; InvalidInput for a mapping of certificates that cannot be used.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, log } = options;
  const sharing = options.sharing === undefined ? undefined : openSharing(options.sharing, { ...options, after });
  const api = await openMeshApi({ ...options, changes: sharing?.changes });
  const endpoints = await openEndpointRegistry(store, sharing?.changes);
  const access = options.access === undefined ? undefined : createAccess(options.access, options.region, options.clock);
  const archive = openArchive(store, options.clock, log, sharing?.instance);
  const finder = cloudMapFinder({ region: options.region, endpoint: options.cloudMapEndpoint ?? cloudMapEndpoint(process.env) });
  const certificates = await openCertificates(options);
  const company = await sharing?.join().catch((error: unknown) => {
    certificates?.close();
    throw error;
  });
  const cloudMap = createCloudMap({ reader: api.reader, finder, after, log });
  const { proxiesPerNode: maxProxiesPerNode } = options.quotas ?? {};
  const endpoint = { ...(maxProxiesPerNode === undefined ? {} : { maxProxiesPerNode }), ...options.xds };
  const xds = await startXds({ ...options, xds: endpoint, reader: api.reader, endpoints: withInstances(endpoints, cloudMap), access, archive, certificates, catchUp: api.shared?.catchUp }).catch((error: unknown) => {
    company?.close();
    cloudMap.close();
    certificates?.close();
    throw error;
  });
  const { publisher, telemetry, connected, exchanges } = xds;
  const lag = watchEventLoop();
  const sources = { reader: api.reader, telemetry, connected, exchanges, lag, startedAt: options.clock() - process.uptime() * 1000 };
  const metrics = (mesh?: string): string => expose(collectMetrics(sources, mesh));
  const stopFollowing = sharing === undefined || api.shared === undefined ? undefined : followChanges({ ...sharing, meshes: api.shared, endpoints, after, log });
  const extensions = createExtensions({ endpoints, telemetry, reader: api.reader, publisher, connected, metrics, company, catchUp: api.shared?.catchUp, log });
  const leave = async (): Promise<void> => {
    await company?.leave().catch((error: unknown) => log('warn', 'other control planes could not be told that this one ends', { error: String(error) }));
  };
  return {
    owns: (method, path) => api.owns(method, path) || extensions.owns(path),
    handle: guardHttp(access, log, (request, response) => (extensions.owns(request.url ?? '') ? extensions : api).handle(request, response)),
    xdsPort: xds.port,
    telemetry: company?.readTelemetry(telemetry) ?? telemetry,
    drain: async (overMs) => {
      await xds.drain(overMs);
      await leave();
    },
    close: async () => {
      stopFollowing?.();
      company?.close();
      await leave();
      lag.close();
      cloudMap.close();
      certificates?.close();
      xds.close();
      await archive.close();
    },
  };
}
