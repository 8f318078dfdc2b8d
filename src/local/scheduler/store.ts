import type { LocalDatabase } from '../database.ts';
import type { Delivery } from '../events/store.ts';
import type { ScheduleInput } from './shapes.ts';
import type { Run } from './timing.ts';

export interface Schedule {
  readonly arn: string;
  readonly input: ScheduleInput;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** None when all runs are over. */
  readonly next?: Run | undefined;
}

export interface ScheduleGroup {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A request that was answered: asked again with its token, it is answered the same. */
export interface AnsweredRequest {
  /** A digest: the request may hold a task's token. */
  readonly request: string;
  readonly answer: Readonly<Record<string, unknown>>;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS schedule_groups (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schedules (grp TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (grp, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS schedule_requests (token TEXT PRIMARY KEY, value TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS schedule_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT, bus TEXT, rule TEXT, arn TEXT, input TEXT,
  attempts INTEGER, due_at INTEGER, max_attempts INTEGER, expires_at INTEGER)`;

const RUN = 'id, event_id AS eventId, bus, rule, arn, input, attempts, due_at AS dueAt, max_attempts AS maxAttempts, expires_at AS expiresAt';

interface Statement {
  run(...parameters: unknown[]): { readonly lastInsertRowid: number | bigint };
  all(...parameters: unknown[]): unknown[];
}

/** Schedules, their groups and the queue of runs under way, on disk. Writers are called within `database.commit`. */
export function openScheduleStore({ connection }: LocalDatabase) {
  for (const statement of SCHEMA.split(';')) connection.exec(statement);
  const statements = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    const statement = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const run = (sql: string, ...parameters: unknown[]): void => void prepare(sql).run(...parameters);
  const values = <T>(sql: string, ...parameters: unknown[]): T[] => (prepare(sql).all(...parameters) as { value: string }[]).map(({ value }) => JSON.parse(value) as T);

  return {
    group: (name: string) => values<ScheduleGroup>('SELECT value FROM schedule_groups WHERE name = ?', name)[0],
    groups: () => values<ScheduleGroup>('SELECT value FROM schedule_groups ORDER BY name'),
    putGroup: (group: ScheduleGroup) => run('INSERT OR REPLACE INTO schedule_groups VALUES (?, ?)', group.name, JSON.stringify(group)),
    removeGroup: (name: string) => {
      run('DELETE FROM schedules WHERE grp = ?', name);
      run('DELETE FROM schedule_groups WHERE name = ?', name);
    },

    schedule: (group: string, name: string) => values<Schedule>('SELECT value FROM schedules WHERE grp = ? AND name = ?', group, name)[0],
    schedules: () => values<Schedule>('SELECT value FROM schedules ORDER BY grp, name'),
    putSchedule: (schedule: Schedule) => run('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?)', schedule.input.GroupName, schedule.input.Name, JSON.stringify(schedule)),
    removeSchedule: (group: string, name: string) => run('DELETE FROM schedules WHERE grp = ? AND name = ?', group, name),

    answered: (token: string) => values<AnsweredRequest>('SELECT value FROM schedule_requests WHERE token = ?', token)[0],
    keepAnswer: (token: string, answered: AnsweredRequest, now: number) => run('INSERT OR REPLACE INTO schedule_requests VALUES (?, ?, ?)', token, JSON.stringify(answered), now),
    forgetAnswers: (before: number) => run('DELETE FROM schedule_requests WHERE at < ?', before),

    addRun: (delivery: Omit<Delivery, 'id' | 'attempts'>): Delivery => {
      const { eventId, bus, rule, arn, input, dueAt, maxAttempts, expiresAt } = delivery;
      const { lastInsertRowid } = prepare(
        'INSERT INTO schedule_runs (event_id, bus, rule, arn, input, attempts, due_at, max_attempts, expires_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)',
      ).run(eventId, bus, rule, arn, input, dueAt, maxAttempts, expiresAt);
      return { ...delivery, id: Number(lastInsertRowid), attempts: 0 };
    },
    runs: () => prepare(`SELECT ${RUN} FROM schedule_runs ORDER BY id`).all() as Delivery[],
    run: (id: number) => prepare(`SELECT ${RUN} FROM schedule_runs WHERE id = ?`).all(id)[0] as Delivery | undefined,
    postpone: (id: number, attempts: number, dueAt: number) => run('UPDATE schedule_runs SET attempts = ?, due_at = ? WHERE id = ?', attempts, dueAt, id),
    removeRun: (id: number) => run('DELETE FROM schedule_runs WHERE id = ?', id),
  };
}

export type ScheduleStore = ReturnType<typeof openScheduleStore>;
