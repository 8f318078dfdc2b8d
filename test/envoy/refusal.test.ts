import { UpdateVirtualNodeCommand } from '@aws-sdk/client-app-mesh';
import { join } from 'node:path';
import { silent } from '../../src/contracts/log.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { runMain } from '../cli/run-main.ts';
import { openCaller, type Caller } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { buildWalkthrough, CALLER, MESH, register, SERVICE, shift } from '../support/walkthrough.ts';

describeWith('Envoy 1.40', envoyBinary !== undefined, 'a configuration that Envoy refuses', () => {
  let plane: TestControlPlane;
  let upstream: Upstream;
  let envoy: RunningEnvoy;
  let caller: Caller;
  const warned: unknown[] = [];

  beforeAll(async () => {
    plane = await startTestControlPlane({ log: (level, message, fields) => { if (level === 'warn') warned.push({ message, ...fields }); } });
    await buildWalkthrough(plane.client);
    await shift(plane.client, { svcNode1: 100 });
    upstream = await startUpstream('svcNode1');
    await register(plane.url, 'svcNode1', [upstream.port]);
    const port = await freePort();
    const { stdout } = await runMain(['mesh', 'bootstrap', CALLER, '--xds', `127.0.0.1:${plane.xdsPort}`, '--listen', `${SERVICE}=${port}`]);
    envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap: JSON.parse(stdout) as object, log: silent });
    caller = openCaller(`127.0.0.1:${port}`);
    await reached('acked');
  });
  afterAll(async () => {
    caller.close();
    await envoy.stop();
    upstream.stop();
    await plane.dispose();
  });

  const proxyState = async (): Promise<Propagation['proxies'][number] | undefined> =>
    ((await (await fetch(`${plane.url}/meshshift/v1/propagation/${MESH}`)).json()) as Propagation).proxies[0];
  const reached = (state: string) => eventually(async () => ((await proxyState())?.state === state ? proxyState() : undefined), state);
  const describeMesh = async (): Promise<string> => (await runMain(['mesh', 'describe', MESH], { AWS_ENDPOINT_URL: plane.url })).stdout.trimEnd();
  const logTo = (path: string) =>
    plane.client.send(
      new UpdateVirtualNodeCommand({
        meshName: MESH,
        virtualNodeName: 'svcNode2',
        spec: { backends: [{ virtualService: { virtualServiceName: SERVICE } }], logging: { accessLog: { file: { path } } } },
      }),
    );

  test('is shown in Envoy’s words by the API, the command line and the log, while the last one serves; a good one mends it', async () => {
    expect(await describeMesh()).toMatch(/^proxies: 1 with the newest configuration$/m);

    const path = join(plane.folder, 'no', 'such', 'folder', 'log');
    await logTo(path);
    const words = /unable to open file '.*\/no\/such\/folder\/log'/;
    expect((await reached('rejected')).error).toMatch(words);
    expect(await describeMesh()).toMatch(new RegExp(`^refused by ${CALLER} \\(envoy\\): listener: .*${words.source}`, 'm'));
    expect(warned).toContainEqual(expect.objectContaining({ message: 'a proxy refused its configuration', node: CALLER, error: expect.stringMatching(words) as string }));
    expect(await caller.call()).toEqual({ by: 'svcNode1' });

    await logTo('/dev/null');
    await reached('acked');
    expect(await describeMesh()).not.toContain('refused by');
    expect(await caller.call()).toEqual({ by: 'svcNode1' });
  });
});
