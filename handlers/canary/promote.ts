import { rolloutId } from '../../src/rollout/steps/inputs.ts';
import { promote } from '../../src/rollout/steps/promote.ts';
import { alarms } from '../middleware/alarms.ts';
import { handle } from '../middleware/handle.ts';
import { hooks } from '../middleware/hooks.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(alarms, hooks);

/** Gives the canary everything; answers how long that must hold. */
export const handler = handle(rolloutId, async ({ id }) => promote(await portsOf(), id));
