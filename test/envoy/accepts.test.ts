import { describeWith } from '../support/components.ts';
import { openCaller } from '../support/caller.ts';
import { noCertificates, type CertificateSource } from '../../src/controlplane/certificates/port.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../support/certificates.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { startEnvoyBench } from '../support/envoy-bench.ts';
import { eventually } from '../support/eventually.ts';
import { goldenCases } from '../support/goldens.ts';
import type { MeshSpecs } from '../support/mesh.ts';
import { certificateSecret, startSdsServer, trustSecret, type SdsServer } from '../support/sds-server.ts';
import { startUpstream } from '../support/upstreams.ts';

const everyEnvoy = goldenCases().flatMap(({ name, mesh, proxies }) =>
  proxies.filter(({ client }) => client === 'envoy').map((proxy, index) => ({ name, index, mesh, proxy })),
);

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'Envoy’s verdict', () => {
  let authority: Authority;
  /** Has every secret that a golden names. */
  let secrets: SdsServer;
  /** As has this, of every ARN. */
  let certificates: CertificateSource;

  beforeAll(async () => {
    authority = createAuthority();
    const { certificateChain, privateKey } = authority.issue('golden.internal');
    certificates = { ...noCertificates, of: () => ({ chain: read(certificateChain), privateKey: read(privateKey) }) };
    const leaf = certificateSecret({ certificateChain, privateKey });
    const trust = trustSecret(authority);
    secrets = await startSdsServer({ server: leaf, client: leaf, gw: leaf, ca: trust, other: trust });
  });

  afterAll(() => {
    secrets.stop();
    authority.dispose();
  });

  test.each(everyEnvoy)('accepts golden $name, proxy $index', async ({ mesh, proxy }) => {
    const bench = await startEnvoyBench(mesh, proxy, { sdsSocketPath: secrets.path, certificates });
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
    const bench = await startEnvoyBench(specs, { kind: 'virtualNode', name: 'caller', listen: { 'svc.local': port } });
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
