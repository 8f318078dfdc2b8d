import { readFileSync, writeFileSync } from 'node:fs';
import { parseCanaryDefinition, toCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import { FIELD_WORDS } from '../../src/contracts/field-words.ts';
import { canaryJsonSchema } from '../../src/contracts/json-schema.ts';
import { formatDuration } from '../../src/contracts/units.ts';

const least = {
  name: 'svc1',
  image: { repository: 'svc1' },
  target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
  canary: { virtualNode: 'svcNode1{{tag}}' },
  steps: [25, 100],
};
const QUERIES = { source: 'prometheus', bad: 'bad{{virtualNode}}', total: 'all{{virtualNode}}' };
const metricOf = (fields: object) => ({ analysis: { metrics: [{ name: 'a', margin: '1%', ...fields }] } });
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
    [{ bake: '5h' }, 'deadline: missing: must be at least 10h, the sum of all bakes, or no rollout could end in time; it is 4h'],
    [{ canary: { virtualNode: 'fixed' } }, 'canary.virtualNode: "fixed": must contain {{tag}}'],
    [{ analysis: { metrics: [{ name: 'a', margin: '100%' }] } }, 'analysis.metrics[0].margin: "100%": must be a percentage above 0% and below 100%'],
    [{ analysis: { metrics: [{ name: 'a' }] } }, 'analysis.metrics[0]: {"name":"a"}: must have exactly one of margin, ratio and max'],
    [{ analysis: { metrics: [{ name: 'a', ratio: 1 }] } }, 'analysis.metrics[0].ratio: 1: must be a number above 1'],
    [{ analysis: { minRequests: 0 } }, 'analysis.minRequests: 0: must be a whole number from 1'],
    [{ lockstep: 'a shop' }, 'lockstep: "a shop": must be the name of a group'],
    [{ alarms: [] }, 'alarms: []: must hold at least one alarm'],
    [{ alarms: ['a', 'a'] }, 'alarms: ["a","a"]: must name each alarm once'],
    [{ alarms: 'a' }, 'alarms: "a": must be a list of names of CloudWatch alarms'],
    [{ alarms: { names: ['a'], alreadyRaised: 'shrug' } }, 'alarms.alreadyRaised: "shrug": must be one of hold, ignore, refuse'],
    [{ schedule: { start: 'cron(0 9 * * MON *)' } }, 'schedule.start: "cron(0 9 * * MON *)": exactly one of day-of-month and day-of-week must be ?'],
    [{ schedule: { start: 'daily' } }, 'schedule.start: "daily": must be at(…), rate(…) or cron(…)'],
    [{ schedule: { start: 'rate(1 day)', timezone: 'Mars' } }, 'schedule.timezone: "Mars": must be a time zone'],
    [{ advance: 'never' }, 'advance: "never": must be atEnd, onPass, or { schedule, timezone }'],
    [{ advance: { schedule: 'at(2026-01-01T00:00:00)' }, deadline: '9d' }, 'advance.schedule: "at(2026-01-01T00:00:00)": must be rate(…) or cron(…)'],
    [{ advance: { schedule: 'cron(0 9 ? * MON-FRI *)' } }, 'deadline: missing: must be at least 4d, which the times of advance.schedule can take'],
    [{ notifications: [{}] }, 'notifications[0]: {}: must have exactly one of slack, teams and sns'],
    [{ notifications: [{ slack: 'https://hooks.slack.com/x' }] }, 'notifications[0].slack: "https://hooks.slack.com/x": must be the name of a webhook'],
    [{ notifications: [{ sns: 'mine' }] }, 'notifications[0].sns: "mine": must be the name or the ARN of an SNS topic'],
    [{ notifications: [{ teams: 'ops', on: ['never'] }] }, 'notifications[0].on[0]: "never": must be one of started, shifted'],
    [{ workload: { type: 'eks' } }, 'workload.type: "eks": must be one of none, process, ecs and lambda'],
    [{ workload: { type: 'ecs', cluster: 'prod', service: 'a b' } }, 'workload.service: "a b": must be a name of ECS'],
    [{ workload: { type: 'ecs', cluster: 'prod', service: 'a', desiredCount: 0 } }, 'workload.desiredCount: 0: must be a whole number of tasks from 1 to 5000'],
    [{ workload: { type: 'ecs', cluster: 'prod', service: 'a', readyWithin: '3h' } }, 'workload.readyWithin: "3h": must be at most 2h'],
    [{ workload: { type: 'ecs', cluster: 'prod', service: 'a', namespace: 'ns-1' } }, 'canary.hostname: missing: must be given with workload.namespace'],
    [{ trigger: 'deployment' }, 'trigger: "deployment": must be push, or { ecs: { cluster, service } }'],
    [{ trigger: { ecs: { cluster: 'prod', service: 'svc1-*' } }, schedule: { start: 'rate(1 day)' } }, 'trigger: {"ecs":{"cluster":"prod","service":"svc1-*"}}: must not stand beside schedule'],
    [{ workload: { type: 'lambda', function: 'mine' } }, 'workload.function: "mine": must be the name or the ARN of a Lambda function whose name starts with meshshift-hook-'],
    [{ typo: 1 }, 'typo: 1: is not a field here'],
    [metricOf({ source: 'statsd' }), 'analysis.metrics[0].source: "statsd": must be mesh, prometheus or cloudwatch'],
    [metricOf({ source: 'prometheus' }), 'analysis.metrics[0]: {"name":"a","margin":"1%","source":"prometheus"}: must have the queries bad and total where'],
    [metricOf({ bad: 'x', total: 'y' }), 'analysis.metrics[0]: {"name":"a","margin":"1%","bad":"x","total":"y"}: must have the queries bad and total where'],
    [metricOf({ source: 'prometheus', bad: 'x', total: 'y{{virtualNode}}' }), 'analysis.metrics[0]: {"name":"a","margin":"1%","source":"prometheus","bad":"x","total":"y{{virtualNode}}"}: must have {{virtualNode}} in both queries'],
    [metricOf({ ...QUERIES, bad: '{{node}}{{virtualNode}}' }), 'analysis.metrics[0].bad: "{{node}}{{virtualNode}}": may hold no placeholder but'],
    [metricOf({ ...QUERIES, slowerThan: '300ms' }), 'analysis.metrics[0].slowerThan: "300ms": belongs to the source mesh'],
    [metricOf({ slowerThan: '310ms' }), 'analysis.metrics[0].slowerThan: "310ms": must be one of the bounds by which the mesh counts: 1ms, 2ms'],
    [metricOf({ ...QUERIES, source: 'cloudwatch', period: '45s' }), 'analysis.metrics[0].period: "45s": belongs to the sources'],
    [metricOf({ period: '15s' }), 'analysis.metrics[0].period: "15s": belongs to the sources'],
  ])('%j', (fields, mistake) => expect(mistakesOf(fields)).toEqual([expect.stringContaining(`c.yaml: ${mistake}`) as string]));
});

