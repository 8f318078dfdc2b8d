import * as z from 'zod/mini';

const MISSING = 'Member must not be null';
const of = (rule: string) => (issue: z.core.$ZodRawIssue) => (issue.input === undefined || issue.input === null ? MISSING : rule);

/** A text of bounded length. */
const text = (min: number, max: number) =>
  z.string({ error: of('Member must be a string') }).check(z.minLength(min, `Member must have length greater than or equal to ${min}`), z.maxLength(max, `Member must have length less than or equal to ${max}`));
const arn = text(1, 256);
const data = text(0, 262_144);
const flag = z.boolean('Member must be a boolean');
const pageSize = z.int('Member must be an integer').check(z.minimum(0, 'Member must have value greater than or equal to 0'), z.maximum(1000, 'Member must have value less than or equal to 1000'));
const token = text(1, 1024);
const tag = z.object({ key: text(0, 128), value: text(0, 256) });
const tags = z.array(tag, 'Member must be a list');
const settings = z.record(z.string(), z.unknown(), 'Member must be an object');

const kept = { loggingConfiguration: z.optional(settings), tracingConfiguration: z.optional(settings), encryptionConfiguration: z.optional(settings) };
const paging = { maxResults: z.optional(pageSize), nextToken: z.optional(text(1, 3096)) };
const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];

/** The input of each operation. Members that are not named here are ignored, as AWS ignores them. */
export const shapes = {
  CreateStateMachine: z.object({
    name: text(1, 80),
    definition: text(1, 1_048_576),
    roleArn: arn,
    type: z.optional(z.enum(['STANDARD', 'EXPRESS'], 'Member must satisfy enum value set: [STANDARD, EXPRESS]')),
    tags: z.optional(tags),
    publish: z.optional(flag),
    ...kept,
  }),
  UpdateStateMachine: z.object({ stateMachineArn: arn, definition: z.optional(text(1, 1_048_576)), roleArn: z.optional(arn), publish: z.optional(flag), ...kept }),
  stateMachine: z.object({ stateMachineArn: arn }),
  list: z.object(paging),
  StartExecution: z.object({ stateMachineArn: arn, name: z.optional(text(1, 80)), input: z.optional(data) }),
  execution: z.object({ executionArn: arn }),
  StopExecution: z.object({ executionArn: arn, error: z.optional(text(0, 256)), cause: z.optional(text(0, 32_768)) }),
  ListExecutions: z.object({
    stateMachineArn: z.optional(arn),
    statusFilter: z.optional(z.enum(STATUSES as [string, ...string[]], `Member must satisfy enum value set: [${STATUSES.join(', ')}]`)),
    mapRunArn: z.optional(text(1, 2000)),
    ...paging,
  }),
  GetExecutionHistory: z.object({ executionArn: arn, reverseOrder: z.optional(flag), includeExecutionData: z.optional(flag), ...paging }),
  SendTaskSuccess: z.object({ taskToken: token, output: data }),
  SendTaskFailure: z.object({ taskToken: token, error: z.optional(text(0, 256)), cause: z.optional(text(0, 32_768)) }),
  SendTaskHeartbeat: z.object({ taskToken: token }),
  TagResource: z.object({ resourceArn: arn, tags }),
  UntagResource: z.object({ resourceArn: arn, tagKeys: z.array(text(0, 128), 'Member must be a list') }),
  resource: z.object({ resourceArn: arn }),
  ValidateStateMachineDefinition: z.object({ definition: text(1, 1_048_576) }),
};
