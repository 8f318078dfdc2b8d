import { judgeInput } from '../../src/rollout/steps/inputs.ts';
import { judgeBake } from '../../src/rollout/steps/judge-bake.ts';
import { handle } from '../middleware/handle.ts';
import { hooks } from '../middleware/hooks.ts';
import { metrics } from '../middleware/metrics.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(hooks, metrics);

/** Judges a bake that has ended; answers what follows. */
export const handler = handle(judgeInput, async (judging) => judgeBake(await portsOf(), judging));
