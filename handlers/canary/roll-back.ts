import { rollBackInput } from '../../src/rollout/inputs.ts';
import { rollBack } from '../../src/rollout/roll-back.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(tokens);

/** Restores the route as the rollout found it. */
export const handler = handle(rollBackInput, async (rolling) => rollBack(await portsOf(), { ...rolling, gradual: true }));
