export { findEnvoy } from './find-envoy.ts';
export { EnvoyFailed, startEnvoy, type RunningEnvoy } from './start-envoy.ts';
export { validateBootstrap } from './validate-bootstrap.ts';
