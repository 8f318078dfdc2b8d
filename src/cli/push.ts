import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { CommandFailed } from './errors.ts';
import { EXIT } from './exit-codes.ts';

export interface ImagePush {
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string;
}

/** An image push as ECR tells it, from the source of samples: AWS lets nobody put events of its own services. */
export const pushEvent = ({ repository, tag, digest }: ImagePush): PutEventsRequestEntry => ({
  Source: 'meshshift.sample',
  DetailType: 'ECR Image Action',
  Detail: JSON.stringify({
    'action-type': 'PUSH',
    result: 'SUCCESS',
    'repository-name': repository,
    'image-tag': tag,
    ...(digest === undefined ? {} : { 'image-digest': digest }),
  }),
});

export interface AlarmChange {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
}

/** A change of an alarm as CloudWatch tells it, from the source of samples. */
export const alarmEvent = ({ name, state, reason, at }: AlarmChange): PutEventsRequestEntry => ({
  Source: 'meshshift.sample',
  DetailType: 'CloudWatch Alarm State Change',
  Detail: JSON.stringify({ alarmName: name, state: { value: state, reason, timestamp: new Date(at).toISOString() } }),
});

/**
 * Puts one event on the bus; answers with its id.
 * @throws CommandFailed when the bus refuses it
 */
export async function putEvent(events: EventBridgeClient, entry: PutEventsRequestEntry): Promise<string> {
  const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
  const { Entries: [result] = [] } = await events.send(new PutEventsCommand({ Entries: [entry] }));
  if (result?.EventId !== undefined) return result.EventId;
  throw new CommandFailed(`event ${String(entry.Source)} ${String(entry.DetailType)}: ${result?.ErrorCode ?? 'refused'}: ${result?.ErrorMessage ?? 'no reason given'}`, {
    exitCode: EXIT.refused,
  });
}
