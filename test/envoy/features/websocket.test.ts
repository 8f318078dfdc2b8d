import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import type { MeshSpecs } from '../../support/mesh.ts';
import { echoed, startWebSocketUpstream } from '../../support/websocket.ts';

const PROTOCOLS = ['http', 'http2'] as const;
const serviceOf = (protocol: string): string => `${protocol}.local`;

const meshFor = (gatewayPort: number, portOf: (protocol: string) => number): MeshSpecs => ({
  name: 'm',
  virtualNodes: {
    caller: { backends: PROTOCOLS.map((protocol) => ({ virtualService: { virtualServiceName: serviceOf(protocol) } })) },
    ...Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, { listeners: [{ portMapping: { port: 8080, protocol } }] }])),
  },
  virtualServices: Object.fromEntries(PROTOCOLS.map((protocol) => [serviceOf(protocol), { provider: { virtualNode: { virtualNodeName: protocol } } }])),
  virtualGateways: { gw: { listeners: [{ portMapping: { port: gatewayPort, protocol: 'http' } }] } },
  gatewayRoutes: Object.fromEntries(
    PROTOCOLS.map((protocol) => [
      `gw/${protocol}`,
      { httpRoute: { match: { prefix: '/', hostname: { exact: serviceOf(protocol) } }, action: { target: { virtualService: { virtualServiceName: serviceOf(protocol) } } } } },
    ]),
  ),
  endpoints: Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, [{ ip: '127.0.0.1', port: portOf(protocol) }]])),
});

describeWith('Envoy 1.40', envoyBinary !== undefined, 'a WebSocket', () => {
  let upstreams: Record<(typeof PROTOCOLS)[number], Awaited<ReturnType<typeof startWebSocketUpstream>>>;
  let gateway: EnvoyBench;
  let node: EnvoyBench;
  let ports: Record<string, number>;

  beforeAll(async () => {
    upstreams = { http: await startWebSocketUpstream('http'), http2: await startWebSocketUpstream('http2') };
    ports = { gw: await freePort(), [serviceOf('http')]: await freePort(), [serviceOf('http2')]: await freePort() };
    const mesh = meshFor(ports['gw'] ?? 0, (protocol) => upstreams[protocol as 'http' | 'http2'].port);
    const { gw: _gw, ...listen } = ports;
    gateway = await startEnvoyBench(mesh, { kind: 'virtualGateway', name: 'gw' });
    node = await startEnvoyBench(mesh, { kind: 'virtualNode', name: 'caller', listen });
    await Promise.all([gateway.accepted(), node.accepted()]);
  });

  afterAll(async () => {
    await Promise.all([gateway.stop(), node.stop()]);
    for (const upstream of Object.values(upstreams)) upstream.stop();
  });

  test.each(PROTOCOLS)('passes a gateway to a node of %s', async (protocol) => {
    expect(await echoed(ports['gw'] ?? 0, serviceOf(protocol), 'through the gateway')).toBe('through the gateway');
  });

  test.each(PROTOCOLS)('passes a sidecar to a node of %s', async (protocol) => {
    expect(await echoed(ports[serviceOf(protocol)] ?? 0, serviceOf(protocol), 'through the sidecar')).toBe('through the sidecar');
  });
});
