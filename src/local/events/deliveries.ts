import type { Log } from '../../contracts/log.ts';
import type { LocalDatabase } from '../database.ts';
import { openDueQueue } from '../due-queue.ts';
import type { Timers } from '../timers.ts';
import type { Delivery, EventStore } from './store.ts';

/** Hands a JSON text to a target; `once` is the same for each attempt of one delivery, which count from 1. Rejecting means: try again later. */
export type Deliver = (arn: string, input: string, once: string, attempt: number) => Promise<void>;

export interface DeliveriesOptions {
  readonly database: LocalDatabase;
  readonly store: Pick<EventStore, 'postpone' | 'removeDelivery'>;
  readonly timers: Timers;
  readonly log: Log;
  readonly deliver: Deliver;
}

/** The queue of deliveries: each is tried until its target took it, and stays on disk until then. */
export interface Deliveries {
  /** Takes deliveries that are on disk already. */
  add(deliveries: readonly Delivery[]): void;
  readonly pending: number;
  close(): void;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 300_000;

export function openDeliveries({ database, store, timers, log, deliver }: DeliveriesOptions): Deliveries {
  const waiting = new Map<number, Delivery>();
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
  const queue = openDueQueue<number>(timers, (id) => {
    attempt(id).catch((error: unknown) => log('error', 'a delivery could not be recorded', { delivery: id, error: String(error) }));
  });

  const enqueue = (delivery: Delivery): void => {
    waiting.set(delivery.id, delivery);
    queue.set(delivery.id, delivery.dueAt);
  };
  const finish = async (id: number): Promise<void> => {
    await database.commit(() => store.removeDelivery(id));
    waiting.delete(id);
  };
  const retry = async (delivery: Delivery, error: unknown): Promise<void> => {
    const attempts = delivery.attempts + 1;
    const dueAt = timers.now() + Math.min(FIRST_DELAY_MS * 2 ** delivery.attempts, LONGEST_DELAY_MS);
    const fields = { rule: delivery.rule, target: delivery.arn, event: delivery.eventId, attempts, error: String(error) };
    // The first attempt is not a retry.
    if (attempts > delivery.maxAttempts || dueAt > delivery.expiresAt) {
      log('error', 'an event could not be delivered', fields);
      return finish(delivery.id);
    }
    log('warn', 'an event will be delivered again', fields);
    await database.commit(() => store.postpone(delivery.id, attempts, dueAt));
    enqueue({ ...delivery, attempts, dueAt });
  };
  const attempt = async (id: number): Promise<void> => {
    const delivery = waiting.get(id);
    if (delivery === undefined || isClosed()) return;
    const failure = await deliver(delivery.arn, delivery.input, `${delivery.eventId}_${id}`, delivery.attempts + 1).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    // After a close, the delivery is left on disk for the next start.
    if (isClosed()) return;
    await (failure === undefined ? finish(id) : retry(delivery, failure.error));
  };

  return {
    add: (deliveries) => deliveries.forEach(enqueue),
    get pending() {
      return waiting.size;
    },
    close: () => {
      closing.abort();
      queue.close();
    },
  };
}
