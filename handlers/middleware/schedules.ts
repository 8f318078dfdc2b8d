import { keep, require } from './environment.ts';
import type { Part } from './ports.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'MESHSHIFT_SCHEDULE_GROUP', 'MESHSHIFT_SCHEDULE_TARGET_ARN', 'MESHSHIFT_SCHEDULE_ROLE_ARN', 'MESHSHIFT_DEAD_LETTERS_ARN'];

const schedulesOf = keep(NAMES, async (env) => {
  const { openScheduler } = await import('./lazy/open-scheduler.ts');
  return openScheduler({
    group: require(env, 'MESHSHIFT_SCHEDULE_GROUP'),
    targetArn: require(env, 'MESHSHIFT_SCHEDULE_TARGET_ARN'),
    roleArn: require(env, 'MESHSHIFT_SCHEDULE_ROLE_ARN'),
    deadLettersArn: require(env, 'MESHSHIFT_DEAD_LETTERS_ARN'),
  });
});

/** Keeps the schedules of definitions. Only changes of definitions need it: the client is loaded by the first one. */
export const schedules: Part = () => ({
  schedules: { apply: async (definition, keep) => (await schedulesOf()).apply(definition, keep), remove: async (name, keep) => (await schedulesOf()).remove(name, keep) },
});
