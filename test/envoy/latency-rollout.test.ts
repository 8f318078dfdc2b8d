import { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silent } from '../../src/contracts/log.ts';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { startRuntime, type Runtime } from '../../src/local/runtime.ts';
import { openCaller } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary, startCallerEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { buildWalkthrough, MESH, register, shift } from '../support/walkthrough.ts';

jest.setTimeout(120_000);

const deploymentFile = fileURLToPath(new URL('../../serverless.yml', import.meta.url));
const definition = {
  name: 'svc1',
  image: { repository: 'svc1' },
  target: { mesh: MESH, virtualRouter: 'svcNode1', route: 'svcNode1' },
  canary: { virtualNode: 'svcNode1{{tag}}' },
  steps: [50],
  bake: '10m',
  analysis: { metrics: [{ name: 'errors', margin: '5%' }, { name: 'latency', slowerThan: '200ms', margin: '5%' }] },
};

describeWith('Envoy 1.40', envoyBinary !== undefined, 'a rollout through Envoy', () => {
  let folder: string;
  let runtime: Runtime;
  let client: AppMeshClient;
  let upstreams: Upstream[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meshshift-latency-'));
    runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: folder, deploymentFile, log: silent });
    client = new AppMeshClient({ endpoint: runtime.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    upstreams = await Promise.all(['svcNode1', 'svcNode1v2'].map(startUpstream));
    await buildWalkthrough(client);
    await shift(client, { svcNode1: 100 });
    for (const { name, port } of upstreams) await register(runtime.url, name, [port]);
  });
  afterEach(async () => {
    for (const one of upstreams) one.stop();
    client.destroy();
    await runtime.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${runtime.url}/meshshift/v1${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };

  test('of a version that answers without an error and too slowly is rolled back by the mesh’s latencies alone', async () => {
    upstreams[1]!.delayMs = 300;
    await ask('PUT', '/canaries/svc1', definition);
    const envoy = await startCallerEnvoy(runtime.xdsPort);
    const caller = openCaller(`127.0.0.1:${envoy.port}`);
    await eventually(async () => ('by' in (await caller.call()) ? true : undefined), 'an answer');
    const load = caller.load(20);
    try {
      const { id } = (await ask('POST', '/rollouts', { definition: 'svc1', image: { tag: 'v2' } })) as { id: string };
      const rollout = await eventually(
        async () => {
          const found = (await ask('GET', `/rollouts/${id}`).catch(() => undefined)) as Rollout | undefined;
          return found !== undefined && found.endedAt !== null ? found : undefined;
        },
        'the end of the rollout',
        60_000,
      );
      expect(rollout).toMatchObject({ phase: 'RolledBack', weights: { svcNode1: 100 }, verdicts: [{ outcome: 'fail', step: 0 }] });
      // Each of the canary's requests that the test took was slow.
      expect(rollout.reason).toMatch(/^VerdictFailed: latency: worse: canary (\d+) of \1 requests \(100 %\) against stable \d+ of \d+ requests .* slower than 200 ms/);
    } finally {
      const { errors } = await load.stop();
      caller.close();
      await envoy.stop();
      expect(errors).toEqual([]);
    }
  });
});
