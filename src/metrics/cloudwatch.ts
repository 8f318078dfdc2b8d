import type { CallAws } from '../aws/call.ts';
import { TransientFault } from '../contracts/faults.ts';
import { messageOf } from '../contracts/message-of.ts';
import { QueryRefused } from './errors.ts';
import { fillQuery, periodsOf, toReading, type CountQueries, type PairSamples, type Periods, type Samples } from './periods.ts';
import type { MetricsProvider, MetricsQuery } from './port.ts';
import { timeLimit } from '../contracts/time-limit.ts';

/** Metric math, Metrics Insights or SEARCH, each giving one series, such as `SUM(SEARCH('… VirtualNode="{{virtualNode}}"', 'Sum', 60))`. */
export interface CloudWatchOptions extends CountQueries {
  readonly callAws: CallAws;
  /** Epoch ms; CloudWatch does not tell its own time. */
  readonly clock: () => number;
  /** A multiple of 60, or 1, 5, 10, 20 or 30 for metrics of high resolution. Default 60. */
  readonly periodSeconds?: number;
  /** How late values come; default two minutes. */
  readonly lagMs?: number;
  readonly timeoutMs?: number;
}

/** What GetMetricData answers, of which this much is used; times are epoch seconds. */
interface MetricDataResult {
  readonly Id?: string;
  readonly Label?: string;
  readonly StatusCode?: string;
  readonly Timestamps?: readonly number[];
  readonly Values?: readonly number[];
  readonly Messages?: readonly Message[];
}
interface Message {
  readonly Code?: string;
  readonly Value?: string;
}
interface Page {
  readonly MetricDataResults?: readonly MetricDataResult[];
  readonly NextToken?: string | null;
  readonly Messages?: readonly Message[];
}

const SIDES = ['canary', 'stable'] as const;
const COUNTS = ['bad', 'total'] as const;
const idOf = (side: string, count: string): string => `${side}_${count}`;

function faultOf(error: unknown): Error {
  const { name = '', $metadata: { httpStatusCode: status } = {} } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const passes = status === undefined || status >= 500 || status === 429 || /throttl|limitexceeded|timeout/i.test(name);
  const message = `${name}: ${messageOf(error)}`;
  return passes ? new TransientFault(`CloudWatch cannot be read: ${message}`, { cause: error }) : new QueryRefused(`CloudWatch refuses the query: ${message}`, { cause: error });
}

/** @throws QueryRefused, TransientFault */
function checkResult({ Id, StatusCode, Messages = [] }: MetricDataResult, isLastPage: boolean): void {
  const told = Messages.map(({ Code, Value }) => `${Code}: ${Value}`).join('; ');
  if (StatusCode === 'Forbidden') throw new QueryRefused(`CloudWatch refuses the query ${Id}: ${told}`);
  if (StatusCode === 'InternalError') throw new TransientFault(`CloudWatch cannot answer the query ${Id}: ${told}`);
  // More pages complete it; without any, counts would be too low without anybody's seeing it.
  if (StatusCode === 'PartialData' && isLastPage) throw new TransientFault(`CloudWatch answers the query ${Id} in part: ${told}`);
}

/** All pages of one request, which share its time. */
async function fetchResults({ callAws, timeoutMs = 10_000, ...options }: CloudWatchOptions, query: MetricsQuery, { ends, stepMs }: Periods): Promise<MetricDataResult[]> {
  const [first = 0, last = 0] = [ends[0], ends.at(-1)];
  const abortSignal = timeLimit(timeoutMs, query.signal);
  const MetricDataQueries = SIDES.flatMap((side) => COUNTS.map((count) => ({ Id: idOf(side, count), Expression: fillQuery(options[count], query, query[side], stepMs), Period: stepMs / 1000, ReturnData: true })));
  const results: MetricDataResult[] = [];
  let NextToken: string | undefined;
  do {
    const input = { MetricDataQueries, StartTime: (first - stepMs) / 1000, EndTime: last / 1000, ScanBy: 'TimestampAscending', ...(NextToken === undefined ? {} : { NextToken }) };
    const page = (await callAws('monitoring', 'GetMetricData', input, abortSignal).catch((error: unknown) => {
      throw faultOf(error);
    })) as Page;
    NextToken = page.NextToken ?? undefined;
    const found = page.MetricDataResults ?? [];
    for (const result of found) checkResult(result, NextToken === undefined);
    // Messages of the whole: what was searched was too much, and only a part of it counted.
    const [message] = page.Messages ?? [];
    if (message !== undefined) throw new TransientFault(`CloudWatch answers in part: ${message.Code}: ${message.Value}`);
    results.push(...found);
  } while (NextToken !== undefined);
  return results;
}

/** CloudWatch names a value by the beginning of its period. */
function samplesOf(results: readonly MetricDataResult[], id: string, stepMs: number): Samples {
  const own = results.filter(({ Id }) => Id === id);
  const labels = new Set(own.map(({ Label }) => Label));
  if (labels.size > 1) throw new QueryRefused(`the query ${id} gives ${labels.size} series: must give one, as SUM(…) does`);
  const values = own.flatMap(({ Timestamps = [], Values = [] }) => Timestamps.map((time, index) => [Math.round(time * 1000) + stepMs, Values[index] ?? Number.NaN] as const));
  return new Map(values.filter(([, number]) => !Number.isNaN(number)));
}

/** Counts that CloudWatch has, by two expressions that give the requests of a period. */
export function openCloudWatchMetrics(options: CloudWatchOptions): MetricsProvider {
  const stepMs = (options.periodSeconds ?? 60) * 1000;
  return {
    read: async (query) => {
      const periods = periodsOf(query.since, options.clock(), stepMs, options.lagMs ?? 120_000);
      const results = await fetchResults(options, query, periods);
      const side = (name: (typeof SIDES)[number]) => ({ bad: samplesOf(results, idOf(name, 'bad'), stepMs), total: samplesOf(results, idOf(name, 'total'), stepMs) });
      const samples: PairSamples = { canary: side('canary'), stable: side('stable') };
      return toReading(periods, samples);
    },
  };
}
