import { executionStopped } from '../../src/contracts/events.ts';
import { rollBackStopped } from '../../src/rollout/triggers/execution-stopped.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(tokens, workloads);

/** Rolls back in place of an execution that ended without doing so itself. */
export const handler = handle(executionStopped, async (stopped) => rollBackStopped(await portsOf(), stopped));
