import { randomUUID } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { LocalDatabase } from '../database.ts';
import type { Timers } from '../timers.ts';
import { openDeliveries, type Deliver } from './deliveries.ts';
import { compilePattern, type Matcher } from './pattern.ts';
import { openEventStore, type Delivery, type EventStore } from './store.ts';
import { toTargetInput } from './target-input.ts';
import type { BusEvent, Rule, Target } from './types.ts';

export interface EventBusOptions {
  readonly database: LocalDatabase;
  readonly region: string;
  readonly accountId: string;
  readonly timers: Timers;
  readonly log: Log;
  readonly deliver: Deliver;
}

export interface NewEvent {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
  /** Epoch milliseconds. */
  readonly time?: number;
}

export interface EventBus {
  readonly store: EventStore;
  /** Accepts events: when this resolves with their ids, each is on disk for every target it matched, and will be delivered at least once. */
  accept(events: readonly NewEvent[]): Promise<string[]>;
  /** Queues JSON for one target, as an asynchronous invocation does: when this resolves it is on disk, and it is tried `retries` times more. */
  queue(arn: string, input: string, retries: number): Promise<void>;
  /** Changes buses, rules or targets on disk, and the routing with them. */
  change<T>(update: (store: EventStore) => T): Promise<T>;
  /** Goes on with what was accepted before a crash. */
  recover(): void;
  /** Deliveries under way or waiting. */
  readonly pending: number;
  close(): void;
}

/** EventBridge's own limits: 24 hours, 185 attempts. */
const MAX_ATTEMPTS = 185;
const MAX_AGE_SECONDS = 86_400;

interface Route {
  readonly rule: Rule;
  readonly matches: Matcher;
  readonly targets: readonly Target[];
}

const toSeconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

function loadRoutes(store: EventStore): Route[] {
  return store
    .rules()
    .filter(({ state }) => state === 'ENABLED')
    .map((rule) => ({ rule, matches: compilePattern(JSON.parse(rule.eventPattern)), targets: store.targets(rule.bus, rule.name) }));
}

export function openEventBus({ database, region, accountId, timers, log, deliver }: EventBusOptions): EventBus {
  const store = openEventStore(database);
  store.addBus('default');
  let routes = loadRoutes(store);
  const deliveries = openDeliveries({ database, store, timers, log, deliver });

  const toEvent = ({ source, detailType, detail, resources = [], time }: NewEvent): BusEvent => ({
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: accountId,
    time: toSeconds(time ?? timers.now()),
    region,
    resources,
    detail,
  });
  const toDeliveries = (event: BusEvent, bus: string, now: number): Omit<Delivery, 'id' | 'attempts'>[] =>
    routes
      .filter(({ rule, matches }) => rule.bus === bus && matches(event))
      .flatMap(({ rule, targets }) =>
        targets.map((target) => ({
          eventId: event.id,
          bus,
          rule: rule.name,
          arn: target.Arn,
          input: toTargetInput(event, target, rule, now),
          dueAt: now,
          maxAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? MAX_ATTEMPTS,
          expiresAt: now + (target.RetryPolicy?.MaximumEventAgeInSeconds ?? MAX_AGE_SECONDS) * 1000,
        })),
      );

  return {
    store,
    accept: async (events) => {
      const now = timers.now();
      const made = events.map((event) => ({ event: toEvent(event), bus: event.bus }));
      deliveries.add(await database.commit(() => made.flatMap(({ event, bus }) => toDeliveries(event, bus, now)).map((delivery) => store.addDelivery(delivery))));
      return made.map(({ event }) => event.id);
    },
    queue: async (arn, input, retries) => {
      const now = timers.now();
      const delivery = { eventId: randomUUID(), bus: '', rule: '', arn, input, dueAt: now, maxAttempts: retries, expiresAt: now + MAX_AGE_SECONDS * 1000 };
      deliveries.add([await database.commit(() => store.addDelivery(delivery))]);
    },
    change: async (update) => {
      const answer = await database.commit(() => update(store));
      routes = loadRoutes(store);
      return answer;
    },
    recover: () => deliveries.add(store.deliveries()),
    get pending() {
      return deliveries.pending;
    },
    close: () => deliveries.close(),
  };
}
