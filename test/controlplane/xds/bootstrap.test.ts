import { envoyBootstrap, grpcBootstrap, parseNodeId } from '../../../src/controlplane/bootstrap/index.ts';
import type { ProtoJson } from '../../../src/controlplane/translate/types.ts';
import { LATENCY_BOUNDS_MS } from '../../../src/contracts/latency.ts';
import { encode } from '../../../src/controlplane/xds/codec.ts';

const at = { nodeId: 'mesh/m/virtualNode/n', xdsHost: '127.0.0.1', xdsPort: 4681 };

describe('Envoy’s bootstrap', () => {
  test.each([
    ['plain', at],
    ['with loopback listeners', { ...at, listen: { 'svc.local': 8080 }, adminPort: 9901 }],
    ['with all loopback listeners', { ...at, listen: true as const }],
    ['with all of its statistics', { ...at, statistics: 'all' as const }],
    ['with none of its statistics', { ...at, statistics: 'none' as const }],
    ['by host name', { ...at, xdsHost: 'control-plane.internal' }],
    ['incremental, over TLS, with a token', { ...at, delta: true, tls: { authorities: 'ca.pem' }, credentials: { token: 'secret' } }],
    ['over mutual TLS', { ...at, tls: { authorities: 'ca.pem', name: 'mesh.internal', client: { certificate: 'me.pem', key: 'me.key' } } }],
    ['with a source of secrets', { ...at, sdsSocketPath: '/run/sds.sock' }],
  ])('%s has only fields of Envoy 1.40', (_title, options) => {
    expect(() => encode('envoy.config.bootstrap.v3.Bootstrap', envoyBootstrap(options) as ProtoJson)).not.toThrow();
  });

  test('asks for listeners in its metadata only when told to', () => {
    expect(envoyBootstrap(at)).toMatchObject({ node: { id: at.nodeId, cluster: at.nodeId } });
    expect(JSON.stringify(envoyBootstrap(at))).not.toContain('meshshift.listen');
    expect(envoyBootstrap({ ...at, listen: { s: 1 } })).toMatchObject({ node: { metadata: { 'meshshift.listen': { s: 1 } } } });
  });

  test('tells latencies alone unless told otherwise, by the bounds of the table', () => {
    expect(envoyBootstrap(at)).toMatchObject({ stats_config: { stats_matcher: { inclusion_list: {} }, histogram_bucket_settings: [{ buckets: LATENCY_BOUNDS_MS }] } });
    expect(JSON.stringify(envoyBootstrap({ ...at, statistics: 'all' }))).not.toContain('stats_matcher');
    expect(Object.keys(envoyBootstrap({ ...at, statistics: 'none' })).filter((field) => field.startsWith('stats'))).toEqual([]);
    // Two significant digits, rising: more than Envoy's histograms can tell.
    expect(LATENCY_BOUNDS_MS.map((bound, index) => bound === Number(bound.toPrecision(2)) && bound > (LATENCY_BOUNDS_MS[index - 1] ?? 0))).not.toContain(false);
  });

  test('resolves a name and takes an address as it is', () => {
    const typeOf = (xdsHost: string) => (envoyBootstrap({ ...at, xdsHost }) as { static_resources: { clusters: [{ type: string }] } }).static_resources.clusters[0].type;
    expect(['127.0.0.1', '::1', 'localhost'].map(typeOf)).toEqual(['STATIC', 'STATIC', 'STRICT_DNS']);
  });
});

test('credentials go with every call that Envoy makes: configuration and load reports', () => {
  const { dynamic_resources, cluster_manager } = envoyBootstrap({ ...at, credentials: { token: 'secret' } }) as Record<string, Record<string, { grpc_services: object[] }>>;
  const metadata = [{ key: 'authorization', value: 'Bearer secret' }];
  for (const one of [dynamic_resources?.['ads_config'], cluster_manager?.['load_stats_config']]) expect(one?.grpc_services).toMatchObject([{ initial_metadata: metadata }]);
});

test('gRPC’s bootstrap has the files of its TLS', () => {
  const tls = { authorities: 'ca.pem', client: { certificate: 'me.pem', key: 'me.key' } };
  const credentials = { type: 'tls', config: { ca_certificate_file: 'ca.pem', certificate_file: 'me.pem', private_key_file: 'me.key' } };
  expect(grpcBootstrap({ ...at, tls })).toMatchObject({ xds_servers: [{ channel_creds: [credentials] }] });
});

test('gRPC’s bootstrap names server and node, IPv6 in brackets', () => {
  expect(grpcBootstrap({ ...at, xdsHost: '::1' })).toEqual({
    xds_servers: [{ server_uri: '[::1]:4681', channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: at.nodeId, cluster: at.nodeId, locality: {} },
  });
});

test.each([
  ['mesh/m/virtualNode/n', { mesh: 'm', kind: 'virtualNode', name: 'n' }],
  ['arn:aws:appmesh:us-east-1:123456789012:mesh/m/virtualNode/n', { mesh: 'm', kind: 'virtualNode', name: 'n' }],
  ['arn:aws-cn:appmesh:cn-north-1:123456789012:mesh/m/virtualGateway/g', { mesh: 'm', kind: 'virtualGateway', name: 'g' }],
  ['mesh/m@123456789012/virtualNode/n', { mesh: 'm', kind: 'virtualNode', name: 'n' }],
  ['arn:aws:appmesh:us-east-1:111122223333:mesh/m@123456789012/virtualGateway/g', { mesh: 'm', kind: 'virtualGateway', name: 'g' }],
  ['mesh/m@home/virtualNode/n', { mesh: 'm@home', kind: 'virtualNode', name: 'n' }],
  ['mesh/m', undefined],
  ['mesh/m/virtualRouter/r', undefined],
  ['mesh/m/virtualNode/n/x', undefined],
  ['arn:aws:ecs:us-east-1:123456789012:mesh/m/virtualNode/n', undefined],
  ['', undefined],
])('node id %p', (id, expected) => {
  expect(parseNodeId(id)).toEqual(expected);
});
