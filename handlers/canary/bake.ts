import { openBake } from '../../src/rollout/steps/bake.ts';
import { bakeInput } from '../../src/rollout/steps/inputs.ts';
import { alarms } from '../middleware/alarms.ts';
import { bakeWatch } from '../middleware/bake-watch.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { metrics } from '../middleware/metrics.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(alarms, tokens, metrics, bakeWatch);

/** Opens a bake; it ends by its time or by its token. */
export const handler = handle(bakeInput, async (baking) => openBake(await portsOf(), baking));
