import type { DocumentStore } from '../../store/port.ts';
import { startingKey } from './keys.ts';
import type { RolloutRecord } from './records.ts';

/** An execution that has not begun its rollout by then is not told of any more. */
const TOLD_SECONDS = 60;

/** Notes a rollout whose execution was started, so that it can be shown until that begins it. */
export const noteStarting = (store: DocumentStore, record: RolloutRecord): Promise<void> =>
  store.write([{ kind: 'put', ...startingKey(record.id), value: record, expiresAt: Math.ceil(record.startedAt / 1000) + TOLD_SECONDS }]);

/** One whose execution was started a moment ago. */
export async function findStarting(store: DocumentStore, id: string, now: number): Promise<RolloutRecord | undefined> {
  const record = (await store.get(startingKey(id)))?.value as RolloutRecord | undefined;
  return record !== undefined && record.startedAt + TOLD_SECONDS * 1000 > now ? record : undefined;
}
