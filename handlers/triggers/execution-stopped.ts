import { executionStopped } from '../../src/contracts/events.ts';
import { rollBackStopped } from '../../src/rollout/execution-stopped.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Rolls back in place of an execution that ended without doing so itself. */
export const handler = handle(executionStopped, async (stopped) => rollBackStopped(await portsOf(), stopped));
