import * as z from 'zod/mini';
import { parseInput } from './mistakes.ts';
import { readText } from './read-text.ts';
import { duration, percentage } from './units.ts';

/** A field of the full definition that this version does not do: said, never ignored. */
const unsupported = (instead: string) => z.optional(z.never(`is not supported yet: ${instead}`));

const name = (rule: string) => z.string(rule).check(z.regex(/^[A-Za-z0-9_-]{1,40}$/, rule));
const resourceName = z.string('must be the name of a resource').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));
const template = (max: number) =>
  z.string('must be a string with {{tag}}').check(
    z.maxLength(max, `must have at most ${max} characters`),
    z.refine((text) => text.includes('{{tag}}'), 'must contain {{tag}}, or each version would have the same name'),
    z.refine((text) => !/\{\{(?!tag\}\})/.test(text), 'may hold no template but {{tag}}'),
  );

const WEIGHT_RULE = 'must be a weight: a whole percentage from 1 to 100';
const weight = z.int(WEIGHT_RULE).check(z.minimum(1, WEIGHT_RULE), z.maximum(100, WEIGHT_RULE));

const detailedStep = z.strictObject({
  weight,
  bake: z.optional(duration),
  analysis: unsupported('the analysis is the same at each step'),
  approval: unsupported('use `meshshift rollout abort` to stop'),
  window: unsupported('weights may rise at any time'),
});

const STEP_RULE = 'must be a weight from 1 to 100, or { weight, bake }';

/** Not a union: its errors would not tell which of a step's fields is wrong. */
const step = z.pipe(
  z.transform((value: unknown) => (typeof value === 'object' && value !== null ? value : { weight: value })),
  detailedStep,
);

const steps = z
  .array(step, `${STEP_RULE.replace('must be', 'must be a list of')}; linear and exponential generators are not supported yet`)
  .check(
    z.minLength(1, 'must hold at least one step'),
    z.maxLength(50, 'must hold at most 50 steps'),
    z.refine((list) => list.every(({ weight: next }, index) => index === 0 || next > (list[index - 1]?.weight ?? 0)), 'must rise from step to step'),
  );

const source = z._default(z.literal('mesh', 'is not supported yet: only the source mesh is'), 'mesh');
const RATIO_RULE = 'must be a number above 1: how many times the stable rate is allowed';

const metric = z
  .strictObject({
    name: name('must be a name of letters, digits, - and _, at most 40 characters'),
    source,
    margin: z.optional(percentage('1%')),
    ratio: z.optional(z.number(RATIO_RULE).check(z.gt(1, RATIO_RULE), z.lte(1000, 'must be at most 1000'))),
    max: z.optional(percentage('2%')),
    slowerThan: unsupported('the mesh reports counts of errors, not latency'),
    bad: unsupported('queries belong to the sources prometheus and cloudwatch'),
    total: unsupported('queries belong to the sources prometheus and cloudwatch'),
  })
  .check(z.refine(({ margin, ratio, max }) => [margin, ratio, max].filter((bound) => bound !== undefined).length === 1, 'must have exactly one of margin, ratio and max'));

const COUNT_RULE = 'must be a whole number from 1 to 1000000000';
const analysis = z.strictObject({
  metrics: z._default(
    z.array(metric).check(
      z.minLength(1, 'must hold at least one metric'),
      z.maxLength(20, 'must hold at most 20 metrics'),
      z.refine((list) => new Set(list.map((entry) => entry.name)).size === list.length, 'must have names of their own'),
    ),
    [{ name: 'errors', source: 'mesh', margin: 0.01 }],
  ),
  minRequests: z._default(z.int(COUNT_RULE).check(z.minimum(1, COUNT_RULE), z.maximum(1e9, COUNT_RULE)), 100),
  onInconclusive: z._default(z.enum(['advance', 'hold', 'rollBack']), 'advance'),
  noTraffic: z._default(z.enum(['hold', 'advance', 'rollBack']), 'hold'),
  metricsOutage: z._default(z.enum(['hold', 'advance', 'rollBack']), 'hold'),
});

