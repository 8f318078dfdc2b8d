import type { RouteTarget } from '../../contracts/rollout.ts';
import type { Document, DocumentStore, Write } from '../../store/port.ts';
import { LockLost } from '../errors.ts';
import { LOCKS, lockKey } from './keys.ts';

interface Lock {
  /** Id of the rollout that holds the route, or null. */
  readonly holder: string | null;
  /** Rises with each taking, never falls: who holds a lower number has lost the lock. */
  readonly fence: number;
}

const read = async (store: DocumentStore, target: RouteTarget): Promise<{ document: Document | undefined; lock: Lock }> => {
  const document = await store.get(lockKey(target));
  return { document, lock: (document?.value as Lock | undefined) ?? { holder: null, fence: 0 } };
};

/** The id of the rollout that holds a route, or undefined. */
export const findHolder = async (store: DocumentStore, target: RouteTarget): Promise<string | undefined> => (await read(store, target)).lock.holder ?? undefined;

/** The ids of all rollouts that hold a route: those under way. */
export const listHolders = async (store: DocumentStore): Promise<string[]> => (await store.query(LOCKS)).flatMap(({ value }) => (value as Lock).holder ?? []);

/** A route's lock as it was read: who holds it, and the write that takes it if nobody did meanwhile. */
export interface LockAttempt {
  readonly holder: string | undefined;
  readonly fence: number;
  readonly take: Write;
}

/** Reads a route's lock, so that what is read after it and written with `take` is of one time. */
export async function prepareLock(store: DocumentStore, target: RouteTarget, id: string): Promise<LockAttempt> {
  const { document, lock } = await read(store, target);
  const fence = lock.fence + 1;
  return {
    holder: lock.holder ?? undefined,
    fence,
    take: { kind: 'put', ...lockKey(target), value: { holder: id, fence }, if: document === undefined ? 'absent' : { version: document.version } },
  };
}

/** @throws LockLost when another rollout holds the route, or this one's number is not the last. */
export async function assertHeld(store: DocumentStore, target: RouteTarget, id: string, fence: number): Promise<void> {
  const { lock } = await read(store, target);
  if (lock.holder !== id || lock.fence !== fence) throw new LockLost(`${id} no longer holds the route ${target.route} of ${target.mesh}; ${lock.holder ?? 'nobody'} does`);
}

/** The write that gives a route free, or nothing when the rollout does not hold it. */
export async function releaseLock(store: DocumentStore, target: RouteTarget, id: string): Promise<Write[]> {
  const { document, lock } = await read(store, target);
  if (document === undefined || lock.holder !== id) return [];
  return [{ kind: 'put', ...lockKey(target), value: { holder: null, fence: lock.fence }, if: { version: document.version } }];
}
