import * as z from 'zod/mini';
import { analysisOverride } from './analysis.ts';
import { choose, isList } from './choose.ts';
import { isRecord } from './is-record.ts';
import { duration } from './units.ts';
import { windows } from './window.ts';

const MOST_STEPS = 100;

const WEIGHT_RULE = 'must be a weight: a whole percentage from 1 to 100';
export const weight = z.int(WEIGHT_RULE).check(z.minimum(1, WEIGHT_RULE), z.maximum(100, WEIGHT_RULE));

const QUORUM_RULE = 'must be how many people must approve: a whole number from 1 to 20';
export const quorum = z._default(z.int(QUORUM_RULE).check(z.minimum(1, QUORUM_RULE), z.maximum(20, QUORUM_RULE)), 1);
/** How long an approval counts, and is waited for: then the rollout is rolled back. */
export const expires = z._default(duration, 86_400);

interface ApprovalRule {
  readonly quorum: number;
  readonly expires: number;
}
const approvalObject = z.strictObject({ quorum, expires });
const approvalFlag = z.pipe(z.literal(true, 'must be true, or { quorum, expires }'), z.transform((): ApprovalRule => ({ quorum: 1, expires: 86_400 })));
const stepApproval = choose<ApprovalRule>([approvalFlag, approvalObject], (value) => (isRecord(value) ? approvalObject : approvalFlag));

const TOKEN_RULE = 'must be a name of letters, digits, - and _';
const headerName = z.string(TOKEN_RULE).check(z.regex(/^[A-Za-z0-9_-]{1,50}$/, TOKEN_RULE));
const headerValue = z.string('must be the value').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));
const nameAndValue = z.strictObject({ name: headerName, value: headerValue });

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
/** What finds a cookie among those of a request's header, as a regular expression. */
export const cookiePattern = ({ name, value }: z.infer<typeof nameAndValue>): string => `(.*;\\s*)?${escape(name)}=${escape(value)}(;.*)?`;
const LONGEST_PATTERN = 255;
const cookie = nameAndValue.check(
  z.refine((given) => cookiePattern(given).length <= LONGEST_PATTERN, { message: `must be shorter: name and value, with a \\ before each character that a pattern gives a meaning, may have ${LONGEST_PATTERN - cookiePattern({ name: '', value: '' }).length} characters`, path: ['value'] }),
);

/** Requests that go to the canary whatever the weights are. */
const cohort = z
  .strictObject({ header: z.optional(nameAndValue), cookie: z.optional(cookie) })
  .check(z.refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'must have exactly one of header and cookie'));
export type Cohort = z.infer<typeof cohort>;

const common = { bake: z.optional(duration), analysis: z.optional(analysisOverride), approval: z.optional(stepApproval), window: z.optional(windowsOrOne()) };

function windowsOrOne() {
  const one = z.pipe(z.transform((value: unknown) => [value]), windows);
  return choose([one, windows], (value) => (Array.isArray(value) ? windows : one));
}

const weightStep = z.strictObject({ weight, ...common, cohort: z.optional(z.never('belongs to a step without a weight')) });
const cohortStep = z.pipe(z.strictObject({ cohort, ...common }), z.transform((step) => ({ ...step, weight: 0 })));
const plainStep = z.pipe(weight, z.transform((value) => ({ weight: value })));

export interface Step {
  readonly weight: number;
  readonly bake?: number | undefined;
  readonly analysis?: z.infer<typeof analysisOverride> | undefined;
  readonly approval?: ApprovalRule | undefined;
  readonly window?: readonly z.infer<typeof windows>[number][] | undefined;
  /** Only of the first step, whose weight is 0. */
  readonly cohort?: Cohort | undefined;
}

const step = choose<Step>([plainStep, weightStep, cohortStep], (value) => {
  const wrapped = z.pipe(z.transform((input: unknown) => ({ weight: input })), weightStep);
  if (!isRecord(value)) return wrapped;
  return 'cohort' in value && !('weight' in value) ? cohortStep : weightStep;
});

