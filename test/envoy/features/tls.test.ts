import { describeWith } from '../../support/components.ts';
import { createAuthority, hasOpenssl, read, type Authority, type Certificate } from '../../support/certificates.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';
import { certificateSecret, startSdsServer, trustSecret, type SdsServer } from '../../support/sds-server.ts';

type Node = NonNullable<MeshSpecs['virtualNodes']>[string];
type Gateway = NonNullable<MeshSpecs['virtualGateways']>[string];
type ListenerTls = NonNullable<NonNullable<NonNullable<Gateway['listeners']>[number]['tls']>>;
type Policy = NonNullable<NonNullable<NonNullable<Node['backendDefaults']>['clientPolicy']>['tls']>;

const available = envoyBinary !== undefined && hasOpenssl;

describeWith('Envoy 1.40 or openssl', available, 'TLS at a listener', () => {
  let authority: Authority;
  let stranger: Authority;
  let certificate: Certificate;
  let upstream: HttpUpstream;
  let secrets: SdsServer;
  let bench: EnvoyBench;
  const ports: Record<string, number> = {};

  beforeAll(async () => {
    [authority, stranger] = [createAuthority(), createAuthority('stranger')];
    certificate = authority.issue('gw.internal');
    secrets = await startSdsServer({ server: certificateSecret(certificate), ca: trustSecret(authority) });
    upstream = await startHttpUpstream('a');
    const file = { file: certificate };
    const trust = { file: { certificateChain: authority.file } };
    const listeners: Record<string, ListenerTls | undefined> = {
      strict: { mode: 'STRICT', certificate: file },
      permissive: { mode: 'PERMISSIVE', certificate: file },
      disabled: { mode: 'DISABLED', certificate: file },
      mutual: { mode: 'STRICT', certificate: file, validation: { trust, subjectAlternativeNames: { match: { exact: ['caller.internal'] } } } },
      sds: { mode: 'STRICT', certificate: { sds: { secretName: 'server' } }, validation: { trust: { sds: { secretName: 'ca' } } } },
    };
    for (const name of Object.keys(listeners)) ports[name] = await freePort();
    const mesh: MeshSpecs = {
      name: 'm',
      virtualNodes: { a: { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] } },
      virtualServices: { 'a.local': { provider: { virtualNode: { virtualNodeName: 'a' } } } },
      virtualGateways: {
        gw: { listeners: Object.entries(listeners).map(([name, tls]) => ({ portMapping: { port: ports[name], protocol: 'http' as const }, ...(tls === undefined ? {} : { tls }) })) },
      },
      gatewayRoutes: { 'gw/all': { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'a.local' } } } } } },
      endpoints: { a: [{ ip: '127.0.0.1', port: upstream.port }] },
    };
    bench = await startEnvoyBench(mesh, { kind: 'virtualGateway', name: 'gw' }, { sdsSocketPath: secrets.path });
    await bench.accepted();
  });

  afterAll(async () => {
    await bench.stop();
    await upstream.stop();
    secrets.stop();
    authority.dispose();
    stranger.dispose();
  });

  const trusting = () => ({ ca: read(authority.file), servername: 'gw.internal' });
  const as = (own: Certificate) => ({ ...trusting(), cert: read(own.certificateChain), key: read(own.privateKey) });
  const overTls = (name: string, own?: Certificate) => ask(ports[name] ?? 0, { tls: own === undefined ? trusting() : as(own) });
  const plain = (name: string) => ask(ports[name] ?? 0);
  const served = { status: 200, by: 'a' };

  test('STRICT takes TLS by its certificate, and refuses plain text', async () => {
    expect(await overTls('strict')).toEqual(served);
    await expect(plain('strict')).rejects.toThrow();
  });

  test('PERMISSIVE takes both', async () => {
    expect(await overTls('permissive')).toEqual(served);
    expect(await plain('permissive')).toEqual(served);
  });

  test('DISABLED takes plain text only', async () => {
    expect(await plain('disabled')).toEqual(served);
    await expect(overTls('disabled')).rejects.toThrow();
  });

  test('validation asks for a certificate of the trusted authority and a name on the list', async () => {
    expect(await overTls('mutual', authority.issue('caller.internal'))).toEqual(served);
    await expect(overTls('mutual')).rejects.toThrow();
    await expect(overTls('mutual', authority.issue('other.internal'))).rejects.toThrow();
    await expect(overTls('mutual', stranger.issue('caller.internal'))).rejects.toThrow();
  });

  test('secrets come over SDS', async () => {
    expect(await overTls('sds', authority.issue('anybody.internal'))).toEqual(served);
    await expect(overTls('sds')).rejects.toThrow();
    await expect(overTls('sds', stranger.issue('anybody.internal'))).rejects.toThrow();
  });
});

