import type { Verdict } from '../../src/contracts/rollout.ts';
import type { FaultWorld } from '../faults/world.ts';
import { queries } from '../faults/polled.ts';
import { after, release, type Deed, type Released } from './release.ts';

const errors = { name: 'errors', margin: '1%' };
const orders = { name: 'orders', source: 'prometheus', ...queries(), margin: '1%' };
const calm = (world: FaultWorld): void => void world.traffic.errorRates.set('v0', 0.001).set('nv1', 0.001);
const flow = (flows: boolean, at: number): Deed => ({
  when: after(at),
  then: ({ traffic }) => {
    traffic.flows = flows;
  },
});
const outcomes = ({ verdicts }: Released): string[] => verdicts.map(({ outcome, next }: Verdict) => `${outcome} ${next}`);
const noTraffic = (world: FaultWorld): void => {
  world.traffic.flows = false;
};

describe.each(['hold', 'advance', 'rollBack'] as const)('what the definition says of no traffic: %s', (policy) => {
  const ends = { hold: 'RolledBack', advance: 'Succeeded', rollBack: 'RolledBack' } as const;
  const fields = { bake: '2m', deadline: '5m' };

  test('none at all', async () => {
    const released = await release({ analysis: { metrics: [errors], noTraffic: policy }, before: noTraffic, fields });
    expect(released.phase).toBe(ends[policy]);
    expect(released.verdicts[0]).toMatchObject({ outcome: 'inconclusive', reason: 'errors: canary had 0 requests at this weight, and at least 100 are needed' });
    expect(released.reason.startsWith('DeadlineExceeded')).toBe(policy === 'hold');
  });

  test('fewer than minRequests', async () => {
    const before = (world: FaultWorld): void => {
      world.traffic.volume = 2;
    };
    const released = await release({ analysis: { metrics: [errors], noTraffic: policy, minRequests: 1000 }, before, fields });
    expect(released.phase).toBe(ends[policy]);
    expect(released.verdicts[0]?.reason).toMatch(/^errors: canary had 1\d\d requests at this weight, and at least 1000 are needed$/);
  });

  test('it stops midway: what was good before says nothing of now', async () => {
    const released = await release({ analysis: { metrics: [{ ...errors, margin: '5%' }], noTraffic: policy }, before: calm, deeds: [flow(false, 60)], fields });
    expect(released.phase).toBe(ends[policy]);
    expect(released.verdicts[0]?.outcome).toBe('inconclusive');
    expect(released.verdicts[0]?.reason).toMatch(/^errors: canary has had no request for \d+ s, after \d{4,} requests$/);
  });

  test('it stops midway, as Prometheus sees it', async () => {
    const before = (world: FaultWorld): void => {
      calm(world);
      // Stable goes on: somebody took the canary out.
      world.traffic.starved.add('nv1');
    };
    const deeds: Deed[] = [{ when: after(1), then: ({ traffic }) => traffic.starved.delete('nv1') }, { when: after(60), then: ({ traffic }) => traffic.starved.add('nv1') }];
    const released = await release({ analysis: { metrics: [{ ...orders, margin: '5%' }], noTraffic: policy }, before, deeds, fields: { bake: '3m', deadline: '8m' } });
    expect(released.phase).toBe(ends[policy]);
    expect(released.verdicts[0]?.reason).toMatch(/^orders: canary has had no request for \d+ s, after \d{4,} requests$/);
  });
});

test('traffic that stopped and comes again ends the hold', async () => {
  const released = await release({ analysis: { metrics: [{ ...errors, margin: '5%' }] }, before: calm, deeds: [flow(false, 60), flow(true, 200)], fields: { bake: '2m', deadline: '1h' } });
  expect(released.phase).toBe('Succeeded');
  expect(outcomes(released)).toEqual(['inconclusive hold', 'pass promote']);
});

