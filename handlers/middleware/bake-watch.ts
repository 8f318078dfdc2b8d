import { keep, require } from './environment.ts';
import type { Part } from './ports.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'MESHSHIFT_SCHEDULE_GROUP', 'MESHSHIFT_WATCH_ARN', 'MESHSHIFT_SCHEDULE_ROLE_ARN'];

const watchOf = keep(NAMES, async (env) => {
  const { openWatch } = await import('./lazy/open-bake-watch.ts');
  return openWatch({ group: require(env, 'MESHSHIFT_SCHEDULE_GROUP'), targetArn: require(env, 'MESHSHIFT_WATCH_ARN'), roleArn: require(env, 'MESHSHIFT_SCHEDULE_ROLE_ARN') });
});

/** Keeps a look each minute at bakes with metrics that are polled. Most definitions have none: the client is loaded by the first one that has. */
export const bakeWatch: Part = () => ({
  bakeWatch: { begin: async (watched) => (await watchOf()).begin(watched), end: async (watched) => (await watchOf()).end(watched) },
});
