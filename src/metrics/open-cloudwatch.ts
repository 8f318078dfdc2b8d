import type { CallAws } from '../aws/call.ts';
import { openCloudWatchMetrics } from './cloudwatch.ts';
import type { QueriedMetric } from './open-polled.ts';
import type { MetricsProvider } from './port.ts';

/** Metrics of high resolution are there within seconds, those of a minute within two. */
const LAG_MS = { fine: 20_000, coarse: 120_000 };

/** CloudWatch's metrics of an account and region. */
export const cloudWatchMetricsOf = (callAws: CallAws, clock: () => number) => ({ bad, total, period = 60 }: QueriedMetric): MetricsProvider =>
  openCloudWatchMetrics({ callAws, clock, bad, total, periodSeconds: period, lagMs: period < 60 ? LAG_MS.fine : LAG_MS.coarse });
