import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { envoyBootstrap, type EnvoyBootstrapOptions } from '../../src/controlplane/bootstrap/index.ts';
import { silent, type Log } from '../../src/contracts/log.ts';
import { findEnvoy, startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { CALLER, SERVICE } from './walkthrough.ts';

/** The Envoy to test with, if there is one; downloaded once and then cached. */
export const envoyBinary = await findEnvoy({ download: true, timeoutMs: 60_000, log: silent });

/** A port of loopback that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** The walkthrough's calling proxy: an Envoy that listens for its backend on a loopback port. */
export async function startCallerEnvoy(xdsPort: number, options: Pick<EnvoyBootstrapOptions, 'statistics'> = {}, log: Log = silent): Promise<RunningEnvoy & { readonly port: number }> {
  const port = await freePort();
  const bootstrap = envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort, listen: { [SERVICE]: port }, ...options });
  const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log });
  return { ...envoy, port };
}
