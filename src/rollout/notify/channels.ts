import type { Channel } from '../../contracts/notifications.ts';
import { NotificationFailed } from '../errors.ts';
import { toLines, toSlack, toSubject, toTeams } from './formats.ts';
import type { Message } from './message.ts';
import type { Webhooks } from './webhooks.ts';

/** Publishes to an SNS topic, by name or ARN. */
export type PublishToTopic = (topic: string, subject: string, text: string, attributes: Readonly<Record<string, string>>) => Promise<void>;

export interface ChannelPorts {
  /** Webhooks' URLs by name: secrets, which are neither logged nor shown. */
  readonly webhooks: () => Promise<Webhooks>;
  readonly publishToTopic: PublishToTopic;
}

/** What a channel is called, in the record and in errors. */
export const nameOf = ({ slack, teams, sns }: Channel): string => (slack !== undefined ? `slack ${slack}` : teams !== undefined ? `teams ${teams}` : `sns ${sns ?? ''}`);

const TIMEOUT_MS = 5000;

/** What stopped a request, by its code: the message may hold the URL, which is a secret. */
function codeOf(error: unknown): string {
  const { name = 'Error', code, cause } = error as { name?: string; code?: unknown; cause?: { code?: unknown } };
  return [code, cause?.code, name].find((one) => typeof one === 'string') as string;
}

async function post(url: string, body: object, name: string): Promise<void> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), redirect: 'error' as const, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const status = await fetch(url, request).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok ? undefined : `HTTP ${response.status}`;
    },
    (error: unknown) => codeOf(error),
  );
  if (status !== undefined) throw new NotificationFailed(`${name}: ${status}`);
}

/** Sends a message by a channel. @throws NotificationFailed, which names the channel and never its URL */
export async function sendBy({ webhooks, publishToTopic }: ChannelPorts, channel: Channel, message: Message, attributes: Readonly<Record<string, string>>): Promise<void> {
  const name = nameOf(channel);
  if (channel.sns !== undefined) {
    await publishToTopic(channel.sns, toSubject(message), toLines(message).join('\n'), attributes).catch((cause: unknown) => {
      throw new NotificationFailed(`${name}: ${String(cause)}`, { cause });
    });
    return;
  }
  const url = (await webhooks())[channel.slack ?? channel.teams ?? ''];
  if (url === undefined) throw new NotificationFailed(`${name}: there is no webhook of this name in MESHSHIFT_WEBHOOKS`);
  await post(url, channel.slack === undefined ? toTeams(message) : toSlack(message), name);
}
