import { finishRollout } from '../../src/rollout/steps/finish-rollout.ts';
import { finishInput } from '../../src/rollout/steps/inputs.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(tokens, workloads);

/** Ends a promoted rollout, or says that a roll-back failed. */
export const handler = handle(finishInput, async (finishing) => finishRollout(await portsOf(), finishing));
