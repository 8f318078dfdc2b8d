import { connect } from 'node:tls';
import { silent } from '../../../src/contracts/log.ts';
import { describeWith } from '../../support/components.ts';
import { createAuthority, hasOpenssl, read, type Authority, type Certificate } from '../../support/certificates.ts';
import { arnOf, authorityArnOf, createCertificateFolder, type CertificateFolder } from '../../support/certificate-files.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

type Node = NonNullable<MeshSpecs['virtualNodes']>[string];
type Gateway = NonNullable<MeshSpecs['virtualGateways']>[string];
type ListenerTls = NonNullable<NonNullable<Gateway['listeners']>[number]['tls']>;
type Policy = NonNullable<NonNullable<NonNullable<Node['backendDefaults']>['clientPolicy']>['tls']>;

const available = envoyBinary !== undefined && hasOpenssl;
const own = (name: string) => ({ acm: { certificateArn: arnOf(name) } });
const trust = (...names: string[]) => ({ trust: { acm: { certificateAuthorityArns: names.map(authorityArnOf) } } });

/** The cluster of the backend `trusted`, as Envoy uses it. */
const trustingOf = ({ envoy }: EnvoyBench) => async (): Promise<string> => {
  const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/config_dump?resource=dynamic_active_clusters`)).text();
  const { configs = [] } = JSON.parse(text) as { configs?: { cluster: { name: string } }[] };
  return JSON.stringify(configs.find(({ cluster }) => cluster.name === 'cds_egress_m_trusted_http_80'));
};

/** Asks without a pause, by four at once, and keeps what was not answered by 200. */
function startLoad(request: () => Promise<{ readonly status: number }>) {
  let [running, served] = [true, 0];
  const lost: unknown[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    while (running) await request().then(({ status }) => (status === 200 ? served++ : lost.push(status)), (error: unknown) => lost.push(error));
  });
  return {
    goesOn: async () => {
      const before = served;
      await eventually(() => served > before + 10 || undefined, 'requests are served');
    },
    stop: async () => {
      running = false;
      await Promise.all(workers);
      return lost;
    },
  };
}

describeWith('Envoy 1.40 or openssl', available, 'certificates of ACM', () => {
  let authority: Authority;
  let second: Authority;
  let upstream: HttpUpstream;

  beforeAll(async () => {
    [authority, second] = [createAuthority(), createAuthority('second')];
    upstream = await startHttpUpstream('a');
  });
  afterAll(async () => {
    await upstream.stop();
    authority.dispose();
    second.dispose();
  });
  /** What an operator maps: a certificate and two authorities. */
  const mapped = (): CertificateFolder => {
    const folder = createCertificateFolder();
    folder.put('gw', authority.issue('gw.internal'));
    folder.putAuthority('one', authority.file);
    folder.putAuthority('two', second.file);
    return folder;
  };

  describe.each([{ delta: false }, { delta: true }])('at a listener (delta: $delta)', ({ delta }) => {
    let certificates: CertificateFolder;
    let bench: EnvoyBench;
    let source: Awaited<ReturnType<CertificateFolder['open']>>;
    const ports: Record<string, number> = {};

    /** The gateway, with a certificate for its listeners `strict` and `mutual`. */
    const withCertificate = (name: string): Gateway => {
      const listeners: Record<string, ListenerTls | undefined> = {
        strict: { mode: 'STRICT', certificate: own(name) },
        mutual: { mode: 'STRICT', certificate: own(name), validation: { trust: { file: { certificateChain: authority.file } } } },
        unmapped: { mode: 'STRICT', certificate: own('unmapped') },
        plain: undefined,
      };
      return { listeners: Object.entries(listeners).map(([of, tls]) => ({ portMapping: { port: ports[of], protocol: 'http' as const }, ...(tls === undefined ? {} : { tls }) })) };
    };

    beforeAll(async () => {
      for (const name of ['strict', 'mutual', 'unmapped', 'plain']) ports[name] = await freePort();
      const mesh: MeshSpecs = {
        name: 'm',
        virtualNodes: { a: { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] } },
        virtualServices: { 'a.local': { provider: { virtualNode: { virtualNodeName: 'a' } } } },
        virtualGateways: { gw: withCertificate('gw') },
        gatewayRoutes: { 'gw/all': { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'a.local' } } } } } },
        endpoints: { a: [{ ip: '127.0.0.1', port: upstream.port }] },
      };
      certificates = mapped();
      source = await certificates.open(silent);
      bench = await startEnvoyBench(mesh, { kind: 'virtualGateway', name: 'gw' }, { certificates: source.source, delta });
      await bench.accepted();
    });
    afterAll(async () => {
      await bench.stop();
      source.source.close();
      certificates.dispose();
    });

    const portOf = (name: string): number => ports[name] ?? 0;
    const trusting = (extra: object = {}) => ({ tls: { ca: read(authority.file), servername: 'gw.internal', ...extra } });
    const overTls = (name: string, client?: Certificate) =>
      ask(portOf(name), trusting(client === undefined ? {} : { cert: read(client.certificateChain), key: read(client.privateKey) }));
    /** Which certificate a new connection is shown. */
    const shown = (name: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: portOf(name), rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.on('error', reject);
      });

    test('TLS is taken by a mapped certificate, and plain text refused', async () => {
      expect(await overTls('strict')).toEqual({ status: 200, by: 'a' });
      await expect(ask(portOf('strict'))).rejects.toThrow();
      expect(await overTls('mutual', authority.issue('caller.internal'))).toEqual({ status: 200, by: 'a' });
      await expect(overTls('mutual', second.issue('caller.internal'))).rejects.toThrow();
      await expect(overTls('mutual')).rejects.toThrow();
    });

    test('a certificate that nobody mapped fails closed while all else serves, and is told; mapped, it serves', async () => {
      expect(await ask(portOf('plain'))).toEqual({ status: 200, by: 'a' });
      await expect(overTls('unmapped')).rejects.toThrow();
      await expect(ask(portOf('unmapped'))).rejects.toThrow();
      expect(bench.state()?.state).toBe('acked');
      expect(bench.propagation().certificates).toEqual([
        {
          arn: arnOf('unmapped'),
          kind: 'virtualGateway',
          name: 'gw',
          field: 'spec.listeners[2].tls.certificate.acm.certificateArn',
          state: 'missing',
          problem: expect.stringContaining('does not name it: add { arn, certificateChain, privateKey }') as string,
        },
      ]);
      certificates.put('unmapped', authority.issue('gw.internal'));
      source.look();
      await eventually(() => overTls('unmapped').then(({ status }) => status === 200 || undefined, () => undefined), 'TLS serves', 15_000);
      expect(bench.propagation().certificates).toEqual([]);
      await bench.accepted();
    });

    test('is replaced under load without loss', async () => {
      const load = startLoad(() => overTls('strict'));
      for (let turn = 0; turn < 10; turn++) {
        const before = await shown('strict');
        certificates.put('gw', authority.issue('gw.internal'));
        source.look();
        await eventually(async () => (await shown('strict')) !== before || undefined, 'the new certificate is shown');
        await load.goesOn();
      }
      expect(await load.stop()).toEqual([]);
    });

    test('gives way to another ARN under load without loss', async () => {
      certificates.put('next', authority.issue('gw.internal'));
      source.look();
      await eventually(() => !('missing' in source.source.of(arnOf('next'))) || undefined, 'it is mapped');
      const load = startLoad(() => overTls('strict'));
      for (const name of ['next', 'gw', 'next', 'gw']) {
        const before = await shown('strict');
        bench.mesh.set('virtualGateway', 'gw', withCertificate(name));
        await eventually(async () => (await shown('strict')) !== before || undefined, 'the other certificate is shown');
        await load.goesOn();
      }
      expect(await load.stop()).toEqual([]);
    });
  });

  describe.each([{ delta: false }, { delta: true }])('of a caller (delta: $delta)', ({ delta }) => {
    let secure: HttpUpstream;
    let certificates: CertificateFolder;
    let bench: EnvoyBench;
    let source: Awaited<ReturnType<CertificateFolder['open']>>;
    const ports: Record<string, number> = {};
    let names: string[];

    const policies: Record<string, Policy> = {
      trusted: { validation: trust('one') },
      stranger: { validation: trust('two') },
      both: { validation: trust('two', 'one') },
      partly: { validation: trust('absent', 'one') },
      'other-name': { validation: { ...trust('one'), subjectAlternativeNames: { match: { exact: ['another.internal'] } } } },
      unmapped: { validation: trust('absent') },
    };
    const calling = (by: Record<string, Policy>): Node => ({
      backends: Object.entries(by).map(([name, tls]) => ({ virtualService: { virtualServiceName: name, clientPolicy: { tls } } })),
    });

    beforeAll(async () => {
      const server = authority.issue('server.internal');
      secure = await startHttpUpstream('secure', { cert: read(server.certificateChain), key: read(server.privateKey) });
      names = Object.keys(policies);
      for (const name of names) ports[name] = await freePort();
      const mesh: MeshSpecs = {
        name: 'm',
        virtualNodes: {
          caller: calling(policies),
          ...Object.fromEntries(names.map((name) => [name, { listeners: [{ portMapping: { port: 80, protocol: 'http' as const } }], serviceDiscovery: { dns: { hostname: 'server.internal' } } }])),
        },
        virtualServices: Object.fromEntries(names.map((name) => [name, { provider: { virtualNode: { virtualNodeName: name } } }])),
        endpoints: Object.fromEntries(names.map((name) => [name, [{ ip: '127.0.0.1', port: secure.port }]])),
      };
      certificates = mapped();
      source = await certificates.open(silent);
      bench = await startEnvoyBench(mesh, { kind: 'virtualNode', name: 'caller', listen: ports }, { certificates: source.source, delta });
      await bench.accepted();
    });
    afterAll(async () => {
      await bench.stop();
      source.source.close();
      certificates.dispose();
      await secure.stop();
    });

    test('authorities of ACM are trusted, one or several, and nobody else; what is not there fails closed', async () => {
      const statuses = Object.fromEntries(await Promise.all(Object.entries(ports).map(async ([name, port]) => [name, (await ask(port)).status] as const)));
      expect(statuses).toEqual({ trusted: 200, stranger: 503, both: 200, partly: 200, 'other-name': 503, unmapped: 503 });
      expect(bench.propagation().certificates.map(({ arn, field }) => [arn, field])).toEqual([
        [authorityArnOf('absent'), 'spec.backends[3].virtualService.clientPolicy.tls.validation.trust.acm.certificateAuthorityArns[0]'],
        [authorityArnOf('absent'), 'spec.backends[5].virtualService.clientPolicy.tls.validation.trust.acm.certificateAuthorityArns[0]'],
      ]);
      certificates.putAuthority('absent', authority.file);
      source.look();
      await eventually(async () => (await ask(ports['unmapped'] ?? 0)).status === 200 || undefined, 'the authority is trusted', 15_000);
    });

    test('a policy that comes to trust others loses no request', async () => {
      const load = startLoad(() => ask(ports['trusted'] ?? 0));
      const trusting = trustingOf(bench);
      for (const [first, ...more] of [['two', 'one'], ['one'], ['one', 'two'], ['one']]) {
        const wanted = trust(first ?? '', ...more);
        bench.mesh.set('virtualNode', 'caller', calling({ ...policies, trusted: { validation: wanted } }));
        await eventually(async () => (await trusting()).includes(`"trust:${wanted.trust.acm.certificateAuthorityArns.join(',')}"`) || undefined, 'the other trust is in use');
        await load.goesOn();
      }
      expect(await load.stop()).toEqual([]);
    });
  });
});
