export { findEnvoy, type FindEnvoyOptions } from './find-envoy.ts';
export { EnvoyFailed, startEnvoy, type RunningEnvoy, type StartEnvoyOptions } from './start-envoy.ts';
export { validateBootstrap } from './validate-bootstrap.ts';
