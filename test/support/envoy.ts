import { createServer } from 'node:net';
import { envoyBootstrap, type EnvoyBootstrapOptions } from '../../src/controlplane/bootstrap/index.ts';
import { silent, type Log } from '../../src/contracts/log.ts';
import { findEnvoy, startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { CALLER, SERVICE } from './walkthrough.ts';

/** The Envoy to test with, if there is one; downloaded once and then cached. */
export const envoyBinary = await findEnvoy({ download: true, timeoutMs: 60_000, log: silent });

/** Below what systems give to connections that go out: one of these would take the port before whoever it is for listens. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
}

/** The walkthrough's calling proxy: an Envoy that listens for its backend on a loopback port. */
export async function startCallerEnvoy(xdsPort: number, options: Pick<EnvoyBootstrapOptions, 'statistics'> = {}, log: Log = silent): Promise<RunningEnvoy & { readonly port: number }> {
  const port = await freePort();
  const bootstrap = envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort, listen: { [SERVICE]: port }, ...options });
  const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log });
  return { ...envoy, port };
}