describe.each(['hold', 'advance', 'rollBack'] as const)('what the definition says of an outage of the metrics: %s', (policy) => {
  test('it lasts beyond the bake', async () => {
    const down: Deed = { when: after(10), then: ({ polled }) => (polled.state.mode = 'down') };
    const released = await release({ analysis: { metrics: [orders], metricsOutage: policy }, before: calm, deeds: [down], fields: { bake: '2m', deadline: '6m' } });
    expect(released.phase).toBe(policy === 'advance' ? 'Succeeded' : 'RolledBack');
    expect(released.verdicts[0]).toMatchObject({ outcome: 'error', next: { hold: 'hold', advance: 'promote', rollBack: 'rollBack' }[policy] });
  });
});

describe.each(['hold', 'advance', 'rollBack'] as const)('what the definition says of what is inconclusive: %s', (policy) => {
  test('too few requests to decide', async () => {
    const before = (world: FaultWorld): void => {
      world.traffic.volume = 4;
    };
    const released = await release({ analysis: { metrics: [errors], onInconclusive: policy, minRequests: 50 }, before, fields: { bake: '2m', deadline: '3m' } });
    expect(released.phase).toBe(policy === 'advance' ? 'Succeeded' : 'RolledBack');
    expect(released.verdicts[0]?.reason).toMatch(/^errors: not shown worse, nor shown good: canary 0 of 2\d\d requests \(0 %\) against stable 0 of 2\d\d requests \(0 %\), by the margin of 1 % above stable; evidence /);
  });
});

describe('a stable side that is bad itself', () => {
  test.each<[string, object]>([
    ['a margin', errors],
    ['a bound', { name: 'errors', max: '2%' }],
    ['by Prometheus', orders],
  ])('does not block its fix: %s', async (_, metric) => {
    const before = (world: FaultWorld): void => void world.traffic.errorRates.set('v0', 0.6).set('nv1', 0.001);
    const released = await release({ analysis: { metrics: [metric], onInconclusive: 'rollBack' }, before });
    expect([released.phase, ...outcomes(released)]).toEqual(['Succeeded', 'pass promote']);
  });

  test('passes a version that is as bad by a margin, and not by a bound', async () => {
    const before = (world: FaultWorld): void => void world.traffic.errorRates.set('v0', 0.3).set('nv1', 0.3);
    expect((await release({ analysis: { metrics: [{ ...errors, margin: '5%' }] }, before })).phase).toBe('Succeeded');
    expect(await release({ analysis: { metrics: [{ name: 'errors', max: '5%' }] }, before })).toMatchObject({ phase: 'RolledBack', reason: expect.stringMatching(/by the bound of 5 %/) as string });
  });
});

describe('low traffic', () => {
  const slow = (world: FaultWorld): void => {
    // One request of the canary in four seconds, one of stable in four seconds.
    world.traffic.volume = 0.5;
  };
  test('is counted though hardly a report has requests of both sides', async () => {
    const released = await release({ analysis: { metrics: [{ ...errors, margin: '20%' }], minRequests: 10, onInconclusive: 'rollBack' }, before: slow });
    expect([released.phase, ...outcomes(released)]).toEqual(['Succeeded', 'pass promote']);
  });
  test('is enough to see a broken version', async () => {
    const before = (world: FaultWorld): void => {
      slow(world);
      world.traffic.errorRates.set('nv1', 1);
    };
    const released = await release({ analysis: { metrics: [errors], minRequests: 10 }, before });
    expect([released.phase, released.reason]).toEqual(['RolledBack', expect.stringMatching(/^VerdictFailed: errors: worse: canary (\d+) of \1 requests \(100 %\) against stable 0 of/) as string]);
  });
});

test('a version that turns bad at a later weight is told of by the counts of that weight, and those before it beside', async () => {
  const released = await release({
    analysis: { metrics: [errors] },
    before: calm,
    deeds: [{ when: ({ record }) => record('v1')?.step === 1, then: ({ traffic }) => traffic.errorRates.set('nv1', 0.2) }],
    fields: { steps: [25, 50], bake: '3m' },
  });
  expect(released.reason).toMatch(/^VerdictFailed: errors: worse: canary \d+ of \d+ requests \([\d.]+ %\) against stable \d+ of \d+ requests .*, and canary \d+ of \d{5} requests .* before this weight, by the margin/);
});
