import { imagePush } from '../../src/contracts/events.ts';
import { startForPush } from '../../src/rollout/triggers/image-pushed.ts';
import { startersOf } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';

/** Starts a rollout of each canary definition that a pushed image matches. */
export const handler = handle(imagePush, async (push) => startForPush(await startersOf(), push));
