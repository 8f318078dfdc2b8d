import { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/contracts/log.ts';
import { createAccess, type AccessOptions } from '../../../src/controlplane/access/access.ts';
import { guardHttp } from '../../../src/controlplane/access/http-guard.ts';
import { openMeshApi, type MeshApi, type MeshApiOptions } from '../../../src/controlplane/api/mesh-api.ts';
import { openLibsqlStore } from '../../../src/store/libsql.ts';

export interface MeshServer {
  readonly url: string;
  readonly api: MeshApi;
  readonly client: AppMeshClient;
  /** Closes the server and the store; the store's file stays. */
  close(): Promise<void>;
}

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** The API over HTTP on loopback, on a libSQL file, with a clock that the test moves. @param access who may call; without it everybody */
export async function startMeshServer(file: string, options: Partial<MeshApiOptions> = {}, access?: AccessOptions): Promise<MeshServer> {
  const store = openLibsqlStore(file);
  const api = await openMeshApi({ store, region: REGION, accountId: ACCOUNT, clock: () => Date.now(), log: silent, ...options });
  const handle = guardHttp(access === undefined ? undefined : createAccess(access, REGION, Date.now), silent, (request, response) => api.handle(request, response));
  const server = createServer((request, response) => void handle(request, response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  const client = new AppMeshClient({ endpoint: url, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 });
  return {
    url,
    api,
    client,
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

/** A folder for a test's files, and how to remove it. */
export async function makeFolder(): Promise<{ readonly file: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-api-'));
  return { file: join(folder, 'meshshift.db'), remove: () => rm(folder, { recursive: true, force: true }) };
}
