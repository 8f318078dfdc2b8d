import { LATENCY_BOUNDS_MS, slowerThan } from '../../../src/contracts/latency.ts';
import { IntervalCounts } from '../../../src/controlplane/telemetry/interval-counts.ts';
import { countsOf } from '../../../src/controlplane/telemetry/load-report.ts';
import { latenciesOf } from '../../../src/controlplane/telemetry/latency-report.ts';
import { createTelemetry } from '../../../src/controlplane/telemetry/telemetry.ts';
import { withoutField } from '../../../src/controlplane/xds/wire.ts';
import { decode, encode } from '../../../src/controlplane/xds/codec.ts';
import { manualTimers } from '../../support/manual-timers.ts';

const sum = (buckets: readonly { ok: number; errors: number }[]): number => buckets.reduce((total, { ok, errors }) => total + ok + errors, 0);

describe('intervals', () => {
  test('are aligned, closed once, and the same for every node', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 1_000_050);
    counts.add('stable', { ok: 1, errors: 0 }, 1_000_060);
    counts.add('canary', { ok: 0, errors: 1 }, 1_000_199);
    expect(counts.read('stable', 0, 1_000_199).buckets).toEqual([]);
    counts.add('stable', { ok: 5, errors: 0 }, 1_000_200);
    expect(counts.read('stable', 0, 1_000_200)).toEqual({ buckets: [{ at: 1_000_200, ok: 1, errors: 0 }], now: 1_000_200 });
    expect(counts.read('canary', 0, 1_000_200).buckets).toEqual([{ at: 1_000_200, ok: 0, errors: 1 }]);
    expect(counts.read('stable', 1_000_200, 1_000_400).buckets).toEqual([{ at: 1_000_400, ok: 5, errors: 0 }]);
  });

  test('a reader that asks again with `now` gets everything once, whenever it asks', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 0);
    let since = 0;
    let read = 0;
    for (let now = 0, index = 0; now < 60_000; now += 37, index++) {
      counts.add('n', { ok: 1, errors: 1 }, now);
      if (index % 7 !== 0) continue;
      const answer = counts.read('n', since, now);
      read += sum(answer.buckets);
      since = answer.now;
    }
    read += sum(counts.read('n', since, 70_000).buckets);
    expect(read).toBe(2 * Math.ceil(60_000 / 37));
  });

  test('a clock that steps back neither opens a closed bucket nor takes back what is final', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 1_000);
    counts.add('n', { ok: 1, errors: 0 }, 1_100);
    expect(counts.read('n', 0, 1_250).now).toBe(1_250);
    counts.add('n', { ok: 1, errors: 0 }, 900);
    const { buckets, now } = counts.read('n', 0, 950);
    expect([buckets, now]).toEqual([[{ at: 1_200, ok: 1, errors: 0 }], 1_200]);
    expect(counts.read('n', 1_200, 1_400).buckets).toEqual([{ at: 1_400, ok: 1, errors: 0 }]);
  });

  test('two hours of reports are kept whole, in bounded space', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 0);
    const twoHours = 7_200_000;
    for (let now = 0; now < twoHours; now += 200) counts.add('n', { ok: 3, errors: 1 }, now);
    const { buckets } = counts.read('n', 0, twoHours);
    expect(sum(buckets)).toBe((twoHours / 200) * 4);
    expect(buckets.length).toBeLessThan(5_200);
    expect(buckets.map(({ at }) => at)).toEqual([...buckets.map(({ at }) => at)].sort((a, b) => a - b));
    for (let now = twoHours; now < 3 * twoHours; now += 200) counts.add('n', { ok: 3, errors: 1 }, now);
    expect(counts.read('n', 0, 3 * twoHours).buckets.length).toBeLessThan(5_200);
  });

  test('of a summed interval nothing is read twice', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 0);
    for (let now = 0; now < 1_200_000; now += 200) counts.add('n', { ok: 1, errors: 0 }, now);
    const { buckets } = counts.read('n', 2_400, 1_200_000);
    expect(buckets[0]?.at).toBe(10_000);
    expect(sum(buckets)).toBe((1_200_000 - 5_000) / 200);
  });
});

describe('intervals of many nodes', () => {
  test('of more than there may be are left out, and those with nothing left are forgotten', () => {
    const counts = new IntervalCounts({ intervalMs: 200, keepForMs: 10_000, fineForMs: 5_000, mostKeys: 2 }, 0);
    expect(['a', 'b', 'c'].map((key) => counts.add(key, { ok: 1, errors: 0 }, 0))).toEqual([true, true, false]);
    expect(sum(counts.read('c', 0, 1_000).buckets)).toBe(0);
    for (let now = 0; now <= 30_000; now += 200) counts.add('b', { ok: 1, errors: 0 }, now);
    expect(counts.add('c', { ok: 1, errors: 0 }, 30_000)).toBe(true);
    expect(counts.add('a', { ok: 1, errors: 0 }, 30_000)).toBe(false);
  });

  test('add up latencies bound by bound, beside counts or alone', () => {
    const counts = new IntervalCounts({ intervalMs: 200 }, 0);
    counts.add('n', { ok: 1, errors: 0 }, 0);
    counts.add('n', { ok: 0, errors: 0, latency: [1, 2] }, 10);
    counts.add('n', { ok: 0, errors: 0, latency: [0, 1, 5] }, 20);
    counts.add('n', { ok: 1, errors: 0 }, 200);
    expect(counts.read('n', 0, 400).buckets).toEqual([{ at: 200, ok: 1, errors: 0, latency: [1, 3, 5] }, { at: 400, ok: 1, errors: 0 }]);
    counts.add('n', { ok: 0, errors: 0, latency: [4] }, 400);
    expect(counts.read('n', 0, 620_000).buckets).toEqual([{ at: 5_000, ok: 2, errors: 0, latency: [5, 3, 5] }]);
  });
});

