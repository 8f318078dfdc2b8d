import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { cloudWatchMetricsOf } from '../../../src/metrics/open-cloudwatch.ts';
import { REQUESTS } from '../requests.ts';

export const openCloudWatch = () => cloudWatchMetricsOf(new CloudWatchClient(REQUESTS), Date.now);
