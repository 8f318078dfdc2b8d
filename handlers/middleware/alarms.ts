import { openAws } from '../../src/aws/call.ts';
import { openCloudWatchAlarms } from '../../src/metrics/alarms.ts';
import { openRecordedAlarms } from '../../src/rollout/record/recorded-alarms.ts';
import type { Part } from './ports.ts';
import { storeOf } from './store.ts';

/** Knows how the definition's alarms stand. Without AWS there is no CloudWatch: what events tell is what is known. */
export const alarms: Part = async (env) => ({ alarms: env['MESHSHIFT_DATA'] === undefined ? openCloudWatchAlarms(openAws(env)) : openRecordedAlarms(await storeOf()) });
