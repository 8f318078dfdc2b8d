import { createServer, type AddressInfo } from 'node:net';
import type { Log } from '../../contracts/log.ts';
import { envoyBootstrap, grpcBootstrap } from '../../controlplane/bootstrap/index.ts';
import { findEnvoy, startEnvoy } from '../../local/envoy/index.ts';

/** How the caller's requests reach svc1. */
export interface DataPlane {
  readonly kind: 'envoy' | 'grpc';
  /** For people. */
  readonly about: string;
  /** What the caller needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const SERVICE = 'svc1.pgMesh.local';
/** Who calls: a node whose backend is svc1. */
const CALLER_ID = 'mesh/pgMesh/virtualNode/svcNode2';
const DOWNLOAD_MS = 15_000;

interface Xds {
  readonly xdsPort: number;
  readonly log: Log;
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function proxylessDataPlane({ xdsPort }: Pick<Xds, 'xdsPort'>, why: string): DataPlane {
  const bootstrap = grpcBootstrap({ nodeId: CALLER_ID, xdsHost: '127.0.0.1', xdsPort });
  return {
    kind: 'grpc',
    about: `proxyless gRPC: the caller gets its routes over xDS itself (${why})`,
    env: { TARGET: `xds:///${SERVICE}`, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
    stop: () => Promise.resolve(),
  };
}

async function envoyDataPlane(binary: string, { xdsPort, log }: Xds): Promise<DataPlane> {
  const port = await freePort();
  const bootstrap = envoyBootstrap({ nodeId: CALLER_ID, xdsHost: '127.0.0.1', xdsPort, listen: { [SERVICE]: port } });
  const envoy = await startEnvoy({ binary, bootstrap, log });
  return {
    kind: 'envoy',
    about: `Envoy ${binary} (process ${envoy.pid}), which the caller reaches at 127.0.0.1:${port}`,
    env: { TARGET: `127.0.0.1:${port}` },
    stop: () => envoy.stop(),
  };
}

/** An Envoy's binary, or why there is none. */
export type FoundEnvoy = { readonly binary: string } | { readonly reason: string };

/** An Envoy when there is one or it can be had in time; begun early, as a download takes a while. */
export async function lookForEnvoy(wanted: boolean, log: Log): Promise<FoundEnvoy> {
  if (!wanted) return { reason: 'as asked for' };
  let reason = 'no Envoy here';
  const binary = await findEnvoy({
    download: true,
    timeoutMs: DOWNLOAD_MS,
    log: (level, message, fields) => {
      if (level === 'warn' && typeof fields?.['reason'] === 'string') reason = `${message}: ${fields['reason']}`;
      log(level, message, fields);
    },
  });
  return binary === undefined ? { reason } : { binary };
}

/** The data plane with Envoy, or without it when there is none or it does not start. */
export async function openDataPlane(envoy: FoundEnvoy, xds: Xds): Promise<DataPlane> {
  if ('reason' in envoy) return proxylessDataPlane(xds, envoy.reason);
  try {
    return await envoyDataPlane(envoy.binary, xds);
  } catch (error) {
    xds.log('warn', 'Envoy does not start here', { binary: envoy.binary, error: (error as Error).message });
    return proxylessDataPlane(xds, 'Envoy does not start here');
  }
}
