import { jest } from '@jest/globals';
import { slowerThan } from '../../src/contracts/latency.ts';
import type { NodeTelemetry } from '../../src/controlplane/model/counts.ts';
import type { Statistics } from '../../src/controlplane/bootstrap/index.ts';
import { openCaller } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { envoyBinary, startCallerEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { buildWalkthrough, register, telemetryOf } from '../support/walkthrough.ts';

jest.setTimeout(60_000);

const latencies = ({ buckets }: NodeTelemetry, boundMs: number): { total: number; slow: number } =>
  buckets.map(({ latency = [] }) => slowerThan(latency, boundMs)).reduce((sum, one) => ({ total: sum.total + one.total, slow: sum.slow + one.slow }), { total: 0, slow: 0 });

describeWith('Envoy 1.40', envoyBinary !== undefined, 'how long requests took, through Envoy', () => {
  let plane: TestControlPlane;
  let upstreams: Upstream[];

  beforeEach(async () => {
    plane = await startTestControlPlane();
    upstreams = await Promise.all(['svcNode1', 'svcNode1v2'].map(startUpstream));
    await buildWalkthrough(plane.client);
    for (const { name, port } of upstreams) await register(plane.url, name, [port]);
  });
  afterEach(async () => {
    for (const one of upstreams) one.stop();
    await plane.dispose();
  });

  const telemetry = (node: string): Promise<NodeTelemetry> => telemetryOf(plane.url, node);
  /** Runs calls through an Envoy of its own, and hands on what the control plane knows once `enough` is so. */
  async function measure(statistics: Statistics, calls: number, enough: (canary: NodeTelemetry, stable: NodeTelemetry) => boolean): Promise<readonly [canary: NodeTelemetry, stable: NodeTelemetry]> {
    const envoy = await startCallerEnvoy(plane.xdsPort, { statistics });
    const caller = openCaller(`127.0.0.1:${envoy.port}`);
    try {
      await eventually(async () => ('by' in (await caller.call()) ? true : undefined), 'an answer');
      await caller.run(calls, 20);
      return await eventually(async () => {
        const both = [await telemetry('svcNode1v2'), await telemetry('svcNode1')] as const;
        return enough(...both) ? both : undefined;
      }, 'all is reported');
    } finally {
      caller.close();
      await envoy.stop();
    }
  }

  test.each<Statistics>(['latency', 'all'])('is told per virtual node, each request once, by the bounds of the table: statistics %s', async (statistics) => {
    const [stable, canary] = [upstreams[0]!, upstreams[1]!];
    canary.delayMs = 120;
    const [ofCanary, ofStable] = await measure(statistics, 200, (one, other) => latencies(one, 100).total === canary.served && latencies(other, 100).total === stable.served);
    expect(canary.served).toBeGreaterThan(20);
    // A busy machine may be slow of itself, but never answers before its time.
    expect(latencies(ofCanary, 100)).toEqual({ total: canary.served, slow: canary.served });
    expect(latencies(ofStable, 100).slow).toBeLessThan(stable.served / 2);
    expect(ofStable.lastLatencyAt).toBeGreaterThan(0);
  });

  test('is not told by an Envoy that was not asked to, whose load reports count all the same', async () => {
    const [{ buckets }, { lastLatencyAt, lastReportAt }] = await measure('none', 50, (_, { buckets: seen }) => seen.length > 0);
    expect([lastLatencyAt, lastReportAt]).toEqual([null, expect.any(Number)]);
    expect(buckets.every(({ latency }) => latency === undefined)).toBe(true);
  });
});
