import { queries } from '../faults/polled.ts';
import type { FaultWorld } from '../faults/world.ts';
import { after, release, type Deed } from './release.ts';

/** The canary (nv1) and the stable side (v0), a service with few errors. */
const calm = (world: FaultWorld): void => {
  world.traffic.errorRates.set('v0', 0.001).set('nv1', 0.001);
  world.traffic.slowRates.set('v0', 0.002).set('nv1', 0.002);
  world.traffic.tellsLatency = true;
};
const canaryErrs = (rate: number): Deed => ({ when: after(150), then: ({ traffic }) => traffic.errorRates.set('nv1', rate) });
const canarySlows = (rate: number): Deed => ({ when: after(150), then: ({ traffic }) => traffic.slowRates.set('nv1', rate) });
const sourceIs = (mode: 'down' | 'empty' | 'partial' | 'up', at: number): Deed => ({ when: after(at), then: ({ polled }) => (polled.state.mode = mode) });

const errors = { name: 'errors', margin: '1%' };
const latency = { name: 'slow', slowerThan: '300ms', margin: '2%' };
const prometheus = { name: 'orders', source: 'prometheus', ...queries() };
const cloudwatch = { name: 'orders', source: 'cloudwatch', ...queries() };
/** Latency by queries of a source that is polled. */
const slowOf = (source: string) => ({ name: 'slow', source, ...queries('slow'), margin: '2%' });

const ROLLED_BACK = /^VerdictFailed: (\w+): worse: canary/;

describe('a version that is worse by one metric alone is rolled back, with its figures', () => {
  test.each<[what: string, metric: object, turn: Deed, within: number]>([
    ['errors, by the mesh', errors, canaryErrs(0.1), 5],
    ['latency, by the mesh', latency, canarySlows(0.2), 5],
    ['a margin of Prometheus', { ...prometheus, margin: '1%' }, canaryErrs(0.1), 35],
    ['a ratio of Prometheus', { ...prometheus, ratio: 1.5 }, canaryErrs(0.1), 35],
    ['a bound of Prometheus', { ...prometheus, max: '2%' }, canaryErrs(0.1), 35],
    ['a bound of Prometheus, at a pace of its own', { ...prometheus, max: '2%', period: '60s' }, canaryErrs(0.1), 130],
    ['latency, by Prometheus', slowOf('prometheus'), canarySlows(0.2), 35],
    ['a margin of CloudWatch', { ...cloudwatch, margin: '1%' }, canaryErrs(0.1), 245],
    ['a bound of CloudWatch of high resolution', { ...cloudwatch, max: '2%', period: '10s' }, canaryErrs(0.1), 45],
    ['latency, by CloudWatch', slowOf('cloudwatch'), canarySlows(0.2), 245],
  ])('%s', async (_, metric, turn, within) => {
    // Other metrics, and the errors of the mesh where the canary errs, see nothing: they are not judged or allow as much.
    const { phase, reason, verdicts, seconds } = await release({ analysis: { metrics: [metric, { name: 'other', margin: '50%' }] }, before: calm, deeds: [turn] });
    expect([phase, verdicts.at(-1)?.outcome]).toEqual(['RolledBack', 'fail']);
    expect(reason).toMatch(ROLLED_BACK);
    const [, bad = '0', all = '0'] = /canary (\d+) of (\d+) requests/.exec(reason) ?? [];
    expect(Number(bad) / Number(all)).toBeGreaterThan(0.001);
    expect(seconds).toBeGreaterThanOrEqual(150);
    expect(seconds).toBeLessThanOrEqual(150 + within);
  });
});

describe('a version that is good by all of several metrics is promoted, and each says so', () => {
  test.each<[string, readonly object[]]>([
    ['the mesh', [errors, latency]],
    ['Prometheus', [{ ...prometheus, margin: '1%' }, slowOf('prometheus')]],
    ['CloudWatch', [{ ...cloudwatch, max: '2%' }, slowOf('cloudwatch')]],
    ['all sources', [errors, latency, { ...prometheus, max: '2%' }, { ...cloudwatch, name: 'queue', margin: '1%' }]],
  ])('%s', async (_, metrics) => {
    const { phase, verdicts } = await release({ analysis: { metrics, onInconclusive: 'rollBack' }, before: calm });
    expect(phase).toBe('Succeeded');
    expect(verdicts).toMatchObject([{ outcome: 'pass', next: 'promote' }]);
    for (const { name } of metrics as { name: string }[]) expect(verdicts[0]!.reason).toMatch(new RegExp(`${name}: good: canary \\d+ of \\d+ requests`));
  });
});

