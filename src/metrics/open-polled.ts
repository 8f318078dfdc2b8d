import type { Metric } from '../contracts/analysis.ts';
import { QueryRefused } from './errors.ts';
import type { MetricsProvider } from './port.ts';
import { openPrometheusMetrics } from './prometheus.ts';
import type { OpenPolled } from './sources.ts';

/** A metric that has queries. */
export type QueriedMetric = Metric & { readonly bad: string; readonly total: string };

export interface PolledOptions {
  /** Where Prometheus's HTTP API is, without `/api/v1`, and a bearer token for it; without a URL its metrics cannot be read. */
  readonly prometheusUrl?: string | undefined;
  readonly prometheusToken?: string | undefined;
  /** Absent: there is no CloudWatch. */
  readonly openCloudWatch?: ((metric: QueriedMetric) => MetricsProvider | Promise<MetricsProvider>) | undefined;
}

/** Sources by what the environment says of them. A definition names queries only, never where they are sent. */
export function openPolledMetrics({ prometheusUrl, prometheusToken, openCloudWatch }: PolledOptions): OpenPolled {
  return (metric) => {
    const { name, source, bad, total, period } = metric;
    if (bad === undefined || total === undefined) throw new QueryRefused(`${name} has no queries`);
    if (source === 'cloudwatch') {
      if (openCloudWatch === undefined) throw new QueryRefused('there is no CloudWatch on this machine: set AWS_ENDPOINT_URL_CLOUDWATCH');
      return openCloudWatch({ ...metric, bad, total });
    }
    if (!prometheusUrl) throw new QueryRefused('no Prometheus is known: `meshshift up --prometheus URL`, or on AWS the parameter prometheus');
    const headers = prometheusToken ? { headers: { authorization: `Bearer ${prometheusToken}` } } : {};
    return openPrometheusMetrics({ url: prometheusUrl, bad, total, ...headers, ...(period === undefined ? {} : { stepSeconds: period }) });
  };
}
