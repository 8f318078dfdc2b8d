import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { openCloudWatchAlarms, type AlarmBoard } from '../../../src/metrics/alarms.ts';
import { REQUESTS } from '../requests.ts';

export const openAlarms = (): AlarmBoard => openCloudWatchAlarms(new CloudWatchClient(REQUESTS));
