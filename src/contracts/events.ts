import * as z from 'zod/mini';
import { PHASES, type Phase } from './rollout.ts';

/** The source of every event that meshshift puts on the bus. */
export const EVENT_SOURCE = 'meshshift';

export type RolloutEventType =
  | 'Rollout Started'
  | 'Rollout Shifted'
  | 'Rollout Judged'
  | 'Rollout Paused'
  | 'Rollout Resumed'
  | 'Rollout Promoted'
  | 'Rollout Rolled Back'
  | 'Rollout Failed'
  | 'Rollout Action Taken';

/** The detail of each of them. */
export interface RolloutEventDetail {
  readonly id: string;
  readonly definition: string;
  readonly phase: Phase;
  readonly step: number;
  /** Percent of the canary. */
  readonly weight: number;
  readonly reason: string;
  readonly who: string;
}

const phase = z.enum(PHASES);
const EVENT_TYPES = ['Rollout Started', 'Rollout Shifted', 'Rollout Judged', 'Rollout Paused', 'Rollout Resumed', 'Rollout Promoted', 'Rollout Rolled Back', 'Rollout Failed', 'Rollout Action Taken'] as const satisfies readonly RolloutEventType[];

/** One of them, as the bus delivers it; `id` is the same for each delivery. */
export const rolloutEvent = z.object({
  id: z.string().check(z.minLength(1, 'must not be empty')),
  source: z.literal(EVENT_SOURCE),
  'detail-type': z.enum(EVENT_TYPES),
  detail: z.object({ id: z.string(), definition: z.string(), phase, step: z.number(), weight: z.number(), reason: z.string(), who: z.string() }),
});
export type RolloutEvent = z.infer<typeof rolloutEvent>;

/** An image push, as ECR tells it; pushes without a tag exist and start nothing. */
export const imagePush = z.object({
  source: z.enum(['aws.ecr', 'meshshift.sample']),
  'detail-type': z.literal('ECR Image Action'),
  time: z.optional(z.string()),
  detail: z.object({
    'action-type': z.literal('PUSH'),
    result: z.literal('SUCCESS'),
    'repository-name': z.string().check(z.minLength(1, 'must not be empty')),
    'image-tag': z.optional(z.string()),
    'image-digest': z.optional(z.string()),
  }),
});
export type ImagePush = z.infer<typeof imagePush>;

/** The completed deployment of a service of ECS, as ECS tells it. */
export const deploymentCompleted = z.object({
  source: z.enum(['aws.ecs', 'meshshift.sample']),
  'detail-type': z.literal('ECS Deployment State Change'),
  resources: z.array(z.string().check(z.regex(/:service\/[^/]+\/[^/]+$/, 'must be the ARN of a service, its cluster in it'))).check(z.minLength(1, 'must hold the service')),
  detail: z.object({ eventName: z.literal('SERVICE_DEPLOYMENT_COMPLETED') }),
});
export type DeploymentCompleted = z.infer<typeof deploymentCompleted>;

export const ALARM_STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;

/** A change of a CloudWatch alarm, as CloudWatch tells it. `time` is to the second, `timestamp` to the millisecond. */
export const alarmChange = z.object({
  source: z.enum(['aws.cloudwatch', 'meshshift.sample']),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  time: z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time')),
  detail: z.object({
    alarmName: z.string().check(z.minLength(1, 'must not be empty')),
    state: z.object({ value: z.enum(ALARM_STATES), reason: z._default(z.string(), ''), timestamp: z.optional(z.string()) }),
  }),
});
export type AlarmChange = z.infer<typeof alarmChange>;

/** A time of a definition's schedule, as its schedule tells it: `at` is the time that it was for, `run` is the same for each attempt. */
export const scheduleFired = z.strictObject({
  schedule: z.enum(['start', 'advance']),
  definition: z.string().check(z.minLength(1, 'must not be empty')),
  at: z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time')),
  run: z.string(),
});
export type ScheduleFired = z.infer<typeof scheduleFired>;

/** A minute of an open bake has passed. */
export const watchTick = z.strictObject({
  watch: z.string('must be the id of a rollout').check(z.minLength(1, 'must not be empty')),
  bake: z.int('must be the number of a bake'),
});
export type WatchTick = z.infer<typeof watchTick>;

/** An execution that ended otherwise than by succeeding, as Step Functions tells it. */
export const executionStopped = z.object({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    executionArn: z.string(),
    name: z.string().check(z.minLength(1, 'must not be empty')),
    input: z.optional(z.nullable(z.string())),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.optional(z.nullable(z.string())),
    cause: z.optional(z.nullable(z.string())),
  }),
});
export type ExecutionStopped = z.infer<typeof executionStopped>;
