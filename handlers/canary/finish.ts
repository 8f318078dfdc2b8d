import { finishRollout } from '../../src/rollout/finish-rollout.ts';
import { finishInput } from '../../src/rollout/inputs.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Ends a promoted rollout, or says that a roll-back failed. */
export const handler = handle(finishInput, async (finishing) => finishRollout(await portsOf(), finishing));
