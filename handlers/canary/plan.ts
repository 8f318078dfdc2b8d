import { begin, beginRollout } from '../../src/rollout/steps/begin.ts';
import { alarms } from '../middleware/alarms.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(alarms, tokens, workloads);

/** Plans a rollout and takes its route. */
export const handler = handle(begin, async (beginning) => beginRollout(await portsOf(), beginning));
