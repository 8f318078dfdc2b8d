export type { BootstrapCredentials, BootstrapTls } from './access.ts';
export { envoyBootstrap, type EnvoyBootstrapOptions } from './envoy-bootstrap.ts';
export { grpcBootstrap, type GrpcBootstrapOptions } from './grpc-bootstrap.ts';
export { STATISTICS, type Statistics } from './statistics.ts';
export { parseNodeId } from './node-id.ts';
