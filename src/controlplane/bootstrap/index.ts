export type { BootstrapCredentials, BootstrapTls } from './access.ts';
export { envoyBootstrap, type EnvoyBootstrapOptions } from './envoy-bootstrap.ts';
export { grpcBootstrap, type GrpcBootstrapOptions } from './grpc-bootstrap.ts';
export { STATISTICS, type Statistics } from './statistics.ts';
export { parseNodeId, type NodeIdentity } from './node-id.ts';