describe('a version that no metric shows worse or good is inconclusive', () => {
  test.each<[string, object]>([
    ['the mesh', { name: 'errors', ratio: 2 }],
    ['Prometheus', { ...prometheus, ratio: 3 }],
    ['CloudWatch', { ...cloudwatch, max: '0.11%' }],
  ])('%s', async (_, metric) => {
    const { phase, reason, verdicts } = await release({ analysis: { metrics: [metric], onInconclusive: 'rollBack' }, before: calm, fields: { bake: '4m' } });
    expect([phase, verdicts[0]?.outcome]).toEqual(['RolledBack', 'inconclusive']);
    expect(reason).toMatch(/not shown worse, nor shown good: canary \d+ of \d+ requests .*; evidence [\d.e-]+ to 1 that it is worse$/);
  });
});

describe('a source that cannot answer is an error: never healthy, never a failure by itself', () => {
  const untilDeadline = { fields: { bake: '4m', deadline: '10m' } };
  test.each<[what: string, metric: object, mode: 'down' | 'empty' | 'partial', says: RegExp]>([
    ['Prometheus is down', { ...prometheus, max: '2%' }, 'down', /orders: the measurements cannot be read: Prometheus cannot answer: HTTP 503: unavailable: it is down/],
    ['Prometheus has nothing', { ...prometheus, max: '2%' }, 'empty', /orders: Prometheus has had no value of either side for \d+ s|orders: Prometheus has no value of either side yet/],
    ['Prometheus knows a part', { ...prometheus, max: '2%' }, 'partial', /orders: the measurements cannot be read: Prometheus answers with warnings: a store is down/],
    ['CloudWatch is down', { ...cloudwatch, max: '2%' }, 'down', /orders: the measurements cannot be read: CloudWatch cannot be read: InternalServiceFault/],
    ['CloudWatch has nothing', { ...cloudwatch, max: '2%' }, 'empty', /orders: CloudWatch has had no value of either side for \d+ s|orders: CloudWatch has no value of either side yet/],
    ['CloudWatch knows a part', { ...cloudwatch, max: '2%' }, 'partial', /orders: the measurements cannot be read: CloudWatch answers the query \w+ in part/],
  ])('%s: held, until the deadline', async (_, metric, mode, says) => {
    const { phase, verdicts, reason } = await release({ analysis: { metrics: [errors, metric] }, before: calm, deeds: [sourceIs(mode, 20)], ...untilDeadline });
    expect(phase).toBe('RolledBack');
    expect(verdicts[0]).toMatchObject({ outcome: 'error', next: 'hold', reason: expect.stringMatching(says) as string });
    expect(reason).toMatch(/^DeadlineExceeded: the deadline has passed; orders: /);
  });

  test('a moment of it is not even noticed, and once it is back the bake goes on', async () => {
    const { phase, verdicts } = await release({ analysis: { metrics: [errors, { ...prometheus, max: '2%' }] }, before: calm, deeds: [sourceIs('down', 100), sourceIs('up', 140)] });
    expect([phase, verdicts.length, verdicts[0]?.outcome]).toEqual(['Succeeded', 1, 'pass']);
  });

  test('what the other metrics show meanwhile still rolls back', async () => {
    const { phase, reason } = await release({ analysis: { metrics: [errors, { ...prometheus, max: '2%' }] }, before: calm, deeds: [sourceIs('down', 20), canaryErrs(0.3)] });
    expect([phase, reason]).toEqual(['RolledBack', expect.stringMatching(/^VerdictFailed: errors: worse/) as string]);
  });

  test('latency that no proxy tells is missing, not good', async () => {
    const { phase, verdicts } = await release({ analysis: { metrics: [latency] }, before: (world) => { calm(world); world.traffic.tellsLatency = false; }, ...untilDeadline });
    expect(phase).toBe('RolledBack');
    expect(verdicts[0]).toMatchObject({ outcome: 'error', reason: expect.stringMatching(/slow: no proxy has told how long requests take/) as string });
  });
});
