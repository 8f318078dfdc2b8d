import { openRecordedAlarms } from '../../src/rollout/recorded-alarms.ts';
import { keep } from './environment.ts';
import type { Part } from './ports.ts';
import { storeOf } from './store.ts';

const boardOf = keep(['AWS_ENDPOINT_URL', 'AWS_REGION'], async () => (await import('./lazy/open-alarms.ts')).openAlarms());

/** Knows how the definition's alarms stand. Most definitions have none: the client is loaded by the first one asked for. */
export const alarms: Part = async (env) => {
  // Without AWS there is no CloudWatch: what events tell is what is known.
  if (env['MESHSHIFT_DATA'] !== undefined) return { alarms: openRecordedAlarms(await storeOf()) };
  return { alarms: { read: async (names) => (await boardOf()).read(names), note: async (alarm) => (await boardOf()).note(alarm) } };
};
