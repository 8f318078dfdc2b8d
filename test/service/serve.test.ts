import { CreateMeshCommand, DescribeMeshCommand, ListMeshesCommand, type AppMeshClient } from '@aws-sdk/client-app-mesh';
import { rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { openMeshClient } from '../../src/mesh/client.ts';
import { runMain } from '../cli/run-main.ts';
import { ACCESS_KEYS, KEYS, TOKEN } from '../controlplane/access/signing.ts';
import { createAuthority, hasOpenssl, read } from '../support/certificates.ts';
import { appMeshClient, temporaryFolder } from '../support/control-plane.ts';
import { startServe, type Served } from '../support/serve.ts';

const KEY = { accessKeyId: 'meshshift', secretAccessKey: 'of-functions-0123456789' };
const health = async (url: string): Promise<unknown> => {
  const response = await fetch(`${url}/meshshift/v1/health`);
  return [response.status, await response.json()];
};

describe('a wrong command line', () => {
  const wrong: [string[], Record<string, string>, string][] = [
    [[], {}, '--table, --data: one of them must be given'],
    [['--table', 't', '--data', 'd'], {}, '--table, --data: one of them must be given'],
    [['--data', 'd', '--host', '0.0.0.0'], {}, '--host: 0.0.0.0: needs access keys'],
    [['--data', 'd', '--host', '10.1.2.3', '--behind-tls'], {}, '--host: 10.1.2.3: needs access keys'],
    [['--data', 'd', '--host', '0.0.0.0'], { MESHSHIFT_ACCESS_KEYS: ACCESS_KEYS }, '--host: 0.0.0.0: needs TLS'],
    [['--data', 'd', '--host', '::'], { MESHSHIFT_MESH_KEY: JSON.stringify(KEY), MESHSHIFT_BEHIND_TLS: 'no' }, '--host: ::: needs TLS'],
    [['--data', 'd', '--tls-key', 'k'], {}, '--tls-certificate and --tls-key: must be given together'],
    [['--data', 'd'], { MESHSHIFT_PORT: '70000' }, '--port: 70000: must be a port from 0 to 65535'],
    [['--data', 'd', '--account', '12'], {}, '--account: 12: must be 12 digits'],
    [['--data', 'd', '--drain', 'soon'], {}, '--drain: soon: must be a whole number of seconds'],
  ];
  test.each(wrong.map(([args, env, message]) => [message, args, env] as const))('is refused: %s', async (message, args, env) => {
    const { code, stdout, stderr } = await runMain(['serve', ...args], env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`meshshift: serve: ${message}`);
  });

  test.each([
    ['{"virtualNodesPerMesh":-1}', 'quotas: virtualNodesPerMesh: -1: must be 0 or more'],
    ['{"nodes":1}', 'quotas: nodes: 1: is not a field here'],
    ['{"meshes":', 'quotas: "{\\"meshes\\":": is not JSON'],
    ['nowhere.json', 'quotas: "nowhere.json": cannot be read: ENOENT'],
  ])('quotas that are none are refused: %s', async (quotas, message) => {
    const { code, stderr } = await runMain(['serve', '--data', 'd', '--quotas', quotas]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) as string });
  });

  test('a key that is none is not quoted', async () => {
    const { code, stderr } = await runMain(['serve', '--data', 'd'], { MESHSHIFT_MESH_KEY: 'a-very-secret-thing' });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.not.stringContaining('secret-thing') as string });
  });
});

describe('the service', () => {
  let folder: string;
  let served: Served | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await served?.end('SIGKILL');
    served = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  test('on this machine: it serves App Mesh and says that it is well, and nothing else; what it was told outlives it', async () => {
    served = await startServe({ MESHSHIFT_DATA: folder, MESHSHIFT_ACCOUNT: '123456789012', AWS_REGION: 'eu-central-1', MESHSHIFT_QUOTAS: '{"meshes":1}' });
    expect(served.url).toBe(`http://127.0.0.1:${served.port}`);
    expect(await health(served.url)).toEqual([200, { status: 'serving' }]);
    const client = appMeshClient(served.url);
    const { mesh } = await client.send(new CreateMeshCommand({ meshName: 'm' }));
    expect(mesh?.metadata?.arn).toBe('arn:aws:appmesh:eu-central-1:123456789012:mesh/m');
    await expect(client.send(new CreateMeshCommand({ meshName: 'n' }))).rejects.toThrow("You've reached the limit on number of Meshes(1) for the account.");
    for (const path of ['/', '/meshshift/v1/rollouts', '/2015-03-31/functions/x/invocations']) expect((await fetch(`${served.url}${path}`)).status).toBe(404);
    expect((await fetch(`${served.url}/v20190125/meshes`, { headers: { origin: 'https://elsewhere.example' } })).status).toBe(403);
    expect(await served.end()).toBe(0);
    served = await startServe({ MESHSHIFT_DATA: folder });
    const again = appMeshClient(served.url);
    expect((await again.send(new DescribeMeshCommand({ meshName: 'm' }))).mesh?.metadata?.uid).toBe(mesh?.metadata?.uid);
    client.destroy();
    again.destroy();
  });

  test('with access keys: each of them lets in, and whoever shows none is told only that it is well', async () => {
    const file = join(folder, 'keys.json');
    writeFileSync(file, ACCESS_KEYS);
    served = await startServe({ MESHSHIFT_DATA: folder, MESHSHIFT_MESH_KEY: JSON.stringify(KEY) }, ['--access-keys', file]);
    expect(await health(served.url)).toEqual([200, { status: 'serving' }]);
    const { url } = served;
    expect((await fetch(`${url}/v20190125/meshes`)).status).toBe(403);
    expect((await fetch(`${url}/meshshift/v1/metrics`)).status).toBe(403);
    const list = async (key: { accessKeyId: string; secretAccessKey: string } | { token: string }): Promise<unknown> => {
      const mesh = openMeshClient(url, () => Promise.resolve(key), 'us-east-1');
      const { status } = await mesh.get('/v20190125/meshes', 5_000);
      mesh.close();
      return status;
    };
    expect([await list(KEY), await list(KEYS.admin), await list({ token: TOKEN }), await list({ ...KEY, secretAccessKey: 'x'.repeat(20) })]).toEqual([200, 200, 403, 403]);
    expect(served.log()).not.toContain(KEY.secretAccessKey);
  });

  (hasOpenssl ? test : test.skip)('by TLS, whose certificate may come by the environment', async () => {
    const authority = createAuthority();
    const { certificateChain, privateKey } = authority.issue('mesh.example');
    served = await startServe({ MESHSHIFT_DATA: folder, MESHSHIFT_TLS_CERTIFICATE: read(certificateChain), MESHSHIFT_TLS_KEY: privateKey });
    const { port } = served;
    const status = await new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/meshshift/v1/health', ca: read(authority.file), servername: 'mesh.example', agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
    expect(status).toBe(200);
    authority.dispose();
  });

  test('ending, it says so, answers what it is asked meanwhile, and ends in order', async () => {
    served = await startServe({ MESHSHIFT_DATA: folder, MESHSHIFT_DRAIN: '8' });
    const { url } = served;
    const client: AppMeshClient = appMeshClient(url);
    await client.send(new CreateMeshCommand({ meshName: 'm' }));
    const ended = served.end();
    while ((await fetch(`${url}/meshshift/v1/health`)).status === 200);
    expect(await health(url)).toEqual([503, { status: 'draining' }]);
    expect((await client.send(new ListMeshesCommand({}))).meshes).toHaveLength(1);
    expect(await ended).toBe(0);
    client.destroy();
  });
});