test('metrics of every source are read, with bounds in milliseconds and periods in seconds', () => {
  const metrics = [
    { name: 'latency', slowerThan: '1.5s', margin: '5%' },
    { name: 'orders', ...QUERIES, period: '30s', max: '2%' },
    { name: 'queue', ...QUERIES, source: 'cloudwatch', period: '10s', ratio: 2 },
  ];
  expect(toCanaryDefinition({ ...least, analysis: { metrics } }).analysis.metrics).toEqual([
    { name: 'latency', source: 'mesh', slowerThan: 1500, margin: 0.05 },
    { name: 'orders', ...QUERIES, period: 30, max: 0.02 },
    { name: 'queue', ...QUERIES, source: 'cloudwatch', period: 10, ratio: 2 },
  ]);
});

describe('steps', () => {
  const stepsOf = (steps: unknown, fields: Record<string, unknown> = {}) => toCanaryDefinition({ ...least, deadline: '30d', ...fields, steps }).steps;
  const weightsOf = (steps: unknown): number[] => stepsOf(steps).map(({ weight }) => weight);

  test.each([
    [{ linear: { weight: 25 } }, [25, 50, 75, 100]],
    [{ linear: { weight: 30 } }, [30, 60, 90, 100]],
    [{ linear: { weight: 100 } }, [100]],
    [{ exponential: { start: 1 } }, [1, 2, 4, 8, 16, 32, 64, 100]],
    [{ exponential: { start: 5, factor: 3 } }, [5, 15, 45, 100]],
    [{ exponential: { start: 1, factor: 1.5 } }, [1, 2, 3, 4, 5, 8, 11, 17, 26, 38, 58, 86, 100]],
    [{ timeToTarget: { duration: '1h', steps: 4 } }, [25, 50, 75, 100]],
    [{ timeToTarget: { duration: '1h', steps: 3 } }, [33, 67, 100]],
  ])('%j', (steps, weights) => {
    const made = weightsOf(steps);
    expect(made).toEqual(weights);
    expect(made.at(-1)).toBe(100);
    for (const [index, weight] of made.entries()) expect(weight).toBeGreaterThan(made[index - 1] ?? 0);
  });

  test('a time to the target is spent to the second', () => {
    const bakes = stepsOf({ timeToTarget: { duration: '1h1s', steps: 7 } }).map(({ bake }) => bake!);
    expect(bakes.reduce((sum, bake) => sum + bake, 0)).toBe(3601);
    expect(Math.max(...bakes) - Math.min(...bakes)).toBeLessThanOrEqual(1);
  });

  test('a generator takes an interval, else the bake', () => {
    expect(stepsOf({ linear: { weight: 50, interval: '2m' } })).toEqual([{ weight: 50, bake: 120 }, { weight: 100, bake: 120 }]);
    expect(stepsOf({ linear: { weight: 50 } })).toEqual([{ weight: 50 }, { weight: 100 }]);
  });

  test('each may have a bake, an analysis, an approval and a window of its own', () => {
    expect(
      stepsOf([
        { cohort: { header: { name: 'x-beta', value: 'yes' } }, bake: '1m' },
        { weight: 5, analysis: { minRequests: 10, metrics: [{ name: 'few', max: '5%' }] } },
        { weight: 50, approval: true, window: 'Mon-Fri 09:00-16:00 Europe/Berlin' },
        { weight: 100, approval: { quorum: 2, expires: '4h' } },
      ]),
    ).toEqual([
      { weight: 0, bake: 60, cohort: { header: { name: 'x-beta', value: 'yes' } } },
      { weight: 5, analysis: { minRequests: 10, metrics: [{ name: 'few', source: 'mesh', max: 0.05 }] } },
      { weight: 50, approval: { quorum: 1, expires: 86_400 }, window: [{ days: [1, 2, 3, 4, 5], from: 540, to: 960, zone: 'Europe/Berlin', text: 'Mon-Fri 09:00-16:00 Europe/Berlin' }] },
      { weight: 100, approval: { quorum: 2, expires: 14_400 } },
    ]);
  });

  test.each([
    [{ steps: {} }, 'steps: {}: must have exactly one of linear'],
    [{ steps: { linear: { weight: 0 } } }, 'steps.linear.weight: 0: must be a weight'],
    [{ steps: { linear: { weight: 10 }, exponential: { start: 1 } } }, 'must have exactly one of'],
    [{ steps: { exponential: { start: 1, factor: 1 } } }, 'steps.exponential.factor: 1: must be a number from 1.1'],
    [{ steps: { timeToTarget: { duration: '5s', steps: 10 } } }, 'steps.timeToTarget: {"duration":"5s","steps":10}: must leave at least a second'],
    [{ steps: [{ cohort: { cookie: { name: 'a', value: 'b' } } }] }, 'must hold a step with a weight'],
    [{ steps: [{ cohort: {} }, 50] }, 'steps[0].cohort: {}: must have exactly one of header and cookie'],
    [{ steps: [{ cohort: { cookie: { name: 'a', value: '.'.repeat(121) } } }, 50] }, 'must be shorter: name and value, with a \\ before each character that a pattern gives a meaning, may have 239 characters'],
    [{ steps: [{ weight: 5, window: 'x' }] }, 'steps[0].window[0]: "x": must be days, times and a time zone'],
    [{ windows: ['Mon-Fri 09:00-16:00 Europe/Nowhere'] }, 'windows[0]: "Mon-Fri 09:00-16:00 Europe/Nowhere": must be days'],
    [{ windows: ['Mon-Fry 09:00-16:00 UTC'] }, 'windows[0]'],
    [{ windows: ['Mon-Fri 09:00-16:00 +01:00'] }, 'windows[0]: "Mon-Fri 09:00-16:00 +01:00": must be days'],
    [{ windows: ['Mon 09:00-25:00 UTC'] }, 'windows[0]'],
    [{ approval: { before: [60] } }, 'approval.before: [60]: must be weights of steps, or 100'],
    [{ steps: [{ weight: 5, approval: { quorum: 0 } }] }, 'steps[0].approval.quorum: 0: must be how many people'],
    [{ steps: [{ weight: 5, analysis: { metrics: [{ name: 'errors', margin: '5%' }] } }] }, 'must not give a metric of the analysis another bound'],
    [{ canary: { ...least.canary, hostname: 'a{{tag}}', spec: {} } }, 'must have hostname or spec, not both'],
    [{ hooks: { before: 'mine' } }, 'hooks.before: "mine": must be the name or the ARN'],
  ])('refuses %j', (fields, mistake) => expect(mistakesOf(fields)).toEqual([expect.stringContaining(mistake) as string]));

  test('tells what is wrong between the entries of a list together with what is wrong in them', () => {
    const metrics = [{ name: 'a', margin: '1%' }, { name: 'a', margin: '0%' }, { name: 'b' }, {}];
    const mistakes = mistakesOf({ steps: [{ cohort: {} }, 50, 101, 25, { cohort: { header: { name: 'x', value: 'y' } } }], analysis: { metrics } }).join('\n');
    for (const part of ['steps[0].cohort: {}', 'steps[2].weight: 101', 'must rise from step to step', 'may have a cohort at the first step only', 'analysis.metrics[1].margin', 'must have names of their own']) expect(mistakes).toContain(part);
    expect(mistakes).not.toContain('must hold a step with a weight');
  });

  test('tells what is wrong between fields together with what is wrong in others', () => {
    const mistakes = mistakesOf({
      name: 'no name',
      unknown: 1,
      deadline: '1s',
      approval: { before: [33] },
      workload: { type: 'ecs', cluster: 'a', service: 'b', namespace: 'ns-1' },
      trigger: { ecs: { cluster: 'c', service: 's' } },
      schedule: { start: 'rate(1 hour)' },
    });
    expect(mistakes.map((mistake) => mistake.split(': ')[1]).sort()).toEqual(['approval.before', 'canary.hostname', 'deadline', 'name', 'trigger', 'unknown']);
  });

  test('tells nothing of fields that are wrong themselves, and of no definition at all', () => {
    expect(mistakesOf({ deadline: 'soon', steps: 'some', approval: { before: [33] } })).toHaveLength(2);
    for (const none of [null, 'text', []]) expect(() => toCanaryDefinition(none)).toThrow(/^canary definition: .*must be an object$/);
  });

  test('refuses several mistakes at once', () => {
    expect(mistakesOf({ steps: [{ weight: 0, bake: 'x', window: 1 }], concurrency: 'both' })).toHaveLength(4);
  });
});

