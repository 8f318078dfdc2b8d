import { Server, ServerCredentials, status, type ServerDuplexStream, type ServerOptions, type ServiceDefinition } from '@grpc/grpc-js';
import { refuse } from '../access/refuse-stream.ts';
import type { After } from '../timers.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;
type Serve = (call: Call) => void;

/** Bytes in, bytes out: messages are encoded once for all streams, and decoded only as far as they are read. */
const identity = (bytes: Buffer): Buffer => bytes;

const bidirectional = (path: string): ServiceDefinition[string] => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

const ADS_PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const DELTA_PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const LRS_PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';
/** Only its client streams; a service that may stream too serves it alike. */
const METRICS_PATH = '/envoy.service.metrics.v3.MetricsService/StreamMetrics';

const OPTIONS = {
  // A proxy that vanished without a word is noticed within 50 s.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A load report of thousands of clusters exceeds gRPC's own 4 MB.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
};

/** Connections older than the age asked for are closed within this time. */
const AGE_GRACE_MS = 10_000;

/** PEM each. */
export interface Tls {
  readonly certificate: string;
  readonly key: string;
  /** Whose client certificates are taken. With it every client must show one. */
  readonly clientAuthorities?: string;
}

export interface XdsServer {
  readonly port: number;
  /** Takes no new connection and sends away those there are, spread over so many milliseconds: each client connects anew, elsewhere. Resolves when all have been sent away. */
  drain(overMs: number, after: After): Promise<void>;
  close(): void;
}

export interface XdsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Plain HTTP/2 without it. */
  readonly tls?: Tls | undefined;
  /** After how long a client is to connect anew (and show its credentials again), in milliseconds. Unlimited by default. */
  readonly maxConnectionAgeMs?: number | undefined;
  readonly ads: Serve;
  readonly delta: Serve;
  readonly lrs: Serve;
  readonly metrics: Serve;
}

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function credentialsOf(tls: Tls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certificate, key, clientAuthorities } = tls;
  const authorities = clientAuthorities === undefined ? null : Buffer.from(clientAuthorities);
  return ServerCredentials.createSsl(authorities, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }], authorities !== null);
}

const ageOptions = (age: number | undefined): ServerOptions => (age === undefined ? {} : { 'grpc.max_connection_age_ms': age, 'grpc.max_connection_age_grace_ms': AGE_GRACE_MS });

interface OpenCalls {
  readonly follow: (serve: Serve) => Serve;
  /** Ends the calls of one client after another. A client keeps what it was told, and asks elsewhere. */
  readonly endAll: (overMs: number, after: After) => Promise<void>;
}

const GOING = 'this control plane is ending; connect anew';

function trackCalls(): OpenCalls {
  const open = new Set<Call>();
  return {
    follow: (serve) => (call) => {
      open.add(call);
      for (const event of ['cancelled', 'error', 'close', 'finish']) call.on(event, () => open.delete(call));
      serve(call);
    },
    endAll: async (overMs, after) => {
      const peers = [...new Set([...open].map((call) => call.getPeer()))];
      for (const peer of peers) {
        for (const call of [...open].filter((one) => one.getPeer() === peer)) refuse(call, status.UNAVAILABLE, GOING);
        await new Promise<void>((resolve) => after(overMs / peers.length, resolve));
      }
    },
  };
}

/**
 * Serves configuration and takes load reports and latencies on one gRPC port.
 * @throws Error when the port is taken, or a certificate or key is none.
 */
export function startXdsServer({ host, port, tls, maxConnectionAgeMs, ads, delta, lrs, metrics }: XdsServerOptions): Promise<XdsServer> {
  const server = new Server({ ...OPTIONS, ...ageOptions(maxConnectionAgeMs) });
  const { follow, endAll } = trackCalls();
  server.addService(
    { ads: bidirectional(ADS_PATH), delta: bidirectional(DELTA_PATH), lrs: bidirectional(LRS_PATH), metrics: bidirectional(METRICS_PATH) },
    { ads: follow(ads), delta: follow(delta), lrs: follow(lrs), metrics: follow(metrics) },
  );
  const credentials = credentialsOf(tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(addressOf(host, port), credentials, (error, bound) => {
      if (error !== null) {
        reject(error);
        return;
      }
      resolve({
        port: bound,
        drain: async (overMs, after) => {
          server.unbind(addressOf(host, bound));
          await endAll(overMs, after);
        },
        close: () => server.forceShutdown(),
      });
    });
  });
}
