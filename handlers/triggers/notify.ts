import { rolloutEvent } from '../../src/contracts/events.ts';
import { notify } from '../../src/rollout/notify/notify.ts';
import { handle } from '../middleware/handle.ts';
import { channelsOf } from '../middleware/channels.ts';

/** Tells people of an event of a rollout: by Slack, Teams or SNS, as its definition says. */
export const handler = handle(rolloutEvent, async (event) => notify(await channelsOf(), event));
