import { rolloutId } from '../../src/rollout/inputs.ts';
import { promote } from '../../src/rollout/promote.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Gives the canary everything; answers how long that must hold. */
export const handler = handle(rolloutId, async ({ id }) => promote(await portsOf(), id));
