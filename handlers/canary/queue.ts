import { enqueue, queueInput } from '../../src/rollout/steps/queue.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(tokens);

/** Puts a rollout in the queue of its route; the wait ends by its token when the route is free. */
export const handler = handle(queueInput, async (queued) => enqueue(await portsOf(), queued));
