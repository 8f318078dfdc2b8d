import { networkInterfaces } from 'node:os';
import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';

/** A machine may have none: that is no component which anybody could install. */
const hasIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === '::1');

describeWith('Envoy 1.40', envoyBinary !== undefined, `a gateway in a mesh with a preference${hasIpv6 ? '' : ' (skipped: this machine has no IPv6)'}`, () => {
  if (!hasIpv6) {
    test.skip('is reached by IPv6', () => undefined);
    return;
  }
  let upstream: HttpUpstream;
  let bench: EnvoyBench;
  let port: number;

  beforeAll(async () => {
    [upstream, port] = [await startHttpUpstream('a'), await freePort()];
    bench = await startEnvoyBench(
      {
        name: 'm',
        spec: { serviceDiscovery: { ipPreference: 'IPv6_PREFERRED' } },
        virtualNodes: { a: { listeners: [{ portMapping: { port: 8080, protocol: 'http' } }] } },
        virtualServices: { 'a.local': { provider: { virtualNode: { virtualNodeName: 'a' } } } },
        virtualGateways: { gw: { listeners: [{ portMapping: { port, protocol: 'http' } }] } },
        gatewayRoutes: { 'gw/all': { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'a.local' } } } } } },
        endpoints: { a: [{ ip: '127.0.0.1', port: upstream.port }] },
      },
      { kind: 'virtualGateway', name: 'gw' },
    );
    await bench.accepted();
  });

  afterAll(async () => {
    await bench.stop();
    await upstream.stop();
  });

  test.each(['[::1]', '127.0.0.1'])('is reached by %s', async (host) => {
    const answer = await eventually(() => fetch(`http://${host}:${port}/`).catch(() => undefined), 'the gateway listens');
    expect([answer.status, await answer.text()]).toEqual([200, 'a']);
  });
});
