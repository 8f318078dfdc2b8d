import { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent, type Log } from '../../src/contracts/log.ts';
import type { AccessOptions } from '../../src/controlplane/access/access.ts';
import { startControlPlane, type ControlPlane } from '../../src/controlplane/index.ts';
import type { Tls } from '../../src/controlplane/xds/server.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import type { DocumentStore } from '../../src/store/port.ts';

/** A control plane in this process, behind HTTP on loopback, over a store in a folder of its own. */
export interface TestControlPlane {
  readonly url: string;
  readonly xdsPort: number;
  readonly controlPlane: ControlPlane;
  readonly client: AppMeshClient;
  readonly folder: string;
  /** From here on its HTTP side refuses connections, and nothing else of it ends. */
  silence(): void;
  /** Ends it; the folder stays, for a successor. */
  stop(): Promise<void>;
  /** Ends it and removes the folder. */
  dispose(): Promise<void>;
}

export interface TestControlPlaneOptions {
  readonly folder?: string;
  readonly xdsPort?: number;
  readonly log?: Log;
  readonly reportIntervalMs?: number;
  readonly access?: AccessOptions;
  readonly clock?: () => number;
  readonly tls?: Tls;
  readonly certificatesFile?: string;
  /** In the place of a store in the folder; closed with the control plane. */
  readonly store?: DocumentStore;
  /** Whether others are control planes over the same store. */
  readonly shared?: boolean;
}

/** A fresh folder under the system's temporary one. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'meshshift-test-'));

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** An App Mesh client for a base URL, as any user would make it. */
export const appMeshClient = (endpoint: string): AppMeshClient =>
  new AppMeshClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 });

async function close(server: Server, controlPlane: ControlPlane, store: DocumentStore): Promise<void> {
  await controlPlane.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
}

/** Starts one; with `folder` and `xdsPort` of a stopped one it takes its place. */
export async function startTestControlPlane(options: TestControlPlaneOptions = {}): Promise<TestControlPlane> {
  const { folder = temporaryFolder(), xdsPort = 0, log = silent, reportIntervalMs, access, clock = Date.now, tls, certificatesFile, store = openLibsqlStore(join(folder, 'meshshift.db')), shared = false } = options;
  const serving: { plane?: ControlPlane } = {};
  const server = createServer((request, response) => void serving.plane?.handle(request, response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  const controlPlane = await startControlPlane({
    store,
    region: 'us-east-1',
    accountId: '000000000000',
    clock,
    log,
    xds: { host: '127.0.0.1', port: xdsPort, ...(tls === undefined ? {} : { tls }) },
    ...(reportIntervalMs === undefined ? {} : { reportIntervalMs }),
    ...(access === undefined ? {} : { access }),
    ...(certificatesFile === undefined ? {} : { certificatesFile }),
    ...(shared ? { sharing: { url } } : {}),
  }).catch((error: unknown) => {
    server.close();
    throw error;
  });
  serving.plane = controlPlane;
  const client = appMeshClient(url);
  const stop = async (): Promise<void> => {
    client.destroy();
    await close(server, controlPlane, store);
  };
  return {
    url,
    xdsPort: controlPlane.xdsPort,
    controlPlane,
    client,
    folder,
    silence: () => {
      server.close();
      server.closeAllConnections();
    },
    stop,
    dispose: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
