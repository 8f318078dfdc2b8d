import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { openBakeWatch, type BakeWatch } from '../../../src/rollout/watch/bake-watch.ts';
import { REQUESTS } from '../requests.ts';

export const openWatch = (options: Parameters<typeof openBakeWatch>[1]): BakeWatch => openBakeWatch(new SchedulerClient(REQUESTS), options);
