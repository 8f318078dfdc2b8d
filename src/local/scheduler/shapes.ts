import * as z from 'zod/mini';
import { AwsError } from '../server/aws-json.ts';
import { InvalidExpression, parseExpression } from '../../contracts/schedule/expressions.ts';
import { isTimeZone } from '../../contracts/schedule/time-zone.ts';

const MISSING = 'Member must not be null';
const of = (rule: string) => ({ error: (issue: z.core.$ZodRawIssue) => (issue.input === undefined || issue.input === null ? MISSING : rule) });

const text = (min: number, max: number, pattern?: RegExp) =>
  z
    .string(of('Member must be a string'))
    .check(
      z.minLength(min, `Member must have length greater than or equal to ${min}`),
      z.maxLength(max, `Member must have length less than or equal to ${max}`),
      ...(pattern === undefined ? [] : [z.regex(pattern, `Member must satisfy regular expression pattern: ${pattern.source}`)]),
    );
const whole = (min: number, max: number) =>
  z
    .int(of('Member must be an integer'))
    .check(z.minimum(min, `Member must have value greater than or equal to ${min}`), z.maximum(max, `Member must have value less than or equal to ${max}`));
const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) => z.enum(values, of(`Member must satisfy enum value set: [${values.join(', ')}]`));
const object = <T extends z.core.$ZodLooseShape>(shape: T) => z.object(shape, of('Member must be a structure'));

const name = text(1, 64, /^[0-9a-zA-Z-_.]+$/);
const state = oneOf('ENABLED', 'DISABLED');
const seconds = z.number(of('Member must be a number of seconds since 1970'));
const tags = z.array(object({ Key: text(1, 128), Value: text(1, 256) }), of('Member must be a list')).check(z.maxLength(200, 'Member must have length less than or equal to 200'));
const ROLE = /^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const QUEUE = /^arn:aws(-[a-z]+)?:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9\-_]+$/;
const KEY = /^arn:aws(-[a-z]+)?:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[0-9a-zA-Z-_]*$/;
const GROUP_ARN = /^arn:aws(-[a-z]+)?:scheduler:[a-z0-9-]+:\d{12}:schedule-group\/[0-9a-zA-Z-_.]+$/;

const target = object({
  Arn: text(1, 1600),
  RoleArn: text(1, 1600, ROLE),
  Input: z.optional(z.string(of('Member must be a string')).check(z.minLength(1, 'Member must have length greater than or equal to 1'))),
  RetryPolicy: z.optional(object({ MaximumEventAgeInSeconds: z.optional(whole(60, 86_400)), MaximumRetryAttempts: z.optional(whole(0, 185)) })),
  EventBridgeParameters: z.optional(object({ DetailType: text(1, 128), Source: text(1, 256, /^(?!aws\.)/) })),
  DeadLetterConfig: z.optional(object({ Arn: z.optional(text(1, 1600, QUEUE)) })),
});

function expressionRule(context: z.core.ParsePayload<string>): void {
  try {
    parseExpression(context.value);
  } catch (error) {
    if (!(error instanceof InvalidExpression)) throw error;
    context.issues.push({ code: 'custom', input: context.value, message: `Invalid Schedule Expression: ${error.message}` });
  }
}

/** What defines a schedule, as CreateSchedule and UpdateSchedule take it; what is not given has the system's default. */
const schedule = object({
  Name: name,
  GroupName: z._default(name, 'default'),
  ScheduleExpression: text(1, 256).check(expressionRule),
  ScheduleExpressionTimezone: z._default(text(1, 50).check(z.refine(isTimeZone, 'Member must be a time zone of the IANA database')), 'UTC'),
  StartDate: z.optional(seconds),
  EndDate: z.optional(seconds),
  State: z._default(state, 'ENABLED'),
  Description: z.optional(text(0, 512)),
  KmsKeyArn: z.optional(text(1, 2048, KEY)),
  ActionAfterCompletion: z._default(oneOf('NONE', 'DELETE'), 'NONE'),
  FlexibleTimeWindow: object({ Mode: oneOf('OFF', 'FLEXIBLE'), MaximumWindowInMinutes: z.optional(whole(1, 1440)) }).check(
    z.refine(({ Mode, MaximumWindowInMinutes }) => Mode === 'OFF' || MaximumWindowInMinutes !== undefined, 'Member must have MaximumWindowInMinutes when Mode is FLEXIBLE'),
    z.refine(({ Mode, MaximumWindowInMinutes }) => Mode === 'FLEXIBLE' || MaximumWindowInMinutes === undefined, 'Member must not have MaximumWindowInMinutes when Mode is OFF'),
  ),
  Target: target,
});
export type ScheduleInput = z.infer<typeof schedule>;
export type ScheduleTarget = z.infer<typeof target>;

/** Query parameters are texts. */
const maxResults = z.optional(z.pipe(z.transform((value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)), whole(1, 100)));
const paging = { NamePrefix: z.optional(name), MaxResults: maxResults, NextToken: z.optional(text(1, 2048)) };

/** The input of each operation: labels of the path, parameters of the query and members of the body together. Members that are not named here are ignored. */
export const shapes = {
  schedule,
  scheduleName: object({ Name: name, groupName: z._default(name, 'default') }),
  ListSchedules: object({ ScheduleGroup: z.optional(name), State: z.optional(state), ...paging }),
  CreateScheduleGroup: object({ Name: name, Tags: z._default(tags, []) }),
  groupName: object({ Name: name }),
  ListScheduleGroups: object(paging),
  resource: object({ ResourceArn: text(1, 1011, GROUP_ARN) }),
  TagResource: object({ ResourceArn: text(1, 1011, GROUP_ARN), Tags: tags }),
  UntagResource: object({ ResourceArn: text(1, 1011, GROUP_ARN), TagKeys: z.array(text(1, 128)) }),
};

const at = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined), input);
/** What a target is given may hold a task's token: it is never shown. */
const show = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? ` '${String(value).slice(0, 300)}'` : '');
const lower = (key: PropertyKey): string => String(key).replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** A long list may be wrong in each of its entries. */
const MOST_TOLD = 20;

/**
 * An operation's input, its defaults filled in.
 * @throws AwsError ValidationException that names each member, its value and the rule it breaks.
 */
export function parseInput<S extends z.ZodMiniType>(shape: S, input: unknown): z.infer<S> {
  const result = z.safeParse(shape, input);
  if (result.success) return result.data;
  const { issues } = result.error;
  const problems = issues.slice(0, MOST_TOLD).map(({ path, message }) => `Value${path.at(-1) === 'Input' ? '' : show(at(input, path))} at '${path.map(lower).join('.')}' failed to satisfy constraint: ${message}`);
  throw new AwsError('ValidationException', `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`);
}
