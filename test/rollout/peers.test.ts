import type { FaultWorld } from '../faults/world.ts';
import { queries } from '../faults/polled.ts';
import { after, release, type Deed, type Release, type Released } from './release.ts';

/** What other tools get wrong in judging a release, each as a rollout here. What is not in this table is in sources.test.ts, policies.test.ts and scheduled-watch.test.ts. */
interface Fault {
  readonly whose: string;
  /** What they do. */
  readonly fault: string;
  readonly release: Release;
  /** What happens here. */
  readonly then: (released: Released) => unknown;
  readonly expected: unknown;
}

const errors = { name: 'errors', margin: '1%' };
const rates = (stable: number, canary: number) => (world: FaultWorld): void => void world.traffic.errorRates.set('v0', stable).set('nv1', canary);
const turn = (at: number, stable: number, canary: number): Deed => ({ when: after(at), then: (world) => rates(stable, canary)(world) });
const isPhase = ({ phase }: Released): string => phase;
const prometheus = { name: 'orders', source: 'prometheus', ...queries() };
const mode = (to: 'up' | 'down' | 'empty', at: number): Deed => ({ when: after(at), then: ({ polled }) => (polled.state.mode = to) });

const FAULTS: readonly Fault[] = [
  {
    whose: "AWS's reference for App Mesh",
    fault: 'missing data is healthy: a canary that is dead and has no traffic is promoted',
    release: {
      analysis: { metrics: [errors] },
      before: (world) => {
        world.traffic.flows = false;
      },
      fields: { bake: '2m', deadline: '5m' },
    },
    then: ({ phase, reason }) => [phase, reason.split(':')[0]],
    expected: ['RolledBack', 'DeadlineExceeded'],
  },
  {
    whose: "AWS's reference for App Mesh",
    fault: 'a sum of errors instead of a rate: a service with much traffic is rolled back for its usual errors',
    release: {
      analysis: { metrics: [errors] },
      before: (world) => {
        rates(0.002, 0.002)(world);
        world.traffic.volume = 20_000;
      },
      fields: { bake: '5m' },
    },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: "AWS's reference for App Mesh",
    fault: 'ten minutes that have passed are judged: what stable did before the push is held against the canary',
    release: { analysis: { metrics: [errors] }, before: rates(0.4, 0.001), deeds: [turn(1, 0.001, 0.001)], fields: { bake: '5m' } },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: "AWS's reference for App Mesh",
    fault: 'errors alone: a version that answers too slowly is promoted',
    release: {
      analysis: { metrics: [errors, { name: 'latency', slowerThan: '300ms', margin: '5%' }] },
      before: ({ traffic }) => {
        traffic.tellsLatency = true;
        traffic.slowRates.set('nv1', 0.3);
      },
    },
    then: ({ phase, reason }) => [phase, reason.split(':').slice(0, 3).join(':')],
    expected: ['RolledBack', 'VerdictFailed: latency: worse'],
  },
  {
    whose: 'Flagger, CodeDeploy and ECS, by thresholds',
    fault: 'nothing to compare with: an incident that both versions share rolls a good one back',
    release: { analysis: { metrics: [errors] }, before: rates(0.001, 0.001), deeds: [turn(100, 0.3, 0.3), turn(140, 0.001, 0.001), turn(300, 0.1, 0.1), turn(330, 0.001, 0.001)] },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: 'Flagger (#883, #1035, #1330, #1689)',
    fault: '"no values found" is a failed check: the canary is rolled back as its metric is not there yet',
    release: { analysis: { metrics: [errors, { ...prometheus, max: '2%' }] }, before: ({ polled }) => (polled.state.mode = 'empty'), deeds: [mode('up', 900)], fields: { bake: '5m', deadline: '2h' } },
    then: ({ phase, verdicts }) => [phase, verdicts[0]?.outcome, verdicts[0]?.next],
    expected: ['Succeeded', 'error', 'hold'],
  },
  {
    whose: 'Flagger; Argo Rollouts, after four errors',
    fault: 'a provider that is down is a bad release',
    release: { analysis: { metrics: [{ ...prometheus, max: '2%' }] }, before: rates(0.001, 0.001), deeds: [mode('down', 30), mode('up', 1800)], fields: { bake: '5m', deadline: '4h' } },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: 'Flagger (#1011)',
    fault: 'traffic stops midway, and it advances on a stale window',
    release: {
      analysis: { metrics: [{ ...errors, margin: '5%' }] },
      deeds: [{ when: after(100), then: ({ traffic }) => (traffic.flows = false) }],
      fields: { bake: '3m', deadline: '8m' },
    },
    then: ({ phase, verdicts }) => [phase, verdicts.map(({ next }) => next).includes('advance')],
    expected: ['RolledBack', false],
  },
  {
    whose: 'Flagger (threshold and interval), CloudWatch (periods of a minute)',
    fault: 'a bad version serves for minutes until it is judged',
    release: { analysis: { metrics: [errors] }, before: rates(0.001, 0.001), deeds: [turn(100, 0.001, 0.5)] },
    then: ({ phase, seconds }) => [phase, seconds <= 104],
    expected: ['RolledBack', true],
  },
  {
    whose: 'Flagger, Argo Rollouts, CodeDeploy',
    fault: 'no least number of requests: a few good answers promote',
    release: {
      analysis: { metrics: [{ name: 'errors', max: '50%' }], minRequests: 1000 },
      before: ({ traffic }) => {
        traffic.volume = 4;
      },
      fields: { bake: '2m', deadline: '5m' },
    },
    then: ({ phase, verdicts }) => [phase, verdicts[0]?.next],
    expected: ['RolledBack', 'hold'],
  },
  {
    whose: 'Argo Rollouts (#1905)',
    fault: 'a metric without data cannot pause the rollout until it has some',
    release: { analysis: { metrics: [{ ...prometheus, margin: '2%' }] }, before: ({ polled }) => (polled.state.mode = 'empty'), deeds: [mode('up', 700)], fields: { bake: '5m' } },
    then: ({ phase, seconds }) => [phase, seconds < 1500],
    expected: ['Succeeded', true],
  },
  {
    whose: 'Argo Rollouts (#1774, #995, #3110)',
    fault: 'a stable that is bad blocks its fix',
    release: { analysis: { metrics: [errors], onInconclusive: 'hold' }, before: rates(0.9, 0.001) },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: 'Kayenta, PipeCD',
    fault: 'a window of fixed length, fifty points and hours: a canary with little traffic is not judged before it',
    release: {
      analysis: { metrics: [errors] },
      before: (world) => {
        rates(0, 1)(world);
        world.traffic.volume = 4;
      },
    },
    then: ({ phase, seconds }) => [phase, seconds < 30],
    expected: ['RolledBack', true],
  },
  {
    whose: 'tests that are looked at as often as one likes',
    fault: 'each look is one more chance to fail a good version: two hours of looks each second',
    release: { analysis: { metrics: [errors, { name: 'ratio', ratio: 1.2 }, { name: 'bound', max: '2%' }] }, before: rates(0.009, 0.009), fields: { bake: '2h', deadline: '3h' } },
    then: isPhase,
    expected: 'Succeeded',
  },
  {
    whose: 'CodeDeploy and ECS',
    fault: 'INSUFFICIENT_DATA is ignored: nobody watches, and the release goes on',
    release: { analysis: { metrics: [{ name: 'errors', source: 'cloudwatch', ...queries(), max: '2%' }] }, before: ({ polled }) => (polled.state.mode = 'empty'), fields: { bake: '5m', deadline: '10m' } },
    then: ({ phase, verdicts }) => [phase, verdicts[0]?.outcome],
    expected: ['RolledBack', 'error'],
  },
];

test.each(FAULTS.map((one) => [`${one.whose}: ${one.fault}`, one] as const))('%s', async (_, { release: given, then, expected }) => {
  expect(then(await release(given))).toEqual(expected);
});
