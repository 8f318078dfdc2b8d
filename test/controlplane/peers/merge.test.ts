import type { NodeTelemetry } from '../../../src/controlplane/model/counts.ts';
import { mergePropagation } from '../../../src/controlplane/peers/merge-propagation.ts';
import { mergeInstances } from '../../../src/controlplane/peers/merge-telemetry.ts';
import type { Propagation } from '../../../src/controlplane/xds/propagation.ts';

const telemetry = (now: number, buckets: NodeTelemetry['buckets'], more: Partial<NodeTelemetry> = {}): NodeTelemetry => ({
  mesh: 'm',
  virtualNode: 'n',
  buckets,
  now,
  lastReportAt: null,
  lastLatencyAt: null,
  latencyBoundsMs: [1, 2],
  ...more,
});

describe('what several control planes know of a node', () => {
  test('is added up by interval', () => {
    const merged = mergeInstances(telemetry(650, [{ at: 200, ok: 3, errors: 1 }, { at: 600, ok: 5, errors: 0, latency: [1, 0, 0] }], { lastReportAt: 640 }), [
      telemetry(640, [{ at: 200, ok: 2, errors: 0 }, { at: 400, ok: 0, errors: 7 }, { at: 600, ok: 1, errors: 1, latency: [0, 2, 0] }], { lastReportAt: 630, lastLatencyAt: 5 }),
    ]);
    expect(merged).toEqual(
      telemetry(640, [{ at: 200, ok: 5, errors: 1 }, { at: 400, ok: 0, errors: 7 }, { at: 600, ok: 6, errors: 1, latency: [1, 2, 0] }], { lastReportAt: 640, lastLatencyAt: 5 }),
    );
  });

  test('is final as far as it is to each: who asks again from there gets everything once, whoever is late', () => {
    const own = [200, 400, 600].map((at) => ({ at, ok: 1, errors: 0 }));
    const others = [200, 400, 600].map((at) => ({ at, ok: 10, errors: 0 }));
    const upTo = (all: NodeTelemetry['buckets'], since: number, now: number): NodeTelemetry => telemetry(now, all.filter(({ at }) => at > since && at <= now));
    let since = 0;
    let counted = 0;
    for (const [ownNow, otherNow] of [[450, 250], [650, 390], [700, 700]] as const) {
      const { buckets, now } = mergeInstances(upTo(own, since, ownNow), [upTo(others, since, otherNow)]);
      counted += buckets.reduce((sum, { ok }) => sum + ok, 0);
      since = now;
    }
    expect(counted).toBe(33);
  });
});

test('how far a mesh has come is counted over all, and the older version of a resource holds where they differ', () => {
  const told = (version: number, counts: object): Propagation => ({
    mesh: 'm',
    version: 'v',
    proxies: [{ nodeId: `by ${version}`, kind: 'envoy', state: 'acked' }],
    resources: [{ kind: 'route', parent: 'r', name: 'a', version, acked: 0, pending: 0, rejected: 0, ...counts }],
    certificates: [],
  });
  expect(mergePropagation(told(7, { acked: 2 }), [told(6, { acked: 1, pending: 1 }), told(8, { rejected: 1 })])).toEqual({
    ...told(6, { acked: 3, pending: 1, rejected: 1 }),
    proxies: [7, 6, 8].map((version) => ({ nodeId: `by ${version}`, kind: 'envoy', state: 'acked' })),
  });
});
