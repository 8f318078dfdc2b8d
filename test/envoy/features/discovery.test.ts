import { describeWith } from '../../support/components.ts';
import { startDnsServer } from '../../support/dns-server.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

type Discovery = NonNullable<MeshSpecs['virtualNodes']>[string]['serviceDiscovery'];

/** How a node is discovered, and how many hosts that comes to. */
const CASES: Record<string, { discovery: Discovery; hosts: number; serves?: boolean }> = {
  'by address': { discovery: { dns: { hostname: '127.0.0.1' } }, hosts: 1 },
  'by the name of its own machine': { discovery: { dns: { hostname: 'localhost' } }, hosts: 1 },
  'by DNS, the first address': { discovery: { dns: { hostname: 'many.internal' } }, hosts: 1 },
  'by DNS, LOADBALANCER': { discovery: { dns: { hostname: 'many.internal', responseType: 'LOADBALANCER' } }, hosts: 1 },
  'by DNS, ENDPOINTS': { discovery: { dns: { hostname: 'twice.internal', responseType: 'ENDPOINTS' } }, hosts: 2 },
  'by DNS, IPv4 preferred where there is none': { discovery: { dns: { hostname: 'six.internal', responseType: 'ENDPOINTS', ipPreference: 'IPv4_PREFERRED' } }, hosts: 1, serves: false },
  'by DNS, IPv6 only': { discovery: { dns: { hostname: 'many.internal', responseType: 'ENDPOINTS', ipPreference: 'IPv6_ONLY' } }, hosts: 1, serves: false },
  'by DNS, IPv6 preferred where there is none': { discovery: { dns: { hostname: 'twice.internal', responseType: 'ENDPOINTS', ipPreference: 'IPv6_PREFERRED' } }, hosts: 2 },
  'by AWS Cloud Map': { discovery: { awsCloudMap: { namespaceName: 'n', serviceName: 's' } }, hosts: 1 },
};

describeWith('Envoy 1.40', envoyBinary !== undefined, 'a node is discovered', () => {
  let upstream: HttpUpstream;
  let bench: EnvoyBench;
  let dns: Awaited<ReturnType<typeof startDnsServer>>;
  const ports: Record<string, number> = {};
  const names = Object.keys(CASES);
  const nodeOf = (name: string): string => `n${names.indexOf(name)}`;

  beforeAll(async () => {
    upstream = await startHttpUpstream('a');
    for (const name of names) ports[nodeOf(name)] = await freePort();
    const mesh: MeshSpecs = {
      name: 'm',
      virtualNodes: {
        caller: { backends: names.map((name) => ({ virtualService: { virtualServiceName: nodeOf(name) } })) },
        ...Object.fromEntries(
          names.map((name) => [nodeOf(name), { listeners: [{ portMapping: { port: upstream.port, protocol: 'http' as const } }], serviceDiscovery: CASES[name]?.discovery }]),
        ),
      },
      virtualServices: Object.fromEntries(names.map((name) => [nodeOf(name), { provider: { virtualNode: { virtualNodeName: nodeOf(name) } } }])),
      instances: { [nodeOf('by AWS Cloud Map')]: ['127.0.0.1'] },
    };
    dns = await startDnsServer({
      'many.internal': { a: ['127.0.0.1'], aaaa: ['::1'] },
      'twice.internal': { a: ['127.0.0.1', '127.0.0.2'] },
      'six.internal': { aaaa: ['::1'] },
    });
    bench = await startEnvoyBench(mesh, { kind: 'virtualNode', name: 'caller', listen: ports }, { dnsPort: dns.port });
    await bench.accepted();
  });

  afterAll(async () => {
    await bench.stop();
    await upstream.stop();
    dns.stop();
  });

  test.each(Object.entries(CASES).map(([name, { hosts, serves = true }]) => ({ name, hosts, serves })))('$name: $hosts', async ({ name, hosts, serves }) => {
    // A name takes its time to resolve.
    const stat = `cluster.cds_egress_m_${nodeOf(name)}_http_${upstream.port}.membership_total`;
    await eventually(async () => (await bench.stat(stat)) === hosts || undefined, `${hosts} hosts`);
    if (!serves) return;
    const answer = await eventually(async () => {
      const one = await ask(ports[nodeOf(name)] ?? 0);
      return one.status === 200 ? one : undefined;
    }, 'it answers');
    expect(answer.by).toBe('a');
  });
});
