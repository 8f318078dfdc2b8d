import * as z from 'zod/mini';
import { choose } from './choose.ts';
import { isRecord } from './is-record.ts';
import { duration } from './units.ts';

const HOOK_RULE = 'must be the name or the ARN of a Lambda function whose name starts with meshshift-hook-';
/** A function of the user's own, which meshshift's roles may call by the beginning of its name. */
export const hook = z.string(HOOK_RULE).check(z.regex(/^(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?meshshift-hook-[A-Za-z0-9_-]{1,48}(:[A-Za-z0-9$_-]+)?$/, HOOK_RULE));

/** A state machine asks every 15 s at the latest: this keeps its history under 1,500 events. */
const LONGEST_SECONDS = 7200;
const readyWithin = z._default(duration.check(z.refine((seconds) => seconds <= LONGEST_SECONDS, 'must be at most 2h')), 900);

const ECS_NAME_RULE = 'must be a name of ECS: up to 255 letters, digits, - and _';
const ecsName = z.string(ECS_NAME_RULE).check(z.regex(/^[A-Za-z0-9_-]{1,255}$/, ECS_NAME_RULE));
const COUNT_RULE = 'must be a whole number of tasks from 1 to 5000';
const NAMESPACE_RULE = 'must be the id of a DNS namespace of AWS Cloud Map, such as ns-e4anhexample0004';

const ecs = z.strictObject({
  type: z.literal('ecs'),
  cluster: ecsName,
  // The service that runs what serves now: the new version's is made like it.
  service: ecsName,
  container: z.optional(ecsName),
  desiredCount: z.optional(z.int(COUNT_RULE).check(z.minimum(1, COUNT_RULE), z.maximum(5000, COUNT_RULE))),
  namespace: z.optional(z.string(NAMESPACE_RULE).check(z.regex(/^ns-[a-z0-9]{1,61}$/, NAMESPACE_RULE))),
  readyWithin,
});
const lambda = z.strictObject({ type: z.literal('lambda'), function: hook, readyWithin });
const plain = z.strictObject({ type: z.enum(['none', 'process'], 'must be one of none, process, ecs and lambda') });

export type EcsSettings = z.infer<typeof ecs>;
export type LambdaSettings = z.infer<typeof lambda>;
export type WorkloadSettings = z.infer<typeof plain> | EcsSettings | LambdaSettings;

const BY_TYPE: Readonly<Record<string, z.ZodMiniType<WorkloadSettings>>> = { ecs, lambda };

/** Who brings a version up: nobody, a process of the local runtime, a service of ECS, or a function. */
export const workload = choose<WorkloadSettings>([plain, ecs, lambda], (value) => (isRecord(value) && BY_TYPE[String(value['type'])]) || plain);
