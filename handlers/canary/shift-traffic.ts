import { stepInput } from '../../src/rollout/inputs.ts';
import { shiftToStep } from '../../src/rollout/shift-traffic.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Shifts to a step's weight; step -1 adds the canary's target without traffic. */
export const handler = handle(stepInput, async ({ id, step }) => shiftToStep(await portsOf(), id, step));