describeWith('Envoy 1.40 or openssl', available, 'TLS of a caller', () => {
  let authority: Authority;
  let secure: HttpUpstream;
  let open: HttpUpstream;
  let bench: EnvoyBench;
  const ports: Record<string, number> = {};

  const trustFor = (file: string): Policy => ({ validation: { trust: { file: { certificateChain: file } } } });

  beforeAll(async () => {
    authority = createAuthority();
    const stranger = createAuthority('stranger');
    const own = authority.issue('server.internal');
    const client = authority.issue('caller.internal');
    secure = await startHttpUpstream('secure', { cert: read(own.certificateChain), key: read(own.privateKey), ca: read(authority.file), requestCert: true, rejectUnauthorized: false });
    open = await startHttpUpstream('open');
    const trusted = trustFor(authority.file);
    /** By backend: its policy, whether its server speaks TLS and says so, and the name it is discovered by. */
    const backends: Record<string, { policy?: Policy; tls?: boolean; offered?: boolean; hostname: string }> = {
      trusted: { policy: trusted, tls: true, hostname: 'server.internal' },
      'wrong-name': { policy: trusted, tls: true, hostname: 'another.internal' },
      'listed-name': { policy: { validation: { ...trusted.validation!, subjectAlternativeNames: { match: { exact: ['server.internal'] } } } }, tls: true, hostname: 'another.internal' },
      stranger: { policy: trustFor(stranger.file), tls: true, hostname: 'server.internal' },
      enforced: { policy: trusted, hostname: 'server.internal' },
      'not-enforced': { policy: { ...trusted, enforce: false }, hostname: 'server.internal' },
      'other-port': { policy: { ...trusted, ports: [81] }, hostname: 'server.internal' },
      'this-port': { policy: { ...trusted, ports: [81, 80] }, tls: true, hostname: 'server.internal' },
      offered: { tls: true, offered: true, hostname: 'another.internal' },
      plain: { hostname: 'server.internal' },
      mutual: { policy: { ...trusted, certificate: { file: client } }, tls: true, hostname: 'server.internal' },
    };
    for (const name of Object.keys(backends)) ports[name] = await freePort();
    const offer = { tls: { mode: 'STRICT' as const, certificate: { file: own } } };
    const mesh: MeshSpecs = {
      name: 'm',
      virtualNodes: {
        caller: {
          backends: Object.entries(backends).map(([name, { policy }]) => ({
            virtualService: { virtualServiceName: name, ...(policy === undefined ? {} : { clientPolicy: { tls: policy } }) },
          })),
        },
        ...Object.fromEntries(
          Object.entries(backends).map(([name, { offered, hostname }]) => [
            name,
            { listeners: [{ portMapping: { port: 80, protocol: 'http' as const }, ...(offered === true ? offer : {}) }], serviceDiscovery: { dns: { hostname } } },
          ]),
        ),
      },
      virtualServices: Object.fromEntries(Object.keys(backends).map((name) => [name, { provider: { virtualNode: { virtualNodeName: name } } }])),
      endpoints: Object.fromEntries(Object.entries(backends).map(([name, { tls }]) => [name, [{ ip: '127.0.0.1', port: tls === true ? secure.port : open.port }]])),
    };
    bench = await startEnvoyBench(mesh, { kind: 'virtualNode', name: 'caller', listen: ports });
    await bench.accepted();
    stranger.dispose();
  });

  afterAll(async () => {
    await bench.stop();
    await Promise.all([secure.stop(), open.stop()]);
    authority.dispose();
  });

  test.each([
    { name: 'trusted', is: 'secure', because: 'the server is who it is discovered as' },
    { name: 'wrong-name', is: 503, because: 'the certificate is not for the discovered name' },
    { name: 'listed-name', is: 'secure', because: 'the policy lists the name' },
    { name: 'stranger', is: 503, because: 'the policy trusts another authority' },
    { name: 'enforced', is: 503, because: 'the server speaks no TLS' },
    { name: 'not-enforced', is: 'open', because: 'the policy is not enforced and the server offers no TLS' },
    { name: 'other-port', is: 'open', because: 'the policy is for another port' },
    { name: 'this-port', is: 'secure', because: 'the policy is for this port, too' },
    { name: 'offered', is: 'secure', because: 'the listener offers TLS, and without a policy nobody is checked' },
    { name: 'plain', is: 'open', because: 'nobody asked for TLS' },
    { name: 'mutual', is: 'secure', because: 'the caller has a certificate of its own' },
  ])('$name: $is, for $because', async ({ name, is }) => {
    const { status, by } = await ask(ports[name] ?? 0);
    expect(status === 200 ? by : status).toBe(is);
  });
});
