import { Server, ServerCredentials, type ServiceDefinition, type UntypedHandleCall } from '@grpc/grpc-js';

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
const LRS_PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';

const OPTIONS = {
  // A proxy that vanished without a word is noticed within 50 s.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A load report of thousands of clusters exceeds gRPC's own 4 MB.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
};

export interface XdsServer {
  readonly port: number;
  close(): void;
}

export interface XdsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly ads: UntypedHandleCall;
  readonly lrs: UntypedHandleCall;
}

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/**
 * Serves configuration and takes load reports on one gRPC port, without TLS.
 * @throws Error when the port is taken.
 */
export function startXdsServer({ host, port, ads, lrs }: XdsServerOptions): Promise<XdsServer> {
  const server = new Server(OPTIONS);
  server.addService({ ads: bidirectional(ADS_PATH), lrs: bidirectional(LRS_PATH) }, { ads, lrs });
  return new Promise((resolve, reject) => {
    server.bindAsync(addressOf(host, port), ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve({ port: bound, close: () => server.forceShutdown() });
      else reject(error);
    });
  });
}
