import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
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

interface Aws {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** How the watch reads them in this process. */
export function openPolledHere({ prometheusUrl, prometheusToken, cloudWatchUrl }: MetricsSettings = {}, aws: Aws): OpenPolled {
  const openCloudWatch = cloudWatchUrl ? cloudWatchMetricsOf(new CloudWatchClient({ ...aws, endpoint: cloudWatchUrl }), Date.now) : undefined;
  return openPolledMetrics({ prometheusUrl, prometheusToken, openCloudWatch });
}
