import { AppMeshClient, CreateMeshCommand } from '@aws-sdk/client-app-mesh';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { silent } from '../../src/contracts/log.ts';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { encode } from '../../src/controlplane/xds/codec.ts';
import { startRuntime, type Runtime } from '../../src/local/runtime.ts';
import { describeWith } from '../support/components.ts';

const KEY = { accessKeyId: 'MSADMIN', secretAccessKey: 'admin-secret-0123456789' };
const TOKEN = 'a-token-of-sixteen-characters';
const GRANTS = parseGrants(JSON.stringify({ keys: [KEY], tokens: [{ name: 'proxy', token: TOKEN }] }));
const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';

const outside = Object.values(networkInterfaces()).flat().find((one) => one?.family === 'IPv4' && !one.internal)?.address;

describeWith('network interface beside loopback', outside !== undefined, 'a runtime that others may reach', () => {
  let folder: string;
  let runtime: Runtime;

  const start = async (host: string): Promise<void> => {
    runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: join(folder, 'data'), deploymentFile: join(folder, 'serverless.yml'), log: silent, exposure: { host, grants: GRANTS } });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-exposure-'));
    writeFileSync(join(folder, 'serverless.yml'), 'service: shop\nprovider: { name: aws, stage: dev }\nfunctions:\n  echo: { handler: handlers.echo }\nresources: { Resources: {} }\n');
    writeFileSync(join(folder, 'handlers.mjs'), 'export const echo = async (event) => event;\n');
  });
  afterEach(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The status with which a stream for a node that is not there ends: 3 for who was let in. */
  const proxyStatus = (host: string, token?: string): Promise<number> =>
    new Promise((resolve) => {
      const client = new Client(`${host}:${runtime.xdsPort}`, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      const same = (bytes: Buffer): Buffer => bytes;
      const call = client.makeBidiStreamRequest(ADS, same, same, metadata);
      call.on('error', ({ code }: ServiceError) => {
        client.close();
        resolve(code);
      });
      call.resume();
      call.write(Buffer.from(encode('envoy.service.discovery.v3.DiscoveryRequest', { node: { id: 'mesh/m/virtualNode/absent' }, type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' })));
    });

  test.each(['0.0.0.0', outside ?? ''])('asks those elsewhere for credentials, and serves them the control plane alone (on %s)', async (host) => {
    await start(host);
    const url = `http://${outside}:${runtime.port}`;
    const local = await fetch(`${runtime.url}/v20190125/meshes`);
    expect(local.status).toBe(200);
    const bare = await fetch(`${url}/v20190125/meshes`);
    expect([bare.status, bare.headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException']);
    const client = new AppMeshClient({ endpoint: url, region: 'us-east-1', credentials: KEY, maxAttempts: 1 });
    expect((await client.send(new CreateMeshCommand({ meshName: 'm' }))).mesh?.meshName).toBe('m');
    client.destroy();
    for (const path of ['/2015-03-31/functions/shop-dev-echo/invocations', '/meshshift/local/health', '/', '/meshshift/v1/rollouts']) {
      const refused = await fetch(`${url}${path}`, { method: 'POST', body: '{}', headers: { authorization: `Bearer ${TOKEN}` } });
      expect([path, refused.status]).toEqual([path, 403]);
    }
    expect([await proxyStatus(outside ?? ''), await proxyStatus(outside ?? '', TOKEN)]).toEqual([16, 3]);
  });
});
