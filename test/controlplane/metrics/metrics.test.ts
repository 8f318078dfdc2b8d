import { Client, credentials } from '@grpc/grpc-js';
import { spawnSync } from 'node:child_process';
import { LATENCY_BOUNDS_MS } from '../../../src/contracts/latency.ts';
import { parseGrants } from '../../../src/controlplane/access/grants.ts';
import { collectMetrics } from '../../../src/controlplane/metrics/collect.ts';
import { CONTENT_TYPE, expose, histogramSamples } from '../../../src/controlplane/metrics/exposition.ts';
import { encode } from '../../../src/controlplane/xds/codec.ts';
import { openAdsClient } from '../../support/ads-client.ts';
import { describeWith } from '../../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { hasPrometheus, startPrometheus } from '../../support/prometheus.ts';
import { buildWalkthrough, CALLER, MESH } from '../../support/walkthrough.ts';

describe('the text format', () => {
  test('escapes what would end a label, a help or a line', () => {
    const samples = [{ labels: { node: 'a"b\\c\nd' }, value: 1 }, { labels: {}, value: Infinity }];
    expect(expose([{ name: 'x', help: 'one\ntwo \\ "three"', type: 'gauge', samples }, { name: 'empty', help: '', type: 'gauge', samples: [] }])).toBe(
      '# HELP x one\\ntwo \\\\ "three"\n# TYPE x gauge\nx{node="a\\"b\\\\c\\nd"} 1\nx +Inf\n',
    );
  });

  test('has histograms that add up, also where trailing counts are left out', () => {
    expect(expose([{ name: 'h', help: '', type: 'histogram', samples: histogramSamples({ n: 'a' }, [0.1, 1, 10], [2, 3], 1.5) }])).toContain(
      'h_bucket{n="a",le="0.1"} 2\nh_bucket{n="a",le="1"} 5\nh_bucket{n="a",le="10"} 5\nh_bucket{n="a",le="+Inf"} 5\nh_sum{n="a"} 1.5\nh_count{n="a"} 5\n',
    );
  });

  test('is of 2,000 nodes at most, and says how many it leaves out', () => {
    const totals = Array.from({ length: 2_500 }, (_, index) => ({ mesh: 'm', virtualNode: `n${index}`, ok: 1, errors: 0, latencySumMs: 0, inProgress: 0 }));
    const families = collectMetrics({
      reader: { meshNames: () => [], view: () => undefined, onChange: () => () => undefined },
      telemetry: { totals: () => totals, lastReports: () => new Map(), leftOut: () => 0 },
      connected: () => [],
      exchanges: () => [],
      lag: { samples: () => [] },
      startedAt: 0,
    });
    expect(families.find(({ name }) => name === 'meshshift_requests_total')?.samples).toHaveLength(4_000);
    expect(families.find(({ name }) => name === 'meshshift_nodes_left_out')?.samples).toEqual([{ labels: {}, value: 500 }]);
  });
});

const identity = (bytes: Buffer): Buffer => bytes;
const READER = 'reader-of-everything-0123456789';
const OF_MESH = 'reader-of-the-mesh-0123456789';
const grants = parseGrants(JSON.stringify({ tokens: [{ name: 'all', token: READER, readOnly: true }, { name: 'mesh', token: OF_MESH, readOnly: true, only: `mesh/${MESH}` }] }));

