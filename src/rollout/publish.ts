import type { PutEventsResponse } from '@aws-sdk/client-eventbridge';
import type { CallAws } from '../aws/call.ts';
import { EVENT_SOURCE } from '../contracts/events.ts';
import type { Log } from '../contracts/log.ts';
import type { Publish } from './ports.ts';
import type { RolloutRecord } from './record/records.ts';
import { weightOf } from './bake/situations.ts';
import type { RolloutEventDetail } from '../contracts/events.ts';

/** Puts events on the bus `busName`; one that cannot be put is logged, as a rollout must not depend on who listens. */
export function openPublisher(callAws: CallAws, busName: string, log: Log): Publish {
  return async (type, detail) => {
    try {
      const entry = { EventBusName: busName, Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
      const { FailedEntryCount = 0, Entries = [] } = (await callAws('events', 'PutEvents', { Entries: [entry] })) as PutEventsResponse;
      if (FailedEntryCount > 0) log('warn', 'event refused by the bus', { type, id: detail.id, error: Entries[0]?.ErrorCode });
    } catch (error) {
      log('warn', 'event not put on the bus', { type, id: detail.id, error: String(error) });
    }
  };
}

/** The detail of every event of a rollout. */
export const toDetail = (record: RolloutRecord, reason: string, who = 'meshshift'): RolloutEventDetail => ({
  id: record.id,
  definition: record.definition,
  phase: record.phase,
  step: record.step,
  weight: weightOf(record),
  reason,
  who,
});