describe('latency reports', () => {
  const histogram = (cluster: string, cumulative: Readonly<Record<number, number>>, samples: number, bounds: readonly number[] = LATENCY_BOUNDS_MS) => ({
    name: `cluster.${cluster}.upstream_rq_time`,
    type: 'HISTOGRAM',
    metric: [{ histogram: { sample_count: String(samples), sample_sum: 250, bucket: bounds.map((upper_bound) => ({ upper_bound, cumulative_count: String(Object.entries(cumulative).findLast(([at]) => Number(at) <= upper_bound)?.[1] ?? 0) })) } }],
  });
  const message = (...envoy_metrics: object[]): Uint8Array => encode('envoy.service.metrics.v3.StreamMetricsMessage', { identifier: { node: { id: 'x' } }, envoy_metrics });

  test('count by node of the mesh, names with dots included, and leave out everything else', () => {
    const other = { name: 'cluster.cds_egress_m_n_http_80.upstream_rq_total', type: 'COUNTER', metric: [{ counter: { value: 7 } }] };
    const found = latenciesOf('m', message(other, histogram('cds_egress_m_n.v2_http_80', { 5: 2, 300: 6 }, 9), histogram('cds_egress_m_idle_http_80', {}, 0), histogram('meshshift_xds', { 1: 1 }, 1)));
    expect(found).toEqual([{ virtualNode: 'n.v2', latency: [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, ...Array<number>(10).fill(0), 3], sumMs: 250 }]);
    expect(slowerThan(found?.[0]?.latency ?? [], 300)).toEqual({ total: 9, slow: 3 });
    expect(slowerThan(found?.[0]?.latency ?? [], 5)).toEqual({ total: 9, slow: 7 });
    expect(latenciesOf('m', message())).toEqual([]);
  });

  test('by other bounds say nothing, rather than something wrong', () => {
    expect(latenciesOf('m', message(histogram('cds_egress_m_n_http_80', { 5: 1 }, 1, [1, 5, 10])))).toBeUndefined();
    expect(latenciesOf('m', message(histogram('cds_egress_m_n_http_80', { 5: 1 }, 1, [...LATENCY_BOUNDS_MS, 60_000])))).toHaveLength(1);
  });

  test('that are no message are refused', () => {
    const bytes = message(histogram('cds_egress_m_n_http_80', { 5: 1 }, 1));
    expect(() => latenciesOf('m', bytes.subarray(0, bytes.length - 3))).toThrow(RangeError);
  });
});

describe('telemetry', () => {
  test('tells each interval once, in order, with its reports final', () => {
    const timers = manualTimers();
    let now = 1_000;
    const pass = (milliseconds: number): void => {
      now += milliseconds;
      timers.pass(milliseconds);
    };
    const telemetry = createTelemetry({ intervalMs: 200, clock: () => now, after: timers.after });
    const told: [number, number][] = [];
    const stop = telemetry.onInterval((at) => told.push([at, sum(telemetry.read('m', 'n', at - 200).buckets)]));
    telemetry.report('m', [{ virtualNode: 'n', ok: 2, errors: 1 }]);
    pass(200);
    telemetry.report('m', [{ virtualNode: 'n', ok: 1, errors: 0 }]);
    pass(200);
    pass(200);
    stop();
    pass(200);
    expect(told).toEqual([[1_200, 3], [1_400, 1], [1_600, 0]]);
    expect(telemetry.read('m', 'n', 0).lastReportAt).toBe(1_200);
    expect(telemetry.read('other', 'n', 0).lastReportAt).toBeNull();
    expect(telemetry.read('m', 'n', 0).lastLatencyAt).toBeNull();
    telemetry.reportLatency('m', []);
    expect(telemetry.read('m', 'n', 0).lastLatencyAt).toBe(1_800);
    telemetry.close();
    expect(timers.waits()).toEqual([]);
  });
});

describe('load reports', () => {
  const stats = (name: string, ok: number, errors: number) => ({
    cluster_name: name,
    upstream_locality_stats: [
      { total_successful_requests: String(ok), total_error_requests: String(errors), total_issued_requests: '7' },
      { total_successful_requests: '1', total_requests_in_progress: '4' },
    ],
  });
  const report = {
    cluster_stats: [
      stats('cds_egress_my_mesh_my_node_http2_80', 5, 2),
      stats('cds_egress_my_other_http_80', 1, 0),
      stats('cds_ingress_my_mesh_my_node_http2_80', 9, 9),
      stats('meshshift_xds', 9, 9),
      { cluster_name: 'cds_egress_my_mesh_idle_grpc_50051' },
    ],
  };

  test('count the ways to virtual nodes of the mesh only, names with underscores included', () => {
    expect(countsOf('my_mesh', report)).toEqual([{ virtualNode: 'my_node', ok: 6, errors: 2, inProgress: 4 }]);
  });

  test('are read the same without the node that every one of them repeats', () => {
    const type = 'envoy.service.load_stats.v3.LoadStatsRequest';
    const bytes = encode(type, { node: { id: 'x', user_agent_name: 'y'.repeat(300) }, ...report });
    const short = withoutField(bytes, 1);
    expect(short.length).toBeLessThan(bytes.length - 300);
    expect(decode(type, short)).toEqual({ ...decode(type, bytes), node: undefined });
    expect(() => withoutField(bytes.subarray(0, bytes.length - 3), 1)).toThrow(RangeError);
  });
});
