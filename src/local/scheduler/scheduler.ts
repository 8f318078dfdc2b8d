import { randomBytes } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { LocalDatabase } from '../database.ts';
import { openDueQueue } from '../due-queue.ts';
import { openDeliveries, type Deliver } from '../events/deliveries.ts';
import type { Delivery } from '../events/store.ts';
import { AwsError } from '../server/aws-json.ts';
import type { Timers } from '../timers.ts';
import { openScheduleStore, type Schedule, type ScheduleStore } from './store.ts';
import { toTargetInput } from './target-input.ts';
import { toCall } from './targets.ts';
import { takeRun, type Random } from './timing.ts';

export interface SchedulerOptions {
  readonly database: LocalDatabase;
  readonly region: string;
  readonly accountId: string;
  readonly timers: Timers;
  readonly log: Log;
  readonly deliver: Deliver;
  /** Spreads runs over flexible windows. */
  readonly random: Random;
}

export interface Scheduler {
  readonly store: ScheduleStore;
  readonly options: SchedulerOptions;
  /**
   * Changes schedules and groups on disk; resolves with the answer once they are there. A change that is refused by an AwsError must not have written anything.
   * @throws AwsError as the change does.
   */
  change<T>(update: (store: ScheduleStore) => T): Promise<T>;
  /** Waits for a schedule's next run as the store has it now. */
  arm(group: string, name: string): void;
  /** Starts to run what is due, and goes on with runs that were under way when the last runtime ended. */
  recover(): void;
  /** Runs under way, or waiting to be tried again. */
  readonly pending: number;
  close(): void;
}

/** Scheduler's own defaults: 24 hours, 185 retries. */
const MAX_ATTEMPTS = 185;
const MAX_AGE_SECONDS = 86_400;

const keyOf = (group: string, name: string): string => `${group}/${name}`;

/** A change within a commit that others share: what refuses it must not undo theirs. */
function openChange({ database }: SchedulerOptions, store: ScheduleStore): Scheduler['change'] {
  return async <T>(update: (store: ScheduleStore) => T): Promise<T> => {
    const outcome = await database.commit((): { readonly answer: T } | { readonly refused: AwsError } => {
      try {
        return { answer: update(store) };
      } catch (error) {
        if (error instanceof AwsError) return { refused: error };
        throw error;
      }
    });
    if ('refused' in outcome) throw outcome.refused;
    return outcome.answer;
  };
}

/** A schedule with DELETE goes when its last run is over, unless it was given new times meanwhile. */
function finishRun(store: ScheduleStore, id: number): void {
  const run = store.run(id);
  store.removeRun(id);
  if (run === undefined) return;
  const schedule = store.schedule(run.bus, run.rule);
  if (schedule !== undefined && schedule.next === undefined && schedule.input.ActionAfterCompletion === 'DELETE') store.removeSchedule(run.bus, run.rule);
}

function toDelivery(schedule: Schedule, scheduledAt: number, options: SchedulerOptions): Omit<Delivery, 'id' | 'attempts'> {
  const now = options.timers.now();
  const { Target, GroupName, Name } = schedule.input;
  const executionId = randomBytes(8).toString('hex');
  const { MaximumRetryAttempts = MAX_ATTEMPTS, MaximumEventAgeInSeconds = MAX_AGE_SECONDS } = Target.RetryPolicy ?? {};
  return {
    eventId: executionId,
    bus: GroupName,
    rule: Name,
    ...toCall(Target, toTargetInput(schedule, scheduledAt, executionId, options)),
    dueAt: now,
    maxAttempts: MaximumRetryAttempts,
    expiresAt: now + MaximumEventAgeInSeconds * 1000,
  };
}

/** What is due of a schedule becomes a run on disk in the commit that moves the schedule on: it is lost at no point, and may be repeated. */
function takeDue(store: ScheduleStore, schedule: Schedule, options: SchedulerOptions): Delivery | undefined {
  const { next, input } = schedule;
  if (next === undefined || input.State === 'DISABLED' || next.dueAt > options.timers.now()) return undefined;
  const { takesPlace, next: following } = takeRun(input, next, options.timers.now(), options.random);
  if (!takesPlace) options.log('warn', 'a schedule left out a time that it missed', { schedule: schedule.arn, scheduledAt: next.scheduledAt });
  if (!takesPlace && following === undefined && input.ActionAfterCompletion === 'DELETE') store.removeSchedule(input.GroupName, input.Name);
  else store.putSchedule({ ...schedule, next: following });
  return takesPlace ? store.addRun(toDelivery(schedule, next.scheduledAt, options)) : undefined;
}

/** Opens the schedules of a database; nothing runs before `recover`. */
export function openScheduler(options: SchedulerOptions): Scheduler {
  const { database, timers, log, deliver, region, accountId } = options;
  const store = openScheduleStore(database);
  const change = openChange(options, store);
  let running = false;
  if (store.group('default') === undefined) {
    const now = timers.now();
    store.putGroup({ name: 'default', arn: `arn:aws:scheduler:${region}:${accountId}:schedule-group/default`, createdAt: now, modifiedAt: now, tags: {} });
  }

  const deliveries = openDeliveries({ database, store: { postpone: store.postpone, removeDelivery: (id) => finishRun(store, id) }, timers, log, deliver });
  const due = openDueQueue<string>(timers, (key) => {
    fire(key).catch((error: unknown) => log('error', 'a schedule could not run', { schedule: key, error: String(error) }));
  });
  const wait = ({ input, next }: Schedule): void => {
    const key = keyOf(input.GroupName, input.Name);
    if (next === undefined || input.State === 'DISABLED') due.delete(key);
    else due.set(key, next.dueAt);
  };
  const arm = (group: string, name: string): void => {
    const schedule = store.schedule(group, name);
    if (!running) return;
    if (schedule === undefined) due.delete(keyOf(group, name));
    else wait(schedule);
  };
  const fire = async (key: string): Promise<void> => {
    const [group = '', name = ''] = key.split('/');
    if (!running) return;
    const run = await change(() => {
      const schedule = store.schedule(group, name);
      return schedule === undefined ? undefined : takeDue(store, schedule, options);
    });
    if (run !== undefined) deliveries.add([run]);
    if (database.connection.open) arm(group, name);
  };

  return {
    store,
    options,
    change,
    arm,
    recover: () => {
      running = true;
      deliveries.add(store.runs());
      for (const schedule of store.schedules()) wait(schedule);
    },
    get pending() {
      return deliveries.pending;
    },
    close: () => {
      running = false;
      due.close();
      deliveries.close();
    },
  };
}
