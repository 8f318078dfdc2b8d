import { executionName, fillTemplate, matchesGlob, toNamePart } from '../../src/canary/name-version.ts';
import { forecast, type Forecast } from '../../src/canary/forecast.ts';
import { planRollout } from '../../src/canary/plan.ts';
import { applyWeights, findStable, scaleFor, targetsOf, weightsAt, withTargets, type WeightedTarget } from '../../src/canary/weights.ts';
import { toCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import type { RouteSpec } from '../../src/contracts/rollout.ts';
import { between, seeded } from './random.ts';

const target = (virtualNode: string, weight: number): WeightedTarget => ({ virtualNode, weight });
const route = (...weightedTargets: WeightedTarget[]): RouteSpec => ({
  priority: 7,
  http2Route: {
    match: { prefix: '/api', headers: [{ name: 'x-team', match: { exact: 'a' } }] },
    action: { weightedTargets },
    retryPolicy: { maxRetries: 3, perRetryTimeout: { unit: 'ms', value: 200 }, httpRetryEvents: ['server-error'] },
    timeout: { perRequest: { unit: 's', value: 2 } },
  },
});
const definition = (fields: Record<string, unknown> = {}) =>
  toCanaryDefinition({
    name: 'svc1',
    image: { repository: 'svc1', tag: 'v*' },
    target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
    canary: { virtualNode: 'svcNode1{{tag}}', hostname: 'svcNode1{{tag}}.pgMesh.local' },
    steps: [25, { weight: 50, bake: '10s' }, 100],
    bake: '1m',
    ...fields,
  });

describe('a plan', () => {
  test('takes steps, bakes and names from the definition and the route', () => {
    expect(planRollout(definition({ afterPromotion: { bake: '2m' } }), 'v2', route(target('svcNode1', 100)))).toEqual({
      steps: [{ weight: 25, bakeSeconds: 60 }, { weight: 50, bakeSeconds: 10 }, { weight: 100, bakeSeconds: 60 }],
      promotedBakeSeconds: 120,
      split: { before: { svcNode1: 100 }, stable: 'svcNode1', canary: 'svcNode1v2', scale: 1 },
      hostname: 'svcNode1v2.pgMesh.local',
    });
  });

  test.each([
    ['the canary is stable already', {}, 'v2', [target('svcNode1v2', 100)], /canary\.virtualNode: svcNode1v2: is the stable side already/],
    ['the canary has weight already', {}, 'v2', [target('a', 90), target('svcNode1v2', 10)], /must be named when several targets have weight \(weights: a=90, svcNode1v2=10\)/],
    ['named stable, canary with weight', { stable: 'a' }, 'v2', [target('a', 90), target('svcNode1v2', 10)], /svcNode1v2: has the weight 10 in the route already/],
    ['the named stable has no weight', { stable: 'b' }, 'v2', [target('a', 100), target('b', 0)], /stable: b: must be a target of the route with weight \(weights: a=100, b=0\)/],
    ['stable stands twice', { stable: 'a' }, 'v2', [target('a', 50), target('a', 50)], /stable: a: must be/],
    ['stable cannot be split', { stable: 'a' }, 'v2', [target('a', 1), target('b', 99)], /too small to be split/],
    ['the tag gives no name', {}, '__', [target('a', 100)], /image\.tag: "__": must hold a letter or a digit/],
  ] as const)('is refused when %s', (_, fields, tag, targets, message) => {
    expect(() => planRollout(definition(fields), tag, route(...targets))).toThrow(expect.objectContaining({ name: 'PlanRefused', message: expect.stringMatching(message) as string }) as Error);
  });
});

describe('names', () => {
  test.each([
    ['v2', 'v2'],
    ['1.4.0_rc+build', '1-4-0-rc-build'],
    ['-x-', 'x'],
    ['a'.repeat(60), 'a'.repeat(40)],
  ])('the tag %s becomes %s', (tag, part) => {
    expect(toNamePart(tag)).toBe(part);
    expect(fillTemplate('n{{tag}}.{{tag}}', tag)).toBe(`n${part}.${part}`);
  });

  test.each([
    ['v*', 'v1.2', true],
    ['v*', 'rev1', false],
    ['*', '', true],
    ['v?.0', 'v1.0', true],
    ['v?.0', 'v1x0', false],
    ['a+(b)', 'a+(b)', true],
    ['*a*b*', 'xxaybz', true],
    ['*ab', 'aab', true],
    ['a*?', 'a', false],
    ['*?*', '', false],
    ['**', '', true],
    [`${'*a'.repeat(60)}*b`, 'a'.repeat(128), false],
  ])('the pattern %s and %s: %s', (pattern, text, matches) => expect(matchesGlob(pattern, text)).toBe(matches));

  test('an execution name fits into 80 characters', () => {
    expect(executionName('d'.repeat(40), '0123456789abcdef', 9999)).toHaveLength(62);
  });
});

describe('a forecast', () => {
  const at = (text: string): number => Date.parse(text);
  const forecastOf = (fields: object, now: number) => {
    const settings = definition({ steps: [25, 50], ...fields });
    return forecast(settings, planRollout(settings, 'v2', route(target('a', 100))), { now, freeze: undefined });
  };
  const startsOf = ({ steps }: Forecast): string[] => steps.map(({ startsAt }) => new Date(startsAt).toISOString());

  test('by the times of a schedule, over the weekend and across the change of clocks', () => {
    const fields = { schedule: { start: 'cron(0 8 ? * FRI *)', timezone: 'Europe/Berlin' }, advance: { schedule: 'cron(0 10 ? * MON-FRI *)', timezone: 'Europe/Berlin' }, deadline: '9d' };
    // Berlin goes to summer time on the 29th.
    const told = forecastOf(fields, at('2026-03-24T12:00:00Z'));
    expect(new Date(told.beginsAt).toISOString()).toBe('2026-03-27T07:00:00.000Z');
    expect(startsOf(told)).toEqual(['2026-03-27T07:00:00.000Z', '2026-03-27T09:00:00.000Z']);
    expect(new Date(told.promotedAt).toISOString()).toBe('2026-03-30T08:00:00.000Z');
    expect(told.deadline).toBe(told.beginsAt + 9 * 86_400_000);
  });

  test('by bakes and windows, which the deadline does not count', () => {
    const told = forecastOf({ bake: '2h', windows: ['Mon-Fri 09:00-16:00 UTC'] }, at('2026-06-05T15:00:00Z'));
    expect(startsOf(told)).toEqual(['2026-06-05T15:00:00.000Z', '2026-06-08T09:00:00.000Z']);
    expect(told.deadline).toBe(at('2026-06-05T19:00:00Z') + told.steps[1]!.waitsSeconds * 1000);
  });
});

describe('weights', () => {
  const random = seeded(5);
  const worlds = Array.from({ length: 400 }, () => {
    const nodes = Array.from({ length: between(random, 1, 4) }, (_, i) => target(`n${i}`, between(random, i === 0 ? 2 : 0, i === 0 ? 100 : 50)));
    return { nodes, steps: Array.from({ length: 3 }, () => between(random, 1, 100)) };
  });

  test('are whole numbers from 0 to 100 that keep the parts of stable and canary together, and of all others', () => {
    for (const { nodes, steps } of worlds) {
      const before = Object.fromEntries(nodes.map(({ virtualNode = '', weight = 0 }) => [virtualNode, weight]));
      const scale = scaleFor(before, 'n0', steps);
      for (const percent of [0, ...steps, 100]) {
        const weights = weightsAt({ before, stable: 'n0', canary: 'c', scale }, percent);
        for (const weight of Object.values(weights)) expect(Number.isInteger(weight) && weight >= 0 && weight <= 100).toBe(true);
        expect(weights['n0']! + weights['c']!).toBe(before['n0']! * scale);
        for (const [node, weight] of Object.entries(before)) if (node !== 'n0') expect(weights[node]).toBe(weight * scale);
        expect(weights['c'] === 0).toBe(percent === 0);
        expect(weights['n0'] === 0).toBe(percent === 100);
        expect(Math.abs(weights['c']! - (before['n0']! * scale * percent) / 100)).toBeLessThanOrEqual(1);
      }
    }
  });

  test.each([
    [{ a: 100 }, [25, 50], 1],
    [{ a: 1 }, [25, 50], 4],
    [{ a: 50, b: 50 }, [25], 2],
    [{ a: 50, b: 50 }, [5], 2],
    [{ a: 30, b: 70 }, [5], 1],
  ])('%j in steps %j are kept %d times larger', (before, steps, scale) => expect(scaleFor(before, 'a', steps)).toBe(scale));

  test('change nothing else of a route, and add a missing target with the port of stable', () => {
    const before = route({ virtualNode: 'a', weight: 100, port: 9080 }, target('other', 3));
    const after = withTargets(before, applyWeights(targetsOf(before), { a: 75, c: 25 }, 'a'));
    expect(after).toEqual(route({ virtualNode: 'a', weight: 75, port: 9080 }, target('other', 3), { virtualNode: 'c', weight: 25, port: 9080 }));
    expect(before).toEqual(route({ virtualNode: 'a', weight: 100, port: 9080 }, target('other', 3)));
  });

  test.each(['httpRoute', 'http2Route', 'grpcRoute', 'tcpRoute'] as const)('are found in a %s', (type) => {
    const spec = { [type]: { action: { weightedTargets: [target('a', 100)] } } } as unknown as RouteSpec;
    expect(findStable(spec, undefined)).toBe('a');
    expect(withTargets(spec, [target('b', 1)])).toEqual({ [type]: { action: { weightedTargets: [target('b', 1)] } } });
  });
});

test('refuses a route that names another virtual node twice: its weights could not be told apart', () => {
  const route = { http2Route: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: 'a', weight: 60, port: 80 }, { virtualNode: 'other', weight: 20, port: 80 }, { virtualNode: 'other', weight: 10, port: 81 }] } } };
  const definition = toCanaryDefinition({ name: 'd', image: { repository: 'r' }, target: { mesh: 'm', virtualRouter: 'r', route: 'r' }, stable: 'a', canary: { virtualNode: 'a{{tag}}' }, steps: [50, 100] });
  expect(() => planRollout(definition, 'v2', route)).toThrow('target.route: other: must be one target of the route, not several');
});
