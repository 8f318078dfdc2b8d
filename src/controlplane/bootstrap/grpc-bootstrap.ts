import type { BootstrapTls } from './access.ts';

/** What a proxyless gRPC client needs to know to join the mesh. */
export interface GrpcBootstrapOptions {
  /** `mesh/M/virtualNode/N` or the full ARN: the client sees that node's backends. */
  readonly nodeId: string;
  readonly xdsHost: string;
  readonly xdsPort: number;
  /** The server's name is always the host: gRPC's bootstrap has no field for another. Plain text without it. */
  readonly tls?: Omit<BootstrapTls, 'name'>;
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** gRPC's proposal A65: `tls` with files that are read anew as they change. Node's client (grpc-js-xds 1.14) knows `insecure` only. */
const channelCredentials = (tls: GrpcBootstrapOptions['tls']): object =>
  tls === undefined
    ? { type: 'insecure' }
    : {
        type: 'tls',
        config: { ca_certificate_file: tls.authorities, ...(tls.client === undefined ? {} : { certificate_file: tls.client.certificate, private_key_file: tls.client.key }) },
      };

/** The gRPC xDS bootstrap: its JSON goes into GRPC_XDS_BOOTSTRAP_CONFIG, or a file named by GRPC_XDS_BOOTSTRAP. */
export const grpcBootstrap = ({ nodeId, xdsHost, xdsPort, tls }: GrpcBootstrapOptions): object => ({
  xds_servers: [{ server_uri: `${bracketed(xdsHost)}:${xdsPort}`, channel_creds: [channelCredentials(tls)], server_features: ['xds_v3'] }],
  // grpc-js-xds refuses a node without a locality.
  node: { id: nodeId, cluster: nodeId, locality: {} },
});
