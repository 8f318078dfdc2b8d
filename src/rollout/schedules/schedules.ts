import { ConflictException, CreateScheduleCommand, DeleteScheduleCommand, GetScheduleCommand, ResourceNotFoundException, UpdateScheduleCommand, type CreateScheduleCommandInput, type GetScheduleCommandOutput, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { ScheduleFired } from '../../contracts/events.ts';
import type { Timing } from '../../contracts/schedule/schedule.ts';
import { SchedulesNotInStep } from '../errors.ts';

/** Keeps the schedules of definitions at EventBridge Scheduler. */
export interface Schedules {
  /** Makes a definition's schedules be as it says, whatever is there; `keep` is not taken away. @throws SchedulesNotInStep */
  apply(definition: CanaryDefinition, keep?: Kind): Promise<void>;
  /** Takes all schedules of a definition away but for `keep`. @throws SchedulesNotInStep */
  remove(name: string, keep?: Kind): Promise<void>;
}

/** Where schedules are kept, and what they reach. */
export interface SchedulesOptions {
  readonly group: string;
  readonly targetArn: string;
  readonly roleArn: string;
  /** Where what cannot be delivered ends. */
  readonly deadLettersArn: string;
}

const KINDS = ['start', 'advance'] as const;
type Kind = ScheduleFired['schedule'];

const nameOf = (kind: Kind, definition: string): string => `${kind}-${definition}`;

/** What a definition wants of each kind. */
const timingsOf = ({ schedule, advance }: CanaryDefinition): Readonly<Record<Kind, Timing | undefined>> => ({
  start: schedule === undefined ? undefined : { expression: schedule.start, timezone: schedule.timezone },
  advance: typeof advance === 'string' ? undefined : { expression: advance.schedule, timezone: advance.timezone },
});

const ABOUT: Readonly<Record<Kind, string>> = { start: 'starts a rollout of the newest image', advance: 'moves a rollout under way by one step' };

function toInput(kind: Kind, definition: string, { expression, timezone }: Timing, { group, targetArn, roleArn, deadLettersArn }: SchedulesOptions): CreateScheduleCommandInput {
  const event: ScheduleFired = { schedule: kind, definition, at: '<aws.scheduler.scheduled-time>', run: '<aws.scheduler.execution-id>' };
  return {
    Name: nameOf(kind, definition),
    GroupName: group,
    Description: `meshshift: ${ABOUT[kind]} of ${definition}`,
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timezone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: 'ENABLED',
    ActionAfterCompletion: 'NONE',
    Target: { Arn: targetArn, RoleArn: roleArn, Input: JSON.stringify(event), RetryPolicy: { MaximumRetryAttempts: 60, MaximumEventAgeInSeconds: 3600 }, DeadLetterConfig: { Arn: deadLettersArn } },
  };
}

/** What of a schedule the product sets: whatever of it is other was changed by someone else, and is set again. */
const MEMBERS = ['Description', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'FlexibleTimeWindow', 'State', 'ActionAfterCompletion', 'Target', 'StartDate', 'EndDate'] as const;

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]));
}
const isAsWanted = (actual: GetScheduleCommandOutput, wanted: CreateScheduleCommandInput): boolean =>
  MEMBERS.every((member) => JSON.stringify(sorted(actual[member])) === JSON.stringify(sorted(wanted[member])));

async function put(client: SchedulerClient, wanted: CreateScheduleCommandInput): Promise<void> {
  const names = { Name: wanted.Name, GroupName: wanted.GroupName };
  try {
    const actual = await client.send(new GetScheduleCommand(names));
    if (!isAsWanted(actual, wanted)) await client.send(new UpdateScheduleCommand(wanted));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateScheduleCommand(wanted));
  }
}

async function drop(client: SchedulerClient, GroupName: string, Name: string): Promise<void> {
  try {
    await client.send(new DeleteScheduleCommand({ GroupName, Name }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}

/** Someone else wrote at the same time: what they wrote is looked at anew. */
async function onceMore(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof ConflictException)) throw error;
    await change();
  }
}

export function openSchedules(client: SchedulerClient, settings: SchedulesOptions): Schedules {
  const sync = async (definition: string, timings: Readonly<Partial<Record<Kind, Timing | undefined>>>, keep?: Kind): Promise<void> => {
    for (const kind of KINDS) {
      const timing = timings[kind];
      if (timing === undefined && kind === keep) continue;
      await onceMore(() => (timing === undefined ? drop(client, settings.group, nameOf(kind, definition)) : put(client, toInput(kind, definition, timing, settings))));
    }
  };
  const telling = async (definition: string, change: Promise<void>): Promise<void> => {
    try {
      await change;
    } catch (cause) {
      throw new SchedulesNotInStep(`the schedules of ${definition} are not in step: ${String(cause)}; ask again`, { cause });
    }
  };
  return {
    apply: (definition, keep) => telling(definition.name, sync(definition.name, timingsOf(definition), keep)),
    remove: (name, keep) => telling(name, sync(name, {}, keep)),
  };
}
