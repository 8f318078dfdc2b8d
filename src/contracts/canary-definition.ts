import * as z from 'zod/mini';
import { analysis, NAME_RULE, name, type Metric } from './analysis.ts';
import { choose } from './choose.ts';
import { isRecord } from './is-record.ts';
import { parseInput } from './mistakes.ts';
import { readLines } from './read-text.ts';
import { expires, quorum, steps, weight, type Step } from './steps.ts';
import { notifications } from './notifications.ts';
import { advanceExpression, longestSeconds, startExpression, timezone } from './schedule/schedule.ts';
import { duration, formatDuration } from './units.ts';
import { windows } from './window.ts';
import { trigger } from './trigger.ts';
import { hook, workload } from './workload.ts';

export type { Metric };

const resourceName = z.string('must be the name of a resource').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));
const template = (max: number) =>
  z.string('must be a string with {{tag}}').check(
    z.maxLength(max, `must have at most ${max} characters`),
    z.refine((text) => text.includes('{{tag}}'), 'must contain {{tag}}, or each version would have the same name'),
    z.refine((text) => !/\{\{(?!tag\}\})/.test(text), 'may hold no template but {{tag}}'),
  );

/** Its rollouts and those of the other definitions that name the group go up together. */
const GROUP_RULE = 'must be the name of a group: letters, digits, - and _, at most 40 characters';

const globRule = 'must be a tag or a pattern with * and ?';
const image = z.strictObject({
  repository: z.string('must be the name of an image repository').check(z.minLength(1, 'must not be empty'), z.maxLength(256, 'must have at most 256 characters')),
  tag: z._default(z.string(globRule).check(z.minLength(1, globRule), z.maxLength(128, 'must have at most 128 characters')), '*'),
});

const alarmName = z.string('must be the name of a CloudWatch alarm').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));
/** As many as CloudWatch describes at once. */
const alarmNames = z.array(alarmName, 'must be a list of names of CloudWatch alarms, or { names, alreadyRaised }').check(
  z.minLength(1, 'must hold at least one alarm'),
  z.maxLength(100, 'must hold at most 100 alarms'),
  z.refine((names) => new Set(names).size === names.length, 'must name each alarm once'),
);
interface Alarms {
  readonly names: readonly string[];
  /** What an alarm does that was in ALARM before the rollout began: hold the weight until it is over or a person advances; nothing; refuse the rollout. */
  readonly alreadyRaised: 'hold' | 'ignore' | 'refuse';
}
const alarmsObject = z.strictObject({ names: alarmNames, alreadyRaised: z._default(z.enum(['hold', 'ignore', 'refuse']), 'hold') });
const alarmsList = z.pipe(alarmNames, z.transform((names): Alarms => ({ names, alreadyRaised: 'hold' })));
const alarms = choose<Alarms>([alarmsList, alarmsObject], (value) => (isRecord(value) ? alarmsObject : alarmsList));

const ADVANCE_RULE = 'must be atEnd, onPass, or { schedule, timezone }';
const advanceWord = z.enum(['atEnd', 'onPass'], ADVANCE_RULE);
const advanceSchedule = z.strictObject({ schedule: advanceExpression, timezone });
type Advance = z.infer<typeof advanceWord> | z.infer<typeof advanceSchedule>;
/** What ends a step: its bake, a passing verdict before that, or a time of a schedule. */
const advance = choose<Advance>([advanceWord, advanceSchedule], (value) => (isRecord(value) ? advanceSchedule : advanceWord));

/** A rule over several fields holds whatever is wrong with others, so that it is told together with that. */
const areRight =
  (...fields: readonly string[]) =>
  ({ issues }: z.core.ParsePayload): boolean =>
    issues.every(({ code, path: [field] = [] }) => (field === undefined ? code === 'unrecognized_keys' : !fields.includes(String(field))));

