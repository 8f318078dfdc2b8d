import { readFileSync } from 'node:fs';
import { parseCanaryDefinition, toCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import { formatDuration } from '../../src/contracts/units.ts';

const least = {
  name: 'svc1',
  image: { repository: 'svc1' },
  target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
  canary: { virtualNode: 'svcNode1{{tag}}' },
  steps: [25, 100],
};
const mistakesOf = (fields: Record<string, unknown>): string[] => {
  try {
    toCanaryDefinition({ ...least, ...fields }, 'c.yaml');
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
};

test('the least definition has defaults that hold rather than pass', () => {
  expect(toCanaryDefinition(least)).toMatchObject({
    image: { tag: '*' },
    workload: { type: 'none' },
    steps: [{ weight: 25 }, { weight: 100 }],
    bake: 300,
    analysis: { metrics: [{ name: 'errors', source: 'mesh', margin: 0.01 }], minRequests: 100, onInconclusive: 'advance', noTraffic: 'hold', metricsOutage: 'hold' },
    advance: 'atEnd',
    concurrency: 'replace',
    deadline: 14_400,
    afterPromotion: { retireStable: 'keep' },
  });
});

test('the example is valid', () => {
  expect(parseCanaryDefinition(readFileSync(new URL('../../examples/pgmesh/canary.yaml', import.meta.url), 'utf8'), 'canary.yaml').name).toBe('svc1');
});

describe('refused, naming path, value and rule', () => {
  test.each([
    [{ name: 'a b' }, 'name: "a b": must be a name of letters'],
    [{ steps: [0] }, 'steps[0].weight: 0: must be a weight'],
    [{ steps: [50, 50] }, 'steps: [50,50]: must rise'],
    [{ steps: [] }, 'steps: []: must hold at least one step'],
    [{ steps: [{ weight: 5, bake: '0s' }] }, 'steps[0].bake: "0s": must be a duration'],
    [{ bake: 5 }, 'bake: 5: must be a duration'],
    [{ bake: '5h' }, 'deadline: missing: must be at least the sum of all bakes'],
    [{ canary: { virtualNode: 'fixed' } }, 'canary.virtualNode: "fixed": must contain {{tag}}'],
    [{ analysis: { metrics: [{ name: 'a', margin: '100%' }] } }, 'analysis.metrics[0].margin: "100%": must be a percentage above 0% and below 100%'],
    [{ analysis: { metrics: [{ name: 'a' }] } }, 'analysis.metrics[0]: {"name":"a"}: must have exactly one of margin, ratio and max'],
    [{ analysis: { metrics: [{ name: 'a', ratio: 1 }] } }, 'analysis.metrics[0].ratio: 1: must be a number above 1'],
    [{ analysis: { minRequests: 0 } }, 'analysis.minRequests: 0: must be a whole number from 1'],
    [{ typo: 1 }, 'typo: 1: is not a field here'],
  ])('%j', (fields, mistake) => expect(mistakesOf(fields)).toEqual([expect.stringContaining(`c.yaml: ${mistake}`) as string]));
});

describe('what this version does not do is refused, never ignored', () => {
  test.each([
    [{ schedule: { start: 'cron(0 9 ? * MON-FRI *)' } }, 'schedule'],
    [{ windows: ['Mon-Fri 09:00-16:00'] }, 'windows'],
    [{ approval: { before: [100] } }, 'approval'],
    [{ alarms: ['a'] }, 'alarms'],
    [{ hooks: {} }, 'hooks'],
    [{ workload: { type: 'ecs' } }, 'workload.type'],
    [{ workload: { type: 'lambda' } }, 'workload.type'],
    [{ steps: { linear: 10 } }, 'steps'],
    [{ steps: [{ weight: 5, approval: true }] }, 'steps[0].approval'],
    [{ steps: [{ weight: 5, window: 'x' }] }, 'steps[0].window'],
    [{ steps: [{ weight: 5, analysis: {} }] }, 'steps[0].analysis'],
    [{ concurrency: 'queue' }, 'concurrency'],
    [{ advance: { schedule: 'x' } }, 'advance'],
    [{ canary: { ...least.canary, spec: {} } }, 'canary.spec'],
    [{ analysis: { metrics: [{ name: 'a', source: 'prometheus', margin: '1%' }] } }, 'analysis.metrics[0].source'],
    [{ analysis: { metrics: [{ name: 'a', slowerThan: '300ms', margin: '1%' }] } }, 'analysis.metrics[0].slowerThan'],
  ])('%j', (fields, path) => {
    const mistakes = mistakesOf(fields);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(/not supported yet/);
    expect(mistakes[0]!.startsWith(`c.yaml: ${path}: `)).toBe(true);
  });
});

test.each([
  [5400, '1h30m'],
  [45, '45s'],
  [90_061, '1d1h1m1s'],
  [0, '0s'],
])('%d seconds are told as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
