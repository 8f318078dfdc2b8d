import { openAws } from '../aws/call.ts';
import { cloudWatchMetricsOf } from '../metrics/open-cloudwatch.ts';
import { openPolledMetrics } from '../metrics/open-polled.ts';
import type { OpenPolled } from '../metrics/sources.ts';

/** Where metrics that have queries are read on this machine. */
export interface MetricsSettings {
  readonly prometheusUrl?: string | undefined;
  /** A bearer token; never shown. */
  readonly prometheusToken?: string | undefined;
  /** What answers as CloudWatch does. */
  readonly cloudWatchUrl?: string | undefined;
}

/** As the functions have it. */
export function variablesOf({ prometheusUrl, prometheusToken, cloudWatchUrl }: MetricsSettings = {}): Record<string, string> {
  const all = { MESHSHIFT_PROMETHEUS_URL: prometheusUrl, MESHSHIFT_PROMETHEUS_TOKEN: prometheusToken, AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatchUrl };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** How the watch reads them in this process, with `env` for calls of AWS. */
export function openPolledHere(settings: MetricsSettings | undefined, env: Readonly<Record<string, string>>): OpenPolled {
  const { prometheusUrl, prometheusToken, cloudWatchUrl } = settings ?? {};
  const openCloudWatch = cloudWatchUrl ? cloudWatchMetricsOf(openAws({ ...env, AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatchUrl }), Date.now) : undefined;
  return openPolledMetrics({ prometheusUrl, prometheusToken, openCloudWatch });
}
