import * as z from 'zod/mini';
import { rolloutRequest, type RouteTarget } from '../../contracts/rollout.ts';
import { ConditionFailed, type DocumentStore } from '../../store/port.ts';
import { endBake } from '../bake/bakes.ts';
import { readDefinition } from '../record/definitions.ts';
import { queueKey, queuePrefix, QUEUES, rolloutKey } from '../record/keys.ts';
import { findHolder } from '../record/lock.ts';
import { newRecord } from '../record/new-record.ts';
import type { RolloutRecord } from '../record/records.ts';
import type { Ports } from '../ports.ts';

/**
 * The event of the handler `queue`: the rollout that waits for its route, when it was asked for (epoch ms), the token that ends the wait, and, but for
 * executions that are older than this, its execution's ARN and input.
 */
export const queueInput = z.strictObject({
  id: z.string(),
  definition: z.string(),
  requestedAt: z.number(),
  token: z.string().check(z.minLength(1, 'must not be empty')),
  executionArn: z.optional(z.string()),
  request: z.optional(z.unknown()),
});

/** A rollout that waits for its route. */
export interface Queued {
  readonly id: string;
  /** Sealed. */
  readonly token: string;
  /** As it is shown while it waits; it is stored among the rollouts once it begins. */
  readonly record?: RolloutRecord | undefined;
}

/** One that can be shown, as it says what it was asked for. */
export type ShownQueued = Queued & { readonly record: RolloutRecord };

/** The rollouts that wait for their route, as far as they can be shown. */
export async function listQueued(store: DocumentStore): Promise<ShownQueued[]> {
  const queued = (await store.query(QUEUES)).map(({ value }) => value as Queued);
  return queued.filter((one): one is ShownQueued => one.record !== undefined);
}

export const findQueued = async (store: DocumentStore, id: string): Promise<ShownQueued | undefined> => (await listQueued(store)).find((one) => one.id === id);

const WAITS = 'waits for the end of the rollout that holds its route';

async function ignoringChange(write: Promise<void>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!(error instanceof ConditionFailed)) throw error;
  });
}

type Engine = Pick<Ports, 'store' | 'stepFunctions' | 'cipher'>;

/**
 * Ends the wait of the rollout that was asked for first, if any waits: it then tries for the route again, and queues again in its old place if it is beaten.
 * One whose wait is over otherwise is left out.
 */
export async function wakeNext({ store, stepFunctions, cipher }: Engine, target: RouteTarget): Promise<void> {
  for (const { pk, sk, version, value } of await store.query(QUEUES, { prefix: queuePrefix(target) })) {
    const woken = await endBake(stepFunctions, cipher, value as Queued, { kind: 'end', by: 'action' });
    // It may have queued again meanwhile, in its old place.
    await ignoringChange(store.write([{ kind: 'delete', pk, sk, if: { version } }]));
    if (woken) return;
  }
}

/** Puts a rollout in its route's queue until the route is given free; one that is free already ends the wait at once. */
export async function enqueue(ports: Engine, { id, definition, requestedAt, token, executionArn = '', request }: z.infer<typeof queueInput>): Promise<void> {
  const settings = await readDefinition(ports.store, definition);
  const { target } = settings;
  const asked = rolloutRequest.safeParse(request).data;
  const record = asked && { ...newRecord({ id, executionArn, requestedAt, request: asked }, settings, requestedAt), reason: WAITS };
  const value: Queued = { id, token: ports.cipher.seal(token, id), record };
  // One that has begun, or was refused, waits no more: a call that comes late changes nothing.
  await ignoringChange(ports.store.write([{ kind: 'put', ...queueKey(target, requestedAt, id), value }, { kind: 'check', ...rolloutKey(id), if: 'absent' }]));
  if ((await findHolder(ports.store, target)) === undefined) await wakeNext(ports, target);
}
