import { rollBackInput } from '../../src/rollout/steps/inputs.ts';
import { rollBack } from '../../src/rollout/steps/roll-back.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(tokens, workloads);

/** Restores the route as the rollout found it. */
export const handler = handle(rollBackInput, async (rolling) => rollBack(await portsOf(), { ...rolling, gradual: true }));
