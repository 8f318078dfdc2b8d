import { judgeInput } from '../../src/rollout/inputs.ts';
import { judgeBake } from '../../src/rollout/judge-bake.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Judges a bake that has ended; answers what follows. */
export const handler = handle(judgeInput, async (judging) => judgeBake(await portsOf(), judging));
