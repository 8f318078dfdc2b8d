import { rolloutId } from '../../src/rollout/steps/inputs.ts';
import { promote } from '../../src/rollout/steps/promote.ts';
import { alarms } from '../middleware/alarms.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { hooks } from '../middleware/hooks.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(alarms, tokens, hooks);

/** Gives the canary everything; answers how long that must hold. */
export const handler = handle(rolloutId, async ({ id }) => promote(await portsOf(), id));
