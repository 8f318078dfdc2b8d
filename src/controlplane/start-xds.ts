import { createAdsService, type AdsService } from './xds/ads-service.ts';
import { noArchive, type Archive } from './xds/archive.ts';
import { startXdsServer, type Tls } from './xds/server.ts';
import { noCertificates, withoutKeys, type CertificateSource } from './certificates/port.ts';
import { createPublisher, type EndpointReader, type Publisher } from './snapshot/publisher.ts';
import { createLrsService } from './telemetry/lrs-service.ts';
import { createMetricsService } from './telemetry/metrics-service.ts';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { after as realTime, type After } from './timers.ts';
import type { Access } from './access/access.ts';
import { guardCall } from './access/call-guard.ts';
import { isLoopback } from './access/loopback.ts';
import type { MeshReader } from './model/resources.ts';
import type { Log } from '../contracts/log.ts';

/** Where and how proxies connect. */
export interface XdsEndpoint {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Plain HTTP/2 without it. */
  readonly tls?: Tls;
  /** How many proxies may be connected for one virtual node or gateway. Default: any number. */
  readonly maxProxiesPerNode?: number;
  /** After how long a proxy is to connect anew, in milliseconds. Default: never. */
  readonly maxConnectionAgeMs?: number;
}

export interface XdsOptions {
  readonly reader: MeshReader;
  readonly endpoints: EndpointReader;
  readonly clock: () => number;
  readonly log: Log;
  readonly xds: XdsEndpoint;
  /** Remembers what proxies were offered; nothing by default. */
  readonly archive?: Archive;
  /** How often proxies report their load, in milliseconds. Default 200. */
  readonly reportIntervalMs?: number;
  readonly after?: After;
  /** Takes over what other control planes changed of a mesh until now; nothing where this is the only one. */
  readonly catchUp?: ((mesh: string) => Promise<void>) | undefined;
  /** Who may connect; without it only this machine is served. */
  readonly access?: Access | undefined;
  /** What `certificate.acm` and `trust.acm` of specs stand for; none by default. */
  readonly certificates?: CertificateSource | undefined;
}

/** The gRPC side of a control plane. */
export interface Xds {
  readonly port: number;
  readonly publisher: Publisher;
  readonly telemetry: Telemetry;
  readonly connected: AdsService['connected'];
  readonly exchanges: AdsService['exchanges'];
  /** Sends the proxies away, spread over so many milliseconds, and takes no new ones; what they were told they keep. */
  drain(overMs: number): Promise<void>;
  close(): void;
}

/** The control plane was told to listen where others can reach it, and not whom to let in. */
class AccessKeysMissing extends Error {
  override readonly name = 'AccessKeysMissing';
}

const PLAIN_TEXT = 'private keys are not sent in plain text to others than this machine: let the xDS port speak TLS (--tls-certificate, --tls-key)';

/** Private keys leave the machine by TLS or not at all. */
const fitFor = ({ host, tls }: XdsEndpoint, certificates: CertificateSource): CertificateSource =>
  tls !== undefined || isLoopback(host) ? certificates : withoutKeys(certificates, PLAIN_TEXT);

/**
 * Serves configuration from any mesh reader, and collects load reports.
 * @throws AccessKeysMissing
 */
export async function startXds(options: XdsOptions): Promise<Xds> {
  const { reader, endpoints, clock, log, xds, reportIntervalMs = 200, after = realTime, access, archive = noArchive, certificates = noCertificates, catchUp } = options;
  if (access === undefined && !isLoopback(xds.host)) throw new AccessKeysMissing(`xds: host ${xds.host}: must be of this machine alone (127.0.0.1), as long as no access keys are given`);
  const publisher = createPublisher(reader, endpoints, log, fitFor(xds, certificates));
  const telemetry = createTelemetry({ intervalMs: reportIntervalMs, clock, after });
  const ads = createAdsService({ publisher, archive, after, log, catchUp, ...(xds.maxProxiesPerNode === undefined ? {} : { maxProxiesPerNode: xds.maxProxiesPerNode }) });
  const close = (): void => {
    publisher.close();
    telemetry.close();
  };
  const server = await startXdsServer({
    ...xds,
    ads: guardCall(access, log, ads.state),
    delta: guardCall(access, log, ads.delta),
    lrs: guardCall(access, log, createLrsService(telemetry, reportIntervalMs)),
    metrics: guardCall(access, log, createMetricsService(telemetry, log)),
  }).catch((error: unknown) => {
    close();
    throw error;
  });
  return {
    port: server.port,
    publisher,
    telemetry,
    connected: ads.connected,
    exchanges: ads.exchanges,
    drain: (overMs) => server.drain(overMs, after),
    close: () => {
      server.close();
      close();
    },
  };
}
