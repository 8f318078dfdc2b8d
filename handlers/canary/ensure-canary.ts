import { ensureCanary } from '../../src/rollout/steps/ensure-canary.ts';
import { rolloutId } from '../../src/rollout/steps/inputs.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(workloads);

/** Brings the new version up; answers its virtual node, to be awaited. */
export const handler = handle(rolloutId, async ({ id }) => ensureCanary(await portsOf(), id));
