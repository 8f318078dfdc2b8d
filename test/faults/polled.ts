import type { CallAws } from '../../src/aws/call.ts';
import { cloudWatchMetricsOf } from '../../src/metrics/open-cloudwatch.ts';
import { openPolledMetrics } from '../../src/metrics/open-polled.ts';
import type { OpenPolled } from '../../src/metrics/sources.ts';
import { httpAnswer, type HttpAnswer } from './calls.ts';
import type { Traffic } from './traffic.ts';

/** Where Prometheus is in this world. */
export const PROMETHEUS_URL = 'http://prometheus.test';

/** How a source that is polled is doing. */
export type Mode = 'up' | 'down' | 'empty' | 'partial';

/** Queries as this world's sources understand them: one of the counts of a virtual node. */
export const queries = (bad: 'errors' | 'slow' = 'errors') => ({ bad: `${bad} {{virtualNode}}`, total: 'requests {{virtualNode}}' });

/**
 * A Prometheus and a CloudWatch that know what the traffic was. A period without requests has no value, as there. `partial` is what each says
 * when it knows only a part: warnings, and PartialData without a further page.
 */
export function openPolledWorld(traffic: () => Traffic, clock: () => number) {
  const state: { mode: Mode; asked: number } = { mode: 'up', asked: 0 };
  /** Sum of a count within a period, or undefined without any request. */
  const sum = (query: string, end: number, stepMs: number): number | undefined => {
    const [, what = '', node = ''] = /^(\w+) (.+)$/.exec(query) ?? [];
    const ticks = traffic().history.filter(({ at, virtualNode }) => virtualNode === node && at > end - stepMs && at <= end);
    return ticks.length === 0 ? undefined : ticks.reduce((total, tick) => total + tick[what as 'errors' | 'slow' | 'requests'], 0);
  };
  const values = (query: string, first: number, last: number, stepMs: number): (readonly [number, number])[] => {
    const ends = Array.from({ length: Math.floor((last - first) / stepMs) + 1 }, (_, index) => first + index * stepMs);
    return state.mode === 'empty' ? [] : ends.flatMap((end) => { const found = sum(query, end, stepMs); return found === undefined ? [] : [[end, found] as const]; });
  };

  const prometheus = (path: string, body: URLSearchParams): HttpAnswer => {
    state.asked += 1;
    if (state.mode === 'down') return httpAnswer(503, { status: 'error', errorType: 'unavailable', error: 'it is down' });
    if (path.endsWith('/query')) return httpAnswer(200, { status: 'success', data: { resultType: 'scalar', result: [clock() / 1000, String(clock() / 1000)] } });
    const [first, last, step] = ['start', 'end', 'step'].map((name) => Number(body.get(name)) * 1000) as [number, number, number];
    const found = values(body.get('query') ?? '', first, last, step).map(([end, value]) => [end / 1000, String(value)]);
    const result = found.length === 0 ? [] : [{ metric: {}, values: found }];
    return httpAnswer(200, { status: 'success', ...(state.mode === 'partial' ? { warnings: ['a store is down'] } : {}), data: { resultType: 'matrix', result } });
  };

  interface Input {
    readonly MetricDataQueries: readonly { readonly Id: string; readonly Expression: string; readonly Period: number }[];
    readonly StartTime: number;
    readonly EndTime: number;
  }
  const cloudWatch: CallAws = (_, __, input) => {
      const { MetricDataQueries, StartTime, EndTime } = input as Input;
      state.asked += 1;
      if (state.mode === 'down') return Promise.reject(Object.assign(new Error('it is down'), { name: 'InternalServiceFault', $metadata: { httpStatusCode: 500 } }));
      const results = MetricDataQueries.map(({ Id, Expression, Period }) => {
        const found = values(Expression, (StartTime + Period) * 1000, EndTime * 1000, Period * 1000);
        const StatusCode = state.mode === 'partial' ? 'PartialData' : 'Complete';
        // A value is named by the beginning of its period.
        return { Id, Label: Id, StatusCode, Timestamps: found.map(([end]) => end / 1000 - Period), Values: found.map(([, value]) => value) };
      });
      return Promise.resolve({ MetricDataResults: results });
  };

  const open: OpenPolled = openPolledMetrics({ prometheusUrl: PROMETHEUS_URL, openCloudWatch: cloudWatchMetricsOf(cloudWatch, clock) });
  return { state, prometheus, open };
}
