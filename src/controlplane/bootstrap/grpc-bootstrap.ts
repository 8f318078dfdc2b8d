/** What a proxyless gRPC client needs to know to join the mesh. */
export interface GrpcBootstrapOptions {
  /** `mesh/M/virtualNode/N` or the full ARN: the client sees that node's backends. */
  readonly nodeId: string;
  readonly xdsHost: string;
  readonly xdsPort: number;
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The gRPC xDS bootstrap: its JSON goes into GRPC_XDS_BOOTSTRAP_CONFIG, or a file named by GRPC_XDS_BOOTSTRAP. */
export const grpcBootstrap = ({ nodeId, xdsHost, xdsPort }: GrpcBootstrapOptions): object => ({
  xds_servers: [{ server_uri: `${bracketed(xdsHost)}:${xdsPort}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  // grpc-js-xds refuses a node without a locality.
  node: { id: nodeId, cluster: nodeId, locality: {} },
});
