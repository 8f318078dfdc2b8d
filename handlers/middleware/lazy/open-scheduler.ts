import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { openSchedules, type Schedules, type SchedulesOptions } from '../../../src/rollout/schedules/schedules.ts';
import { REQUESTS } from '../requests.ts';

export const openScheduler = (options: SchedulesOptions): Schedules => openSchedules(new SchedulerClient(REQUESTS), options);