/** Steps as far as they could be read: a rule over all of them holds whatever is wrong with some, so that it is told together with that. */
type Readable = readonly Partial<Step>[];
const rises = (list: Readable): boolean => {
  const weights = list.flatMap(({ weight: one }) => one ?? []);
  return weights.every((next, index) => index === 0 || next > (weights[index - 1] ?? 0));
};

const list = z.array(step, 'must be a list of weights from 1 to 100 or of { weight, bake, analysis, approval, window }, or one of linear, exponential and timeToTarget').check(
  z.minLength(1, 'must hold at least one step'),
  z.maxLength(MOST_STEPS, `must hold at most ${MOST_STEPS} steps`),
  z.refine((steps: Readable) => rises(steps), { message: 'must rise from step to step', when: isList }),
  z.refine((steps: Readable) => steps.length === 0 || steps.some(({ weight: one }) => one !== 0), { message: 'must hold a step with a weight', when: isList }),
  z.refine((steps: Readable) => steps.every(({ cohort: one }, index) => one === undefined || index === 0), { message: 'may have a cohort at the first step only', when: isList }),
);

const FACTOR_RULE = 'must be a number from 1.1 to 100: how many times the weight of the step before';
const COUNT_RULE = `must be a whole number of steps from 1 to ${MOST_STEPS}`;
const linear = z.strictObject({ weight, interval: z.optional(duration) });
const exponential = z.strictObject({ start: weight, factor: z._default(z.number(FACTOR_RULE).check(z.gte(1.1, FACTOR_RULE), z.lte(100, FACTOR_RULE)), 2), interval: z.optional(duration) });
const timeToTarget = z
  .strictObject({ duration, steps: z._default(z.int(COUNT_RULE).check(z.minimum(1, COUNT_RULE), z.maximum(MOST_STEPS, COUNT_RULE)), 10) })
  .check(z.refine((value) => !(value.duration < value.steps), 'must leave at least a second for each step'));

const atInterval = (weights: readonly number[], bake: number | undefined): Step[] => weights.map((value) => ({ weight: value, ...(bake === undefined ? {} : { bake }) }));

const expandLinear = ({ weight: each, interval }: z.infer<typeof linear>): Step[] =>
  atInterval(Array.from({ length: Math.ceil(100 / each) }, (_, index) => Math.min(100, each * (index + 1))), interval);

/** Whole weights that rise: 1, 2, 4, … and 100 at the end. */
function expandExponential({ start, factor, interval }: z.infer<typeof exponential>): Step[] {
  const weights = [start];
  for (let exact = start; (weights.at(-1) ?? 100) < 100; ) {
    exact *= factor;
    weights.push(Math.min(100, Math.max(Math.round(exact), (weights.at(-1) ?? 0) + 1)));
  }
  return atInterval(weights, interval);
}

/** Equal rises whose bakes sum up to the time; what does not divide evenly goes to the first ones. */
function expandTimeToTarget({ duration: seconds, steps: count }: z.infer<typeof timeToTarget>): Step[] {
  const each = Math.floor(seconds / count);
  const rest = seconds - each * count;
  return Array.from({ length: count }, (_, index) => ({ weight: Math.round((100 * (index + 1)) / count), bake: each + (index < rest ? 1 : 0) }));
}

const GENERATOR_RULE = 'must have exactly one of linear, exponential and timeToTarget';
const generator = z.pipe(
  z
    .strictObject({ linear: z.optional(linear), exponential: z.optional(exponential), timeToTarget: z.optional(timeToTarget) })
    .check(z.refine((value) => Object.values(value).filter((one) => one !== undefined).length === 1, GENERATOR_RULE)),
  z.transform((given): Step[] => {
    if (given.linear !== undefined) return expandLinear(given.linear);
    if (given.exponential !== undefined) return expandExponential(given.exponential);
    return given.timeToTarget === undefined ? [] : expandTimeToTarget(given.timeToTarget);
  }),
);

/** The steps of a rollout: a list, or what a generator makes: `linear {weight, interval}`, `exponential {start, factor, interval}`, `timeToTarget {duration, steps}`. */
export const steps = choose<readonly Step[]>([list, generator], (value) => (isRecord(value) ? generator : list));
