import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envoyBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { silent } from '../../src/contracts/log.ts';
import { startXds, type Xds } from '../../src/controlplane/start-xds.ts';
import type { Proxy } from '../../src/controlplane/translate/types.ts';
import { propagationOf, type Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { describeWith } from '../support/components.ts';
import { openCaller } from '../support/caller.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { goldenCases } from '../support/goldens.ts';
import { editableMesh, type EditableMesh, type MeshSpecs } from '../support/mesh.ts';
import { startUpstream } from '../support/upstreams.ts';

/** An Envoy under a mesh that no API has checked. */
interface Bench {
  readonly mesh: EditableMesh;
  readonly envoy: RunningEnvoy;
  state(): Propagation['proxies'][number] | undefined;
  stop(): Promise<void>;
}

const serve = (mesh: EditableMesh): Promise<Xds> =>
  startXds({ reader: mesh.reader, endpoints: mesh.endpoints, clock: Date.now, log: silent, xds: { host: '127.0.0.1', port: 0 } });

async function benchFor(specs: MeshSpecs, proxy: Pick<Proxy, 'kind' | 'name' | 'listen'>): Promise<Bench> {
  const mesh = editableMesh(specs);
  const xds = await serve(mesh);
  const nodeId = `mesh/${specs.name}/${proxy.kind}/${proxy.name}`;
  const bootstrap = envoyBootstrap({ nodeId, xdsHost: '127.0.0.1', xdsPort: xds.port, sdsSocketPath: join(tmpdir(), 'meshshift-no-such-sds.sock'), ...(proxy.listen === undefined ? {} : { listen: proxy.listen }) });
  const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log: silent }).catch((error: unknown) => {
    xds.close();
    throw error;
  });
  return {
    mesh,
    envoy,
    state: () => propagationOf(mesh.view(), xds.connected(), xds.publisher).proxies[0],
    stop: async () => {
      await envoy.stop();
      xds.close();
    },
  };
}

const everyEnvoy = goldenCases().flatMap(({ name, mesh, proxies }) =>
  proxies.filter(({ client }) => client === 'envoy').map((proxy, index) => ({ name, index, mesh, proxy })),
);

describeWith('Envoy 1.40', envoyBinary !== undefined, 'Envoy’s verdict', () => {
  test.each(everyEnvoy)('accepts golden $name, proxy $index', async ({ mesh, proxy }) => {
    const bench = await benchFor(mesh, proxy);
    try {
      const state = await eventually(() => (bench.state()?.state === 'pending' ? undefined : bench.state()), 'a verdict');
      expect(state).toEqual({ nodeId: `mesh/${mesh.name}/${proxy.kind}/${proxy.name}`, kind: 'envoy', state: 'acked' });
    } finally {
      await bench.stop();
    }
  });

  test('on a bad configuration is kept and shown; the last good one serves on, and a good one mends it', async () => {
    const upstream = await startUpstream('a');
    const port = await freePort();
    const http2 = [{ portMapping: { port: 80, protocol: 'http2' as const } }];
    const route = (regex?: string) => ({
      http2Route: { match: regex === undefined ? { prefix: '/' } : { path: { regex } }, action: { weightedTargets: [{ virtualNode: 'a', weight: 1 }] } },
    });
    const specs: MeshSpecs = {
      name: 'm',
      virtualNodes: { caller: { backends: [{ virtualService: { virtualServiceName: 'svc.local' } }] }, a: { listeners: http2 } },
      virtualRouters: { r: { listeners: http2 } },
      routes: { 'r/one': route() },
      virtualServices: { 'svc.local': { provider: { virtualRouter: { virtualRouterName: 'r' } } } },
      endpoints: { a: [{ ip: '127.0.0.1', port: upstream.port }] },
    };
    const bench = await benchFor(specs, { kind: 'virtualNode', name: 'caller', listen: { 'svc.local': port } });
    const caller = openCaller(`127.0.0.1:${port}`);
    try {
      await eventually(() => bench.state()?.state === 'acked' || undefined, 'the good one is accepted');
      bench.mesh.set('route', 'r/one', route('('));
      const { error } = await eventually(() => (bench.state()?.state === 'rejected' ? bench.state() : undefined), 'the bad one is refused');
      expect(error).toMatch(/^route: .*missing \)/);
      expect((await caller.run(100, 5)).errors).toEqual([]);
      bench.mesh.set('route', 'r/one', route('/.*'));
      await eventually(() => bench.state()?.state === 'acked' || undefined, 'mended');
      expect((await caller.run(100, 5)).errors).toEqual([]);
    } finally {
      caller.close();
      await bench.stop();
      upstream.stop();
    }
  });
});
