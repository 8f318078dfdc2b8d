import { stepInput } from '../../src/rollout/steps/inputs.ts';
import { shiftToStep } from '../../src/rollout/steps/shift-traffic.ts';
import { alarms } from '../middleware/alarms.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { hooks } from '../middleware/hooks.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(alarms, tokens, hooks);

/** Shifts to a step's weight; step -1 adds the canary's target without traffic. */
export const handler = handle(stepInput, async ({ id, step }) => shiftToStep(await portsOf(), id, step));
