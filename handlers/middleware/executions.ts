import { SFNClient } from '@aws-sdk/client-sfn';
import { openRecordedImages } from '../../src/rollout/images/recorded.ts';
import { openTokenCipher } from '../../src/rollout/bake/token-cipher.ts';
import { keep, require } from './environment.ts';
import type { Part } from './ports.ts';
import { REQUESTS } from './requests.ts';
import { readTokenKey } from './secrets.ts';
import { storeOf } from './store.ts';

/** Keeps task tokens, and starts, describes and ends executions. */
export const tokens: Part = async (env) => ({ stepFunctions: new SFNClient(REQUESTS), cipher: openTokenCipher(await readTokenKey(env)) });

/** All that starting a rollout takes. */
export const startersOf = keep(['AWS_ENDPOINT_URL', 'MESHSHIFT_DATA', 'MESHSHIFT_TABLE', 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'], async (env) => ({
  store: await storeOf(),
  stepFunctions: new SFNClient(REQUESTS),
  canaryStateMachineArn: require(env, 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'),
  images: openRecordedImages(await storeOf(), Date.now),
  clock: Date.now,
}));