const definitionSchema = z
  .strictObject({
    name: name(NAME_RULE),
    image,
    target: z.strictObject({ mesh: resourceName, virtualRouter: resourceName, route: resourceName }),
    stable: z.optional(resourceName),
    canary: z.strictObject({
      virtualNode: template(200),
      hostname: z.optional(template(200)),
      // {{tag}} is filled in wherever it stands in it.
      spec: z.optional(z.record(z.string(), z.unknown(), 'must be the spec of a virtual node')),
    }).check(z.refine(({ hostname, spec }) => hostname === undefined || spec === undefined, 'must have hostname or spec, not both: the host name of a spec is in it')),
    workload: z._default(workload, { type: 'none' }),
    trigger: z._default(trigger, 'push'),
    steps,
    bake: z._default(duration, 300),
    analysis: z._default(analysis, {
      metrics: [{ name: 'errors', source: 'mesh', margin: 0.01 }],
      minRequests: 100,
      onInconclusive: 'advance',
      noTraffic: 'hold',
      metricsOutage: 'hold',
    }),
    advance: z._default(advance, 'atEnd'),
    schedule: z.optional(z.strictObject({ start: startExpression, timezone })),
    windows: z.optional(windows),
    approval: z.optional(z.strictObject({ before: z.array(weight, 'must be a list of weights').check(z.minLength(1, 'must hold at least one weight')), quorum, expires })),
    concurrency: z._default(z.enum(['replace', 'queue', 'reject']), 'replace'),
    lockstep: z.optional(name(GROUP_RULE)),
    onForeignChange: z._default(z.enum(['heal', 'halt']), 'heal'),
    rollBack: z.optional(z.strictObject({ weight, interval: duration })),
    deadline: z._default(duration, 14_400),
    afterPromotion: z._default(
      z.strictObject({ bake: z.optional(duration), retireStable: z._default(z.enum(['keep', 'delete']), 'keep') }),
      { retireStable: 'keep' },
    ),
    alarms: z.optional(alarms),
    hooks: z.optional(z.strictObject({ before: z.optional(hook), step: z.optional(hook), after: z.optional(hook) })),
    notifications: z.optional(notifications),
  })
  .check(
    z.check(
      ({ value, issues }) => {
        const least = leastSeconds(value);
        if (least <= value.deadline) return;
        const why = typeof value.advance === 'string' ? 'the sum of all bakes' : 'which the times of advance.schedule can take for all steps';
        const message = `must be at least ${formatDuration(least)}, ${why}, or no rollout could end in time; it is ${formatDuration(value.deadline)}`;
        issues.push({ code: 'custom', input: value, message, path: ['deadline'] });
      },
      { when: areRight('steps', 'bake', 'deadline', 'advance', 'afterPromotion') },
    ),
    z.refine(({ approval, steps: list }) => approval === undefined || approval.before.every((before) => before === 100 || list.some((step) => step.weight === before)), {
      message: 'must be weights of steps, or 100',
      path: ['approval', 'before'],
      when: areRight('approval', 'steps'),
    }),
    z.refine(({ workload: { ...own }, canary }) => !('namespace' in own) || own.namespace === undefined || canary.hostname !== undefined, {
      message: 'must be given with workload.namespace, as tasks are found by it',
      path: ['canary', 'hostname'],
      when: areRight('workload', 'canary'),
    }),
    z.refine(({ trigger: by, schedule }) => by === 'push' || schedule === undefined, {
      message: 'must not stand beside schedule, which starts rollouts itself',
      path: ['trigger'],
      when: areRight('trigger', 'schedule'),
    }),
    z.refine((definition) => hasOneMeaningEach(definition), {
      message: 'must not give a metric of the analysis another bound: it needs a name of its own',
      path: ['steps'],
      when: areRight('steps', 'analysis'),
    }),
  );

/** Evidence is carried from step to step by a metric's name: two bounds under one name would mix. */
function hasOneMeaningEach({ steps: list, analysis: { metrics } }: { readonly steps: readonly Step[]; readonly analysis: { readonly metrics: readonly Metric[] } }): boolean {
  const meanings = new Map(metrics.map((metric) => [metric.name, JSON.stringify(metric)]));
  return list.flatMap((step) => step.analysis?.metrics ?? []).every((metric) => {
    const text = JSON.stringify(metric);
    if (!meanings.has(metric.name)) meanings.set(metric.name, text);
    return meanings.get(metric.name) === text;
  });
}

interface Bakes {
  readonly steps: readonly { readonly bake?: number | undefined }[];
  readonly bake: number;
  readonly afterPromotion: { readonly bake?: number | undefined };
  readonly advance: Advance;
}

/** What a rollout takes that nothing holds. */
function leastSeconds({ steps: list, bake, afterPromotion, advance: ends }: Bakes): number {
  const steps = typeof ends === 'string' ? list.reduce((sum, entry) => sum + (entry.bake ?? bake), 0) : longestSeconds({ expression: ends.schedule, timezone: ends.timezone }, list.length);
  return steps + (afterPromotion.bake ?? 0);
}

/** The lasting description of how one service is released: durations in seconds, percentages as fractions, steps as `{ weight, bake? }`. */
export type CanaryDefinition = z.infer<typeof definitionSchema>;

export { definitionSchema };

/** As its author wrote it, already checked: what is stored and shown. */
export type CanarySource = z.input<typeof definitionSchema>;

/**
 * A canary definition from a value (parsed YAML or JSON).
 * @throws InvalidInput with every mistake at once.
 */
export const toCanaryDefinition = (value: unknown, file = 'canary definition'): CanaryDefinition => parseInput(definitionSchema, value, file);

/**
 * A canary definition from the text of a YAML or JSON file.
 * @throws InvalidInput with every mistake at once, each naming file, line, path, value and rule.
 */
export function parseCanaryDefinition(text: string, file: string): CanaryDefinition {
  const { value, lineOf } = readLines(text, file);
  return parseInput(definitionSchema, value, file, lineOf);
}
