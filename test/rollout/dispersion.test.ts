import { jest } from '@jest/globals';
import type { FaultWorld } from '../faults/world.ts';
import { after, release, type Deed } from './release.ts';

jest.setTimeout(120_000);

const errors = { name: 'errors', margin: '5%' };
/** A second in which a share of one side's requests is bad. */
const burst = (node: string, rate: number, at: number): Deed[] => [
  { when: after(at), then: ({ traffic }) => traffic.errorRates.set(node, rate) },
  { when: after(at + 1), then: ({ traffic }) => traffic.errorRates.set(node, 0) },
];
/** Each side has one in turn, each 20 s. */
const bursty = (rate: number): Deed[] => Array.from({ length: 28 }, (_, index) => burst(index % 2 === 0 ? 'v0' : 'nv1', rate, 20 + index * 20)).flat();
const KEY = { pk: 'dispersion', sk: 'd' };

/** What a good rollout of this service leaves behind. */
async function learn(metric: object): Promise<unknown> {
  const { phase, world } = await release({ analysis: { metrics: [metric] }, deeds: bursty(0.1) });
  expect(phase).toBe('Succeeded');
  return (await world.store.get(KEY))?.value;
}
const knowing = (history: unknown) => (world: FaultWorld) => world.store.write([{ kind: 'put', ...KEY, value: history }]);
/** The canary alone has a bad second, as either side had before. */
const unlucky = (metric: object, history?: unknown) => release({ analysis: { metrics: [metric] }, deeds: burst('nv1', 0.3, 100), ...(history === undefined ? {} : { before: knowing(history) }) });

test('a service whose bad requests come by bursts is known by its good rollouts: one burst of the canary alone does not roll it back', async () => {
  const history = await learn(errors);
  const known = await unlucky(errors, history);
  expect(known.world.record('v1')?.phis?.['errors']?.phi).toBeGreaterThan(5);
  expect(known.phase).toBe('Succeeded');
  expect(known.rollout).not.toHaveProperty('phis');
  const unknown = await unlucky(errors);
  expect([unknown.phase, unknown.world.record('v1')?.phis]).toEqual(['RolledBack', { errors: { phi: 1, seen: 0 } }]);
});

test('that holds for the same metric by another bound, not for another of its name', async () => {
  const history = await learn(errors);
  expect((await unlucky({ name: 'errors', margin: '4%' }, history)).world.record('v1')?.phis?.['errors']?.phi).toBeGreaterThan(5);
  expect((await unlucky({ name: 'errors', slowerThan: '300ms', margin: '5%' }, history)).world.record('v1')?.phis).toEqual({ errors: { phi: 1, seen: 0 } });
});

test('a broken version is rolled back all the same, and what it showed is not learned', async () => {
  const history = await learn(errors);
  const { phase, seconds, world } = await release({ analysis: { metrics: [errors] }, before: knowing(history), deeds: [{ when: after(100), then: ({ traffic }) => traffic.errorRates.set('nv1', 0.5) }] });
  expect(phase).toBe('RolledBack');
  expect(seconds).toBeLessThan(115);
  expect((await world.store.get(KEY))?.value).toEqual(history);
});
