import * as z from 'zod/mini';
import { percentage } from './units.ts';

/** A field of the full definition that this version does not do: said, never ignored. */
export const unsupported = (instead: string) => z.optional(z.never(`is not supported yet: ${instead}`));

export const NAME_RULE = 'must be a name of letters, digits, - and _, at most 40 characters';
export const name = (rule: string) => z.string(rule).check(z.regex(/^[A-Za-z0-9_-]{1,40}$/, rule));

const source = z._default(z.literal('mesh', 'is not supported yet: only the source mesh is'), 'mesh');
const RATIO_RULE = 'must be a number above 1: how many times the stable rate is allowed';

const metric = z
  .strictObject({
    name: name(NAME_RULE),
    source,
    margin: z.optional(percentage('1%')),
    ratio: z.optional(z.number(RATIO_RULE).check(z.gt(1, RATIO_RULE), z.lte(1000, 'must be at most 1000'))),
    max: z.optional(percentage('2%')),
    slowerThan: unsupported('the mesh reports counts of errors, not latency'),
    bad: unsupported('queries belong to the sources prometheus and cloudwatch'),
    total: unsupported('queries belong to the sources prometheus and cloudwatch'),
  })
  .check(z.refine(({ margin, ratio, max }) => [margin, ratio, max].filter((bound) => bound !== undefined).length === 1, 'must have exactly one of margin, ratio and max'));
export type Metric = z.infer<typeof metric>;

const metrics = z.array(metric).check(
  z.minLength(1, 'must hold at least one metric'),
  z.maxLength(20, 'must hold at most 20 metrics'),
  z.refine((list) => new Set(list.map((entry) => entry.name)).size === list.length, 'must have names of their own'),
);
const COUNT_RULE = 'must be a whole number from 1 to 1000000000';
const minRequests = z.int(COUNT_RULE).check(z.minimum(1, COUNT_RULE), z.maximum(1e9, COUNT_RULE));
const policy = z.enum(['hold', 'advance', 'rollBack']);

export const analysis = z.strictObject({
  metrics: z._default(metrics, [{ name: 'errors', source: 'mesh', margin: 0.01 }]),
  minRequests: z._default(minRequests, 100),
  onInconclusive: z._default(z.enum(['advance', 'hold', 'rollBack']), 'advance'),
  noTraffic: z._default(policy, 'hold'),
  metricsOutage: z._default(policy, 'hold'),
});
export type Analysis = z.infer<typeof analysis>;

/** What is other at one step; its metrics are all that is judged there. */
export const analysisOverride = z.strictObject({
  metrics: z.optional(metrics),
  minRequests: z.optional(minRequests),
  onInconclusive: z.optional(policy),
  noTraffic: z.optional(policy),
  metricsOutage: z.optional(policy),
});
