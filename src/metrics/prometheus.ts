import * as z from 'zod/mini';
import { TransientFault } from '../contracts/faults.ts';
import { QueryRefused } from './errors.ts';
import { timeLimit } from '../contracts/time-limit.ts';
import { fillQuery, periodsOf, toReading, type CountQueries, type Periods, type Samples, type SideSamples } from './periods.ts';
import type { MetricsProvider, MetricsQuery } from './port.ts';

export interface PrometheusOptions extends CountQueries {
  /** Where its HTTP API is, without `/api/v1`. */
  readonly url: string;
  /** Such as an authorization; never logged or told. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The length of a period; at least the scrape interval, so that each has news. Default 15. */
  readonly stepSeconds?: number;
  readonly timeoutMs?: number;
}

interface Asking extends Omit<PrometheusOptions, keyof CountQueries> {
  readonly signal?: AbortSignal | undefined;
}

const value = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.string(),
  errorType: z.optional(z.string()),
  error: z.optional(z.string()),
  warnings: z.optional(z.array(z.string())),
  data: z.optional(z.object({ resultType: z.string(), result: z.unknown() })),
});
const matrix = z.array(z.object({ values: z.array(value) }));

const messageOf = (error: unknown): string => (error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error));
/** Errors of the query itself; all others (timeout, canceled, unavailable, internal) may pass. */
const REFUSALS: ReadonlySet<string> = new Set(['bad_data', 'execution', 'not_found', 'not_acceptable']);

/** @throws QueryRefused, TransientFault */
async function ask({ url, headers = {}, timeoutMs = 10_000, signal: given }: Asking, path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const body = new URLSearchParams({ ...parameters, timeout: `${timeoutMs}ms` });
  let status: number;
  let parsed: z.infer<typeof answer>;
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/api/v1/${path}`, { method: 'POST', body, headers, signal: timeLimit(timeoutMs, given) });
    status = response.status;
    if (status === 401 || status === 403) throw new QueryRefused(`Prometheus refuses the caller: HTTP ${status}`);
    parsed = answer.parse(await response.json());
  } catch (cause) {
    if (cause instanceof QueryRefused) throw cause;
    throw new TransientFault(`Prometheus cannot be read: ${messageOf(cause)}`, { cause });
  }
  const { status: outcome, errorType = '', error = '', warnings = [], data } = parsed;
  if (outcome !== 'success' || data === undefined) {
    if (REFUSALS.has(errorType) && status < 500) throw new QueryRefused(`Prometheus refuses the query: ${errorType}: ${error}`);
    throw new TransientFault(`Prometheus cannot answer: HTTP ${status}: ${errorType}: ${error}`);
  }
  // Part of the data is missing then: counts would be too low without anybody's seeing it.
  if (warnings.length > 0) throw new TransientFault(`Prometheus answers with warnings: ${warnings.join('; ')}`);
  return data.result;
}

async function readClock(options: Asking): Promise<number> {
  const result = value.safeParse(await ask(options, 'query', { query: 'time()' }));
  if (!result.success) throw new TransientFault('Prometheus cannot be read: time() gives no number');
  return Math.floor(Number(result.data[1]) * 1000);
}

async function readSamples(options: Asking, query: string, { ends, stepMs }: Periods): Promise<Samples> {
  const [first = 0, last = 0] = [ends[0], ends.at(-1)];
  const result = matrix.safeParse(await ask(options, 'query_range', { query, start: String(first / 1000), end: String(last / 1000), step: String(stepMs / 1000) }));
  if (!result.success) throw new QueryRefused(`the query gives no series: ${query}`);
  if (result.data.length > 1) throw new QueryRefused(`the query gives ${result.data.length} series: must give one, as sum(…) does: ${query}`);
  const values = result.data[0]?.values ?? [];
  // NaN stands for no value, as of a division by nothing.
  return new Map(values.map(([seconds, text]) => [Math.round(seconds * 1000), Number(text)] as const).filter(([, number]) => !Number.isNaN(number)));
}

/**
 * Counts that a Prometheus has, by two queries that give the requests within `{{step}}`, such as
 * `sum(increase(requests_total{node="{{virtualNode}}"}[{{step}}]))`.
 */
export function openPrometheusMetrics(options: PrometheusOptions): MetricsProvider {
  const stepMs = (options.stepSeconds ?? 15) * 1000;
  const readSide = async (query: MetricsQuery, virtualNode: string, periods: Periods): Promise<SideSamples> => {
    const read = (text: string) => readSamples({ ...options, signal: query.signal }, fillQuery(text, query, virtualNode, stepMs), periods);
    const [bad, total] = await Promise.all([read(options.bad), read(options.total)]);
    return { bad, total };
  };
  return {
    read: async (query) => {
      const periods = periodsOf(query.since, await readClock({ ...options, signal: query.signal }), stepMs);
      const [canary, stable] = await Promise.all([readSide(query, query.canary, periods), readSide(query, query.stable, periods)]);
      return toReading(periods, { canary, stable });
    },
  };
}