describe('the endpoint', () => {
  let plane: TestControlPlane;
  const closers: (() => void)[] = [];

  beforeEach(async () => {
    plane = await startTestControlPlane();
    await buildWalkthrough(plane.client);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await plane.dispose();
  });

  function open(path: string): (type: string, message: object) => void {
    const client = new Client(`127.0.0.1:${plane.xdsPort}`, credentials.createInsecure());
    const call = client.makeBidiStreamRequest(path, identity, identity);
    call.on('error', () => undefined).on('data', () => undefined);
    closers.push(() => call.cancel(), () => client.close());
    return (type, message) => void call.write(Buffer.from(encode(type, message as never)));
  }
  const openLoad = (): ((stats: Readonly<Record<string, object>>) => void) => {
    const write = open('/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats');
    return (stats) =>
      write('envoy.service.load_stats.v3.LoadStatsRequest', {
        node: { id: CALLER },
        cluster_stats: Object.entries(stats).map(([node, counts]) => ({ cluster_name: `cds_egress_${MESH}_${node}_http2_80`, upstream_locality_stats: [counts] })),
      });
  };
  const text = async (path = 'metrics', headers: Record<string, string> = {}) => fetch(`${plane.url}/meshshift/v1/${path}`, { headers });
  const valueOf = async (series: string): Promise<number | undefined> => {
    const line = (await (await text()).text()).split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  const until = (series: string, value: number): Promise<true> => eventually(async () => (await valueOf(series)) === value || undefined, `${series} to be ${value}`);

  test('counts what proxies reported, and forgets what a proxy had in flight when it leaves', async () => {
    const [one, other] = [openLoad(), openLoad()];
    const series = (name: string, more = ''): string => `meshshift_${name}{mesh="${MESH}",virtual_node="svcNode1"${more}}`;
    one({ svcNode1: { total_successful_requests: 5, total_error_requests: 2, total_requests_in_progress: 3 } });
    other({ svcNode1: { total_requests_in_progress: 4 } });
    await until(series('requests_in_progress'), 7);
    expect(await valueOf(series('requests_total', ',outcome="ok"'))).toBe(5);
    one({ svcNode1: { total_successful_requests: 1 } });
    await until(series('requests_total', ',outcome="ok"'), 6);
    expect(await valueOf(series('requests_total', ',outcome="error"'))).toBe(2);
    await until(series('requests_in_progress'), 4);
    for (const close of closers.splice(0)) close();
    await until(series('requests_in_progress'), 0);
  });

  test('knows who is connected, what was sent, accepted and refused, and how much there is', async () => {
    const client = openAdsClient(plane.xdsPort);
    closers.push(() => client.close());
    const stream = client.open(CALLER);
    stream.request('cluster');
    const { nonce, version } = await stream.next();
    await until('meshshift_xds_responses_total{type="cluster",outcome="sent"}', 1);
    stream.request('cluster', { nonce, version, error: 'no such thing' });
    await until('meshshift_xds_responses_total{type="cluster",outcome="refused"}', 1);
    // The same word again is no second one.
    stream.request('cluster', { nonce, version, error: 'no such thing' });
    stream.request('listener');
    await stream.accept('listener');
    await until('meshshift_xds_responses_total{type="listener",outcome="accepted"}', 1);
    expect(await valueOf('meshshift_xds_responses_total{type="cluster",outcome="refused"}')).toBe(1);
    expect(await valueOf(`meshshift_proxies_connected{mesh="${MESH}",kind="envoy",state="rejected"}`)).toBe(1);
    expect(await valueOf(`meshshift_resources{mesh="${MESH}",kind="virtualNode"}`)).toBe(3);
    expect(await valueOf('meshshift_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
    expect(await valueOf('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  test('is of one mesh where one is named, and of none that is not there', async () => {
    openLoad()({ svcNode1: { total_successful_requests: 5 } });
    await until(`meshshift_requests_total{mesh="${MESH}",virtual_node="svcNode1",outcome="ok"}`, 5);
    const answer = await text(`metrics/${MESH}`);
    expect(answer.headers.get('content-type')).toBe(CONTENT_TYPE);
    const body = await answer.text();
    expect(body).toContain('meshshift_requests_total');
    expect(body).not.toContain('process_');
    expect([(await text('metrics/absent')).status, (await text('metrics/a/b')).status]).toEqual([404, 404]);
  });

  describeWith('prometheus', hasPrometheus, 'scraped by a real Prometheus', () => {
    test('has its figures there, under the credentials of a reader', async () => {
      await plane.dispose();
      plane = await startTestControlPlane({ access: { grants, openOnLoopback: false } });
      const host = new URL(plane.url).host;
      const job = (name: string, path: string, token: string): string =>
        `  - job_name: ${name}\n    metrics_path: ${path}\n    authorization: { credentials: ${token} }\n    static_configs: [{ targets: ["${host}"] }]\n`;
      const prometheus = await startPrometheus({
        config: `global: { scrape_interval: 1s }\nscrape_configs:\n${job('all', '/meshshift/v1/metrics', READER)}${job('mesh', '/meshshift/v1/metrics', OF_MESH)}`,
      });
      try {
        const up = await eventually(async () => {
          const found = new Map((await prometheus.query('up')).map(([{ job: name = '' }, value]) => [name, value]));
          return found.size === 2 && found.get('all') === 1 ? found : undefined;
        }, 'both scrapes');
        // Who may read one mesh may not read the whole.
        expect(up.get('mesh')).toBe(0);
        expect((await prometheus.query('process_start_time_seconds{job="all"}'))[0]?.[1]).toBeCloseTo(Date.now() / 1000 - process.uptime(), -1);
      } finally {
        await prometheus.stop();
      }
    });

    test('has counts, latencies and rates of a virtual node whose names need care', async () => {
      const metrics = open('/envoy.service.metrics.v3.MetricsService/StreamMetrics');
      const node = 'a"\\b';
      const load = openLoad();
      load({ [node]: { total_successful_requests: 6, total_error_requests: 2 } });
      const bucket = LATENCY_BOUNDS_MS.map((upper_bound) => ({ upper_bound, cumulative_count: upper_bound >= 500 ? 8 : upper_bound >= 100 ? 6 : 0 }));
      metrics('envoy.service.metrics.v3.StreamMetricsMessage', {
        identifier: { node: { id: CALLER } },
        envoy_metrics: [{ name: `cluster.cds_egress_${MESH}_${node}_http2_80.upstream_rq_time`, type: 'HISTOGRAM', metric: [{ histogram: { sample_count: 8, sample_sum: 1300, bucket } }] }],
      });
      const prometheus = await startPrometheus({
        config: `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: all\n    metrics_path: /meshshift/v1/metrics\n    static_configs: [{ targets: ["${new URL(plane.url).host}"] }]\n`,
      });
      try {
        const ask = async (query: string): Promise<number | undefined> => (await prometheus.query(query))[0]?.[1];
        const selector = `{virtual_node='a"\\\\b'}`;
        await eventually(async () => (await ask(`meshshift_request_duration_seconds_count${selector}`)) === 8 || undefined, 'its requests');
        expect(await ask(`sum(meshshift_requests_total{outcome="error",virtual_node='a"\\\\b'}) / sum(meshshift_requests_total${selector})`)).toBe(0.25);
        expect(await ask(`meshshift_request_duration_seconds_sum${selector}`)).toBe(1.3);
        expect(await ask(`histogram_quantile(0.75, meshshift_request_duration_seconds_bucket${selector})`)).toBeCloseTo(0.1, 5);
      } finally {
        await prometheus.stop();
      }
    });

    test('is found without fault by its linter', async () => {
      openLoad()({ svcNode1: { total_successful_requests: 5 } });
      await until(`meshshift_requests_total{mesh="${MESH}",virtual_node="svcNode1",outcome="ok"}`, 5);
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await (await text()).text(), encoding: 'utf8' });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
    });
  });
});
