import { jest } from '@jest/globals';
import type { NodeTelemetry } from '../../src/controlplane/model/counts.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { eventually } from '../support/eventually.ts';
import { startProxylessCaller, type ProxylessCaller } from '../support/proxyless.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { addNode, buildWalkthrough, register, shift, telemetryOf } from '../support/walkthrough.ts';

// Thousands of requests on a machine that may be busy with other suites.
jest.setTimeout(90_000);

const total = ({ buckets }: NodeTelemetry): number => buckets.reduce((sum, { ok, errors }) => sum + ok + errors, 0);

describe('the walkthrough’s mesh through proxyless gRPC', () => {
  let plane: TestControlPlane;
  let caller: ProxylessCaller;
  let upstreams: Upstream[];

  const upstream = (name: string): Upstream => upstreams.find((one) => one.name === name)!;
  const telemetry = (node: string): Promise<NodeTelemetry> => telemetryOf(plane.url, node);

  beforeEach(async () => {
    plane = await startTestControlPlane();
    upstreams = await Promise.all(['svcNode1', 'svcNode1v2', 'svcNode1v3'].map(startUpstream));
    await buildWalkthrough(plane.client);
    for (const { name, port } of upstreams) await register(plane.url, name, [port]);
    caller = startProxylessCaller(plane.xdsPort);
  });

  afterEach(async () => {
    await caller.stop();
    for (const one of upstreams) one.stop();
    await plane.dispose();
  });

  test('splits 5,000 requests 75/25 within 2 points, and its load reports count what the upstreams counted', async () => {
    const { by, errors } = await caller.run(5_000, 20);
    expect(errors).toEqual([]);
    expect(by['svcNode1v2']! / 5_000).toBeGreaterThan(0.23);
    expect(by['svcNode1v2']! / 5_000).toBeLessThan(0.27);
    for (const name of ['svcNode1', 'svcNode1v2']) {
      await eventually(async () => total(await telemetry(name)) >= upstream(name).served || undefined, `${name} is reported`);
      expect(total(await telemetry(name))).toBe(upstream(name).served);
    }
  });

  test('no request fails across 100 switches of weights and targets under load', async () => {
    await addNode(plane.client, 'svcNode1v3');
    await caller.startLoad(10);
    for (let index = 0; index < 100; index++) {
      const on = ['svcNode1', 'svcNode1v2', 'svcNode1v3'][index % 3]!;
      await shift(plane.client, index % 2 === 0 ? { [on]: 100 } : { svcNode1: 0, svcNode1v2: 0, [on]: 100 });
      const seen = upstream(on).served;
      await eventually(() => upstream(on).served > seen + 5 || undefined, `traffic reaches ${on}`);
    }
    const { by, errors } = await caller.stopLoad();
    expect(errors).toEqual([]);
    expect(Object.values(by).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
  });
});
