import * as z from 'zod/mini';
import { isList } from './choose.ts';
import { latencyBound } from './latency.ts';
import { duration, percentage } from './units.ts';

export const NAME_RULE = 'must be a name of letters, digits, - and _, at most 40 characters';
export const name = (rule: string) => z.string(rule).check(z.regex(/^[A-Za-z0-9_-]{1,40}$/, rule));

const RATIO_RULE = 'must be a number above 1: how many times the stable rate is allowed';
const SOURCES = ['mesh', 'prometheus', 'cloudwatch'] as const;
const PLACEHOLDERS = ['mesh', 'virtualNode', 'step'];

const query = z.string('must be a query').check(
  z.minLength(1, 'must not be empty'),
  z.maxLength(2000, 'must have at most 2000 characters'),
  z.refine((text) => [...text.matchAll(/\{\{([^}]*)\}\}/g)].every(([, one = '']) => PLACEHOLDERS.includes(one)), 'may hold no placeholder but {{mesh}}, {{virtualNode}} and {{step}}'),
);
type Query = z.infer<typeof query>;

/** By what a metric of each source counts: the mesh by what proxies report, the others by two queries. */
const isPolled = (source: (typeof SOURCES)[number]): boolean => source !== 'mesh';
const hasQueries = ({ source, bad, total }: { source: (typeof SOURCES)[number]; bad?: Query | undefined; total?: Query | undefined }): boolean =>
  isPolled(source) ? bad !== undefined && total !== undefined : bad === undefined && total === undefined;
/** CloudWatch's periods; those below a minute are of metrics of high resolution. */
const isPeriod = (source: (typeof SOURCES)[number], seconds: number): boolean => seconds <= 3600 && (source !== 'cloudwatch' || seconds % 60 === 0 || [1, 5, 10, 20, 30].includes(seconds));

const metric = z
  .strictObject({
    name: name(NAME_RULE),
    source: z._default(z.enum(SOURCES, 'must be mesh, prometheus or cloudwatch'), 'mesh'),
    margin: z.optional(percentage('1%')),
    ratio: z.optional(z.number(RATIO_RULE).check(z.gt(1, RATIO_RULE), z.lte(1000, 'must be at most 1000'))),
    max: z.optional(percentage('2%')),
    // Of the mesh alone: bad is what took as long as this, milliseconds.
    slowerThan: z.optional(latencyBound),
    // Of the others: the bad requests and all requests of a period.
    bad: z.optional(query),
    total: z.optional(query),
    period: z.optional(duration),
  })
  .check(
    z.refine(({ margin, ratio, max }) => [margin, ratio, max].filter((bound) => bound !== undefined).length === 1, 'must have exactly one of margin, ratio and max'),
    z.refine(hasQueries, 'must have the queries bad and total where the source is prometheus or cloudwatch, and nowhere else'),
    z.refine(({ source, slowerThan }) => slowerThan === undefined || !isPolled(source), { message: 'belongs to the source mesh: of the others the query bad counts what is too slow', path: ['slowerThan'] }),
    z.refine(({ source, period }) => period === undefined || (isPolled(source) && isPeriod(source, period)), {
      message: 'belongs to the sources prometheus (1s to 1h) and cloudwatch (a multiple of 60s, or 1s, 5s, 10s, 20s or 30s)',
      path: ['period'],
    }),
    z.refine(({ source, bad, total, max }) => !isPolled(source) || max !== undefined || [bad, total].every((text) => text === undefined || text.includes('{{virtualNode}}')), 'must have {{virtualNode}} in both queries, or canary and stable would be the same; only with max they may be'),
  );
export type Metric = z.infer<typeof metric>;

const haveOwnNames = (names: readonly string[]): boolean => new Set(names).size === names.length;
const metrics = z.array(metric).check(
  z.minLength(1, 'must hold at least one metric'),
  z.maxLength(20, 'must hold at most 20 metrics'),
  z.refine((list: readonly { readonly name?: string }[]) => haveOwnNames(list.flatMap((entry) => entry.name ?? [])), { message: 'must have names of their own', when: isList }),
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