const globRule = 'must be a tag or a pattern with * and ?';
const image = z.strictObject({
  repository: z.string('must be the name of an image repository').check(z.minLength(1, 'must not be empty'), z.maxLength(256, 'must have at most 256 characters')),
  tag: z._default(z.string(globRule).check(z.minLength(1, globRule), z.maxLength(128, 'must have at most 128 characters')), '*'),
});

const definitionSchema = z
  .strictObject({
    name: name('must be a name of letters, digits, - and _, at most 40 characters'),
    image,
    target: z.strictObject({ mesh: resourceName, virtualRouter: resourceName, route: resourceName }),
    stable: z.optional(resourceName),
    canary: z.strictObject({
      virtualNode: template(200),
      hostname: z.optional(template(200)),
      spec: unsupported('the stable node is cloned'),
    }),
    workload: z._default(
      z.strictObject({ type: z.enum(['none', 'process'], 'is not supported yet: workloads are none and process') }),
      { type: 'none' },
    ),
    steps,
    bake: z._default(duration, 300),
    analysis: z._default(analysis, {
      metrics: [{ name: 'errors', source: 'mesh', margin: 0.01 }],
      minRequests: 100,
      onInconclusive: 'advance',
      noTraffic: 'hold',
      metricsOutage: 'hold',
    }),
    advance: z._default(z.enum(['atEnd', 'onPass'], 'must be atEnd or onPass; schedules are not supported yet'), 'atEnd'),
    schedule: unsupported('a rollout starts by an image push or by hand'),
    windows: unsupported('weights may rise at any time'),
    approval: unsupported('use `meshshift rollout abort` to stop'),
    concurrency: z._default(z.enum(['replace', 'reject'], 'must be replace or reject; queue is not supported yet'), 'replace'),
    deadline: z._default(duration, 14_400),
    afterPromotion: z._default(
      z.strictObject({ bake: z.optional(duration), retireStable: z._default(z.enum(['keep', 'delete']), 'keep') }),
      { retireStable: 'keep' },
    ),
    alarms: unsupported('the analysis of the mesh is what rolls back'),
    hooks: unsupported('no hook is called'),
  })
  .check(
    // Written so that a bake which is wrong itself is no second mistake.
    z.refine((definition) => !(bakeSeconds(definition) > definition.deadline), {
      message: 'must be at least the sum of all bakes, or no rollout could end in time',
      path: ['deadline'],
    }),
  );

interface Bakes {
  readonly steps: readonly { readonly bake?: number | undefined }[];
  readonly bake: number;
  readonly afterPromotion: { readonly bake?: number | undefined };
}

const bakeSeconds = ({ steps: list, bake, afterPromotion }: Bakes): number =>
  list.reduce((sum, entry) => sum + (entry.bake ?? bake), 0) + (afterPromotion.bake ?? 0);

/** The lasting description of how one service is released: durations in seconds, percentages as fractions, steps as `{ weight, bake? }`. */
export type CanaryDefinition = z.infer<typeof definitionSchema>;
export type Metric = CanaryDefinition['analysis']['metrics'][number];

/** As its author wrote it, already checked: what is stored and shown. */
export type CanarySource = z.input<typeof definitionSchema>;

/**
 * A canary definition from a value (parsed YAML or JSON).
 * @throws InvalidInput with every mistake at once.
 */
export const toCanaryDefinition = (value: unknown, file = 'canary definition'): CanaryDefinition => parseInput(definitionSchema, value, file);

/**
 * A canary definition from the text of a YAML or JSON file.
 * @throws InvalidInput with every mistake at once, each naming file, path, value and rule.
 */
export const parseCanaryDefinition = (text: string, file: string): CanaryDefinition => toCanaryDefinition(readText(text, file), file);
