import { answerRequest, httpRequest } from '../../src/rollout/api/answer-request.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { links } from '../middleware/links.ts';
import { openPorts } from '../middleware/ports.ts';
import { schedules } from '../middleware/schedules.ts';

const portsOf = openPorts(schedules, tokens, links);

/** Serves the rollouts API: an event of an HTTP API (payload 2.0) in, its response out. */
export const handler = handle(httpRequest, async (request) => answerRequest(await portsOf(), request));
