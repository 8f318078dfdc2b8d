import { openBake } from '../../src/rollout/bake.ts';
import { bakeInput } from '../../src/rollout/inputs.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Opens a bake; it ends by its time or by its token. */
export const handler = handle(bakeInput, async (baking) => openBake(await portsOf(), baking));
