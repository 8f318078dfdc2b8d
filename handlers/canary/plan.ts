import { begin, beginRollout } from '../../src/rollout/begin.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Plans a rollout and takes its route. */
export const handler = handle(begin, async (beginning) => beginRollout(await portsOf(), beginning));
