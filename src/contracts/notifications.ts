import * as z from 'zod/mini';
import type { RolloutEventType } from './events.ts';

/** What can be told of, by the word of a definition. */
export const OCCASIONS = {
  started: 'Rollout Started',
  shifted: 'Rollout Shifted',
  judged: 'Rollout Judged',
  paused: 'Rollout Paused',
  resumed: 'Rollout Resumed',
  promoted: 'Rollout Promoted',
  rolledBack: 'Rollout Rolled Back',
  failed: 'Rollout Failed',
  action: 'Rollout Action Taken',
} as const satisfies Record<string, RolloutEventType>;
export type Occasion = keyof typeof OCCASIONS;
const occasions = Object.keys(OCCASIONS) as [Occasion, ...Occasion[]];

/** What is told of where a definition does not say: what a person wants to know, or has to act on. */
const BY_DEFAULT: readonly Occasion[] = ['started', 'paused', 'promoted', 'rolledBack', 'failed'];

/** What a link in a message may do. */
const LINK_ACTIONS = ['approve', 'resume', 'advance', 'abort', 'undo', 'retry'] as const;
export type LinkAction = (typeof LINK_ACTIONS)[number];

export const WEBHOOK_NAME = /^[A-Za-z0-9_-]{1,40}$/;
const WEBHOOK_RULE = 'must be the name of a webhook: letters, digits, - and _, at most 40. Its URL is a secret, and belongs into MESHSHIFT_WEBHOOKS';
const webhook = z.string(WEBHOOK_RULE).check(z.regex(WEBHOOK_NAME, WEBHOOK_RULE));
const TOPIC_RULE = 'must be the name or the ARN of an SNS topic whose name starts with meshshift-';
const topic = z.string(TOPIC_RULE).check(z.regex(/^(arn:[\w-]+:sns:[\w-]+:\d{12}:)?meshshift-[A-Za-z0-9_-]{1,200}$/, TOPIC_RULE));

const channel = z
  .strictObject({
    slack: z.optional(webhook),
    teams: z.optional(webhook),
    sns: z.optional(topic),
    links: z._default(z.array(z.enum(LINK_ACTIONS, `must be one of ${LINK_ACTIONS.join(', ')}`), 'must be a list of actions').check(z.minLength(1, 'must hold at least one action')), []),
    on: z._default(z.array(z.enum(occasions, `must be one of ${occasions.join(', ')}`), 'must be a list of occasions').check(z.minLength(1, 'must hold at least one occasion')), [...BY_DEFAULT]),
  })
  .check(z.refine(({ slack, teams, sns }) => [slack, teams, sns].filter((one) => one !== undefined).length === 1, 'must have exactly one of slack, teams and sns'));

/** Where people are told of a rollout, and of what. */
export type Channel = z.infer<typeof channel>;

export const notifications = z.array(channel, 'must be a list of { slack, on, links }, { teams, on, links } and { sns, on, links }').check(z.minLength(1, 'must hold at least one'), z.maxLength(10, 'must hold at most 10'));