describe('the JSON Schema', () => {
  const file = new URL('../../docs/canary.schema.json', import.meta.url);

  test('that is published is the one that the contract makes', () => {
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, `${JSON.stringify(canaryJsonSchema(), undefined, 2)}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(canaryJsonSchema());
  });

  test('knows each field of the contract, and offers none that is refused', () => {
    const { properties, required } = canaryJsonSchema() as { properties: Record<string, unknown>; required: string[] };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['steps', 'windows', 'approval', 'hooks', 'rollBack', 'concurrency', 'alarms', 'schedule', 'advance', 'notifications']));
    expect(required.sort()).toEqual(['canary', 'image', 'name', 'steps', 'target']);
  });

  test('says of every field what it means, and of no other', () => {
    const told = new Map<string, unknown>();
    const look = (json: unknown, path: string): void => {
      if (Array.isArray(json)) json.forEach((each) => look(each, path));
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
      for (const [key, value] of Object.entries(json)) {
        if (key !== 'properties') look(value, path);
        else for (const [name, field] of Object.entries(value as Record<string, { description?: string }>)) {
          told.set(`${path}${name}`, field.description);
          look(field, `${path}${name}.`);
        }
      }
    };
    look(canaryJsonSchema(), '');
    expect([...told].filter(([, description]) => typeof description !== 'string')).toEqual([]);
    // A step's analysis has the fields of the whole's.
    expect([...told.keys()].filter((path) => !path.startsWith('steps.analysis.')).sort()).toEqual(Object.keys(FIELD_WORDS).sort());
    expect(canaryJsonSchema()).toMatchObject({ $id: 'urn:meshshift:canary-definition' });
  });
});

test.each([
  [5400, '1h30m'],
  [45, '45s'],
  [90_061, '1d1h1m1s'],
  [0, '0s'],
])('%d seconds are told as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test.each(['&a [*a, *a]', 'name: &a { self: *a }'])('refuses aliases that make a circle: %s', (text) => {
  expect(() => parseCanaryDefinition(text, 'c.yaml')).toThrow(/c\.yaml: \(aliases\): .*must hold no alias within its own anchor/);
});
