import { envoyBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { silent } from '../../src/contracts/log.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { sender, type Json } from '../controlplane/api/calls.ts';
import { createAuthority, hasOpenssl, type Authority } from '../support/certificates.ts';
import { describeWith } from '../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { shapedMeshes, type Files, type ShapedMesh } from './shapes.ts';

const NAMES: readonly string[] = shapedMeshes({ authority: '', leaf: { certificateChain: '', privateKey: '' } }, []).map(({ mesh }) => mesh);

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'meshes as their users have them', () => {
  let plane: TestControlPlane;
  let authority: Authority;
  let meshes: readonly ShapedMesh[];
  const envoys: RunningEnvoy[] = [];

  beforeAll(async () => {
    plane = await startTestControlPlane();
    authority = createAuthority();
    const files: Files = { authority: authority.file, leaf: authority.issue('edge.tls.local') };
    meshes = shapedMeshes(files, await Promise.all([freePort(), freePort(), freePort(), freePort()]));
  });
  afterAll(async () => {
    for (const envoy of envoys) await envoy.stop();
    await plane.dispose();
    authority.dispose();
  });

  test.each(NAMES)('%s: taken, described as given, and accepted by Envoy', async (name) => {
    const { proxies, shapes } = meshes.find(({ mesh }) => mesh === name)!;
    const send = sender(plane.client);
    for (const { operation, input, now } of shapes) {
      const { spec, ...names } = { meshName: name, meshOwner: '000000000000', ...input } as Json;
      const { meshOwner: _, ...own } = names;
      await send(operation, { ...(operation === 'CreateMesh' ? own : names), ...(spec === undefined ? {} : { spec }), tags: [] });
      const described = Object.values(await send(operation.replace('Create', 'Describe'), names))[0] as { readonly spec: Json };
      expect([input, described.spec]).toEqual([input, now ?? spec]);
    }
    for (const proxy of proxies) {
      const bootstrap = envoyBootstrap({ nodeId: `mesh/${name}/${proxy}`, xdsHost: '127.0.0.1', xdsPort: plane.xdsPort });
      envoys.push(await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log: silent }));
    }
    const answered = await eventually(async () => {
      const { proxies: states } = (await (await fetch(`${plane.url}/meshshift/v1/propagation/${name}`)).json()) as Propagation;
      return states.length === proxies.length && states.every(({ state }) => state !== 'pending') ? states : undefined;
    }, 'every Envoy has answered', 20_000);
    expect(answered.map(({ state, error }) => error ?? state)).toEqual(proxies.map(() => 'acked'));
  });
});
