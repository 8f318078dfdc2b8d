import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPolledMetrics } from '../../src/metrics/open-polled.ts';
import { describeWith } from '../support/components.ts';
import { hasPrometheus, startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { provision } from './pgmesh.ts';
import { rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

const SAMPLES_A_SECOND = 2;
const BEFORE_S = 60;
const AHEAD_S = 600;

/** Orders of three versions, of which v3 loses three in ten; from a minute ago to ten minutes from now, so that they go on while the rollout does. */
function orders(now: number): string {
  const begin = Math.floor(now) - BEFORE_S;
  const counter = (name: string, node: string, each: number): string[] =>
    Array.from({ length: (BEFORE_S + AHEAD_S) * SAMPLES_A_SECOND }, (_, index) => `${name}_total{node="${node}"} ${index * each} ${begin + index / SAMPLES_A_SECOND}`);
  const nodes = ['svcNode1', 'svcNode1v2', 'svcNode1v3'];
  const lost = { svcNode1: 0, svcNode1v2: 0, svcNode1v3: 30 } as Record<string, number>;
  return ['# TYPE orders counter', ...nodes.flatMap((node) => counter('orders', node, 100)), '# TYPE lost counter', ...nodes.flatMap((node) => counter('lost', node, lost[node]!)), '# EOF', ''].join('\n');
}

describeWith('prometheus', hasPrometheus, 'a rollout judged by a real Prometheus', () => {
  let prometheus: Prometheus;
  let world: World;
  beforeAll(async () => {
    prometheus = await startPrometheus({
      fill: (data, folder) => {
        writeFileSync(join(folder, 'orders'), orders(Date.now() / 1000));
        execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'orders'), data], { stdio: 'ignore' });
      },
    });
    process.env['MESHSHIFT_PROMETHEUS_URL'] = prometheus.url;
  }, 60_000);
  afterAll(async () => {
    delete process.env['MESHSHIFT_PROMETHEUS_URL'];
    await prometheus.stop();
  });
  beforeEach(async () => {
    world = await openWorld({ openPolled: openPolledMetrics({ prometheusUrl: prometheus.url }) });
  });
  afterEach(() => world.stop());
  const { begin, ended } = rolloutsOf(() => world);

  const query = (name: string): string => `sum(increase(${name}_total{node="{{virtualNode}}"}[{{step}}]))`;
  const metric = { name: 'orders', source: 'prometheus', bad: query('lost'), total: query('orders'), period: '2s' };

  test.each([
    ['a bound', { max: '5%' }],
    ['a margin', { margin: '5%' }],
  ])('goes on while it is good, by %s', async (_, bound) => {
    // Ten times as fast as the engine's clock: nine seconds, for three periods at least.
    await provision(world, { steps: [50], bake: '90s', analysis: { metrics: [{ ...metric, ...bound }], minRequests: 100, onInconclusive: 'hold' } });
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await world.rollout(id)).verdicts.at(-1)).toMatchObject({ outcome: 'pass', reason: expect.stringMatching(/^orders: good: canary 0 of \d{3,} requests/) as string });
  });

  test.each([
    ['a bound', { max: '5%' }],
    ['a margin', { margin: '5%' }],
    ['a ratio', { ratio: 2 }],
  ])('is rolled back when it is not, at once, by %s', async (_, bound) => {
    await provision(world, { steps: [50], bake: '2h', analysis: { metrics: [{ ...metric, ...bound }] } });
    const id = await begin('v3');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: expect.stringMatching(/^VerdictFailed: orders: worse: canary \d+ of \d+ requests \((29|30|31)[\d.]* %\)/) as string });
  });

  test('a query that it refuses is an error, which holds the weight', async () => {
    await provision(world, { steps: [50], bake: '2s', deadline: '6s', analysis: { metrics: [{ ...metric, max: '5%', bad: 'sum({{virtualNode}}' }] } });
    const id = await begin('v2');
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: expect.stringMatching(/^DeadlineExceeded: .*orders: the measurements cannot be read: Prometheus refuses the query: bad_data/) as string });
  });
});
