import { scheduleFired } from '../../src/contracts/events.ts';
import { fireSchedule } from '../../src/rollout/schedules/fired.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { images } from '../middleware/images.ts';
import { openPorts } from '../middleware/ports.ts';
import { schedules } from '../middleware/schedules.ts';

const portsOf = openPorts(images, schedules, tokens);

/** Starts a rollout of the newest image, or moves the one under way by a step, as a definition's schedule says. */
export const handler = handle(scheduleFired, async (fired) => fireSchedule(await portsOf(), fired));
