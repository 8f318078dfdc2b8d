import type { RolloutEvent } from '../../contracts/events.ts';
import type { Log } from '../../contracts/log.ts';
import { OCCASIONS, type Channel } from '../../contracts/notifications.ts';
import type { DocumentStore } from '../../store/port.ts';
import { NotificationFailed } from '../errors.ts';
import { findJudgeRecord } from '../bake/judge-record.ts';
import { notifiedKey } from '../record/keys.ts';
import { findRecord, type RolloutRecord } from '../record/records.ts';
import { awaitedRaise } from '../raise/raise-of.ts';
import { momentOf, type Links } from '../links/links.ts';
import { nameOf, sendBy, type ChannelPorts } from './channels.ts';
import { toMessage, type Message, type Told } from './message.ts';

export interface NotifyPorts extends ChannelPorts {
  readonly store: DocumentStore;
  readonly clock: () => number;
  readonly log: Log;
  /** Undefined where links are off. */
  readonly links?: Links | undefined;
}

/** Longer than any event is tried for. */
const REMEMBERED_SECONDS = 2 * 86_400;

/** Long enough for a weekend. */
const LINK_MS = 7 * 86_400_000;

/** Whoever has a link may give any name: of two people who must agree it would make one. */
const needsTwo = (record: RolloutRecord): boolean => (awaitedRaise(record)?.approval?.quorum ?? 1) > 1;

/** The links that a channel asks for. */
function linksFor({ links, clock }: NotifyPorts, channel: Channel, record: RolloutRecord | undefined): Told['linkTo'] {
  return (action) => {
    const asked = channel.links.find((one) => one === action);
    if (links === undefined || record === undefined || asked === undefined || (asked === 'approve' && needsTwo(record))) return undefined;
    return links.to({ id: record.id, action: asked, moment: momentOf(asked, record), expiresAt: clock() + LINK_MS });
  };
}

/** Sends once: an event that comes again, as others of its channels failed, is not told twice where it was told. */
async function sendOnce(ports: NotifyPorts, channel: Channel, message: Message, { id, 'detail-type': type, detail }: RolloutEvent): Promise<void> {
  const { store, clock } = ports;
  const key = notifiedKey(id, nameOf(channel));
  if ((await store.get(key)) !== undefined) return;
  await sendBy(ports, channel, message, { type, definition: detail.definition, phase: detail.phase });
  await store.write([{ kind: 'put', ...key, value: { at: clock() }, expiresAt: Math.ceil(clock() / 1000) + REMEMBERED_SECONDS }]);
}

/**
 * Tells an event of a rollout to the channels that its definition names for it.
 * @throws NotificationFailed when a channel could not be reached, once all were tried: whoever called tries again, and what failed for good is kept as a dead letter
 */
export async function notify(ports: NotifyPorts, event: RolloutEvent): Promise<{ told: string[] }> {
  const { 'detail-type': type, detail } = event;
  const record = await findRecord(ports.store, detail.id);
  const channels = (record?.settings.notifications ?? []).filter(({ on }) => on.some((occasion) => OCCASIONS[occasion] === type));
  if (channels.length === 0) return { told: [] };
  const measured = (await findJudgeRecord(ports.store, detail.id))?.state.steps.at(-1);
  const messageFor = (channel: Channel): Message => toMessage({ type, detail, record, measured, linkTo: linksFor(ports, channel, record) });
  const results = await Promise.allSettled(channels.map((channel) => sendOnce(ports, channel, messageFor(channel), event)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []));
  if (failures.length > 0) throw new NotificationFailed(failures.join('; '));
  return { told: channels.map(nameOf) };
}
