import { createHash } from 'node:crypto';
import { ConflictException, CreateScheduleCommand, DeleteScheduleCommand, ResourceNotFoundException, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { WatchTick } from '../../contracts/events.ts';
import type { SchedulesOptions } from '../schedules/schedules.ts';

/** Which bake is looked at each minute. */
export interface WatchedBake {
  readonly id: string;
  readonly bake: number;
  /** Epoch ms. */
  readonly endsAt: number;
}

/** Keeps a look each minute at a bake while it is open: where nothing else polls a metric's source, its verdict would come with the bake's end only. */
export interface BakeWatch {
  /** Beginning it again changes nothing. */
  begin(watched: WatchedBake): Promise<void>;
  end(watched: Pick<WatchedBake, 'id' | 'bake'>): Promise<void>;
}

/** Ids are too long for a schedule's name. */
const nameOf = ({ id, bake }: Pick<WatchedBake, 'id' | 'bake'>): string => `watch-${createHash('sha256').update(id).digest('hex').slice(0, 16)}-${bake}`;

/** A look that comes late has the next one beside it. */
const RETRIES = { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 };

/** Looks by schedules of EventBridge Scheduler, each of which ends, and takes itself away, with its bake's time: without a bake there is nothing, and nothing to pay. */
export function openBakeWatch(client: SchedulerClient, { group, targetArn, roleArn }: Omit<SchedulesOptions, 'deadLettersArn'>): BakeWatch {
  return {
    begin: async ({ id, bake, endsAt }) => {
      const event: WatchTick = { watch: id, bake };
      const schedule = new CreateScheduleCommand({
        Name: nameOf({ id, bake }),
        GroupName: group,
        Description: `meshshift: looks at the bake ${bake} of ${id}`,
        ScheduleExpression: 'rate(1 minute)',
        EndDate: new Date(endsAt),
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: { Arn: targetArn, RoleArn: roleArn, Input: JSON.stringify(event), RetryPolicy: RETRIES },
      });
      await client.send(schedule).catch((error: unknown) => {
        if (!(error instanceof ConflictException)) throw error;
      });
    },
    end: async (watched) => {
      await client.send(new DeleteScheduleCommand({ GroupName: group, Name: nameOf(watched) })).catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
    },
  };
}
