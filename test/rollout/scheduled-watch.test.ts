import type { FaultWorld } from '../faults/world.ts';
import { queries } from '../faults/polled.ts';
import { after, release, type Deed } from './release.ts';

const calm = (world: FaultWorld): void => void world.traffic.errorRates.set('v0', 0.001).set('nv1', 0.001);
const turnsBad: Deed = { when: after(150), then: ({ traffic }) => traffic.errorRates.set('nv1', 0.1) };
const prometheus = { name: 'orders', source: 'prometheus', ...queries(), margin: '1%' };
const cloudwatch = { name: 'queue', source: 'cloudwatch', ...queries(), margin: '1%' };

test.each<[what: string, metric: object, within: number]>([
  ['Prometheus', prometheus, 95],
  ['CloudWatch, whose values come two minutes late', cloudwatch, 255],
])('without any control plane at hand, a look each minute ends a bad bake by %s', async (_, metric, within) => {
  const { phase, reason, seconds } = await release({ analysis: { metrics: [metric] }, before: calm, deeds: [turnsBad], watches: ['schedule'] });
  expect([phase, reason]).toEqual(['RolledBack', expect.stringMatching(/^VerdictFailed: \w+: worse: canary/) as string]);
  expect(seconds).toBeGreaterThan(150);
  expect(seconds).toBeLessThan(150 + within);
});

test('with nobody to look, only the end of the bake ends it', async () => {
  const { phase, seconds } = await release({ analysis: { metrics: [prometheus] }, before: calm, deeds: [turnsBad], watches: [] });
  expect(phase).toBe('RolledBack');
  expect(seconds).toBeGreaterThanOrEqual(600);
});

test("beside the control plane's own watch it asks for nothing again, and no request counts twice", async () => {
  const run = async (watches: readonly ('control plane' | 'schedule')[]) => {
    const { phase, verdicts, world } = await release({ analysis: { metrics: [prometheus, cloudwatch], onInconclusive: 'rollBack' }, before: calm, watches });
    const [, canary = ''] = /orders: good: canary \d+ of (\d+) requests/.exec(verdicts[0]!.reason) ?? [];
    return { phase, asked: world.polled.state.asked, counted: Number(canary), had: world.traffic.history.filter(({ virtualNode }) => virtualNode === 'nv1').reduce((sum, { requests }) => sum + requests, 0) };
  };
  const [alone, both] = [await run(['control plane']), await run(['control plane', 'schedule'])];
  expect([alone.phase, both.phase]).toEqual(['Succeeded', 'Succeeded']);
  expect(both.counted).toBe(alone.counted);
  expect(both.counted).toBeLessThanOrEqual(both.had);
  // Ten minutes: forty periods of Prometheus, of one question for the time and four for counts each, and ten of CloudWatch; the bake's opening and its end.
  expect(alone.asked).toBeLessThanOrEqual(40 * 5 + 10 + 2 * 6);
  // A look may come in the very moment in which a period is over.
  expect(both.asked - alone.asked).toBeLessThanOrEqual(0.1 * alone.asked);
});

test('what is polled by nobody else is polled once a minute, and the mesh is left alone', async () => {
  const { world, phase } = await release({ analysis: { metrics: [{ name: 'errors', margin: '1%' }, { ...prometheus, max: '2%', margin: undefined }] }, before: calm, watches: ['schedule'] });
  expect(phase).toBe('Succeeded');
  // Ten looks, the bake's opening and its judgement, each of one question for the time and four for counts.
  expect(world.polled.state.asked).toBeLessThanOrEqual(12 * 5);
});
