import { watchTick } from '../../src/contracts/events.ts';
import { lookOnce } from '../../src/rollout/watch/look-once.ts';
import { bakeWatch } from '../middleware/bake-watch.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { polledMetrics } from '../middleware/metrics.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(tokens, polledMetrics, bakeWatch);

/** Looks at an open bake by the metrics that are polled; each minute a schedule asks for it. */
export const handler = handle(watchTick, async (tick) => lookOnce(await portsOf(), tick));
