import * as z from 'zod/mini';
import { choose } from './choose.ts';
import { isRecord } from './is-record.ts';

const PATTERN_RULE = 'must be the name of a service of ECS, or a pattern with * and ?';
const deployment = z.strictObject({
  ecs: z.strictObject({
    cluster: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be the name of a cluster of ECS')),
    service: z.string(PATTERN_RULE).check(z.regex(/^[A-Za-z0-9_*?-]{1,255}$/, PATTERN_RULE)),
  }),
});
const push = z.literal('push', 'must be push, or { ecs: { cluster, service } }');

export type Trigger = z.infer<typeof push> | z.infer<typeof deployment>;

/** What starts rollouts by itself: an image push, or the completed deployment of a service of ECS that someone else brings up. */
export const trigger = choose<Trigger>([push, deployment], (value) => (isRecord(value) ? deployment : push));
