import * as z from 'zod/mini';
import type { RouteTarget } from '../../contracts/rollout.ts';
import { ConditionFailed } from '../../store/port.ts';
import { endBake } from '../bake/bakes.ts';
import { readDefinition } from '../record/definitions.ts';
import { queueKey, queuePartition, rolloutKey } from '../record/keys.ts';
import { findHolder } from '../record/lock.ts';
import type { Ports } from '../ports.ts';

/** The event of the handler `queue`: the rollout that waits for its route, when it was asked for (epoch ms), and the token that ends the wait. */
export const queueInput = z.strictObject({ id: z.string(), definition: z.string(), requestedAt: z.number(), token: z.string().check(z.minLength(1, 'must not be empty')) });

interface Queued {
  readonly id: string;
  /** Sealed. */
  readonly token: string;
}

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
  for (const { pk, sk, version, value } of await store.query(queuePartition(target))) {
    const woken = await endBake(stepFunctions, cipher, value as Queued, { kind: 'end', by: 'action' });
    // It may have queued again meanwhile, in its old place.
    await ignoringChange(store.write([{ kind: 'delete', pk, sk, if: { version } }]));
    if (woken) return;
  }
}

/** Puts a rollout in its route's queue until the route is given free; one that is free already ends the wait at once. */
export async function enqueue(ports: Engine, { id, definition, requestedAt, token }: z.infer<typeof queueInput>): Promise<void> {
  const { target } = await readDefinition(ports.store, definition);
  const value: Queued = { id, token: ports.cipher.seal(token, id) };
  // One that has begun, or was refused, waits no more: a call that comes late changes nothing.
  await ignoringChange(ports.store.write([{ kind: 'put', ...queueKey(target, requestedAt, id), value }, { kind: 'check', ...rolloutKey(id), if: 'absent' }]));
  if ((await findHolder(ports.store, target)) === undefined) await wakeNext(ports, target);
}
