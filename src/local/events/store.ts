import type { LocalDatabase } from '../database.ts';
import type { Rule, Target } from './types.ts';

/** An event on its way to one target. */
export interface Delivery {
  readonly id: number;
  readonly eventId: string;
  readonly bus: string;
  readonly rule: string;
  readonly arn: string;
  /** JSON text for the target. */
  readonly input: string;
  readonly attempts: number;
  readonly dueAt: number;
  readonly maxAttempts: number;
  readonly expiresAt: number;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS event_buses (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS event_rules (bus TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (bus, name));
CREATE TABLE IF NOT EXISTS event_targets (bus TEXT, rule TEXT, id TEXT, value TEXT NOT NULL, PRIMARY KEY (bus, rule, id));
CREATE TABLE IF NOT EXISTS event_deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT, bus TEXT, rule TEXT, arn TEXT, input TEXT,
  attempts INTEGER, due_at INTEGER, max_attempts INTEGER, expires_at INTEGER)`;

const DELIVERY = `id, event_id AS eventId, bus, rule, arn, input, attempts, due_at AS dueAt, max_attempts AS maxAttempts, expires_at AS expiresAt`;

/** Buses, rules, targets and the queue of deliveries, on disk. Writers are called within `database.commit`. */
export function openEventStore({ connection }: LocalDatabase) {
  for (const statement of SCHEMA.split(';')) connection.exec(statement);
  const insert = connection.prepare(
    'INSERT INTO event_deliveries (event_id, bus, rule, arn, input, attempts, due_at, max_attempts, expires_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)',
  );
  const values = <T>(sql: string, ...parameters: unknown[]): T[] => (connection.prepare(sql).all(...parameters) as { value: string }[]).map(({ value }) => JSON.parse(value) as T);
  const run = (sql: string, ...parameters: unknown[]): void => void connection.prepare(sql).run(...parameters);
  return {
    buses: (): string[] => (connection.prepare('SELECT name FROM event_buses ORDER BY name').all() as { name: string }[]).map(({ name }) => name),
    addBus: (name: string) => run('INSERT OR IGNORE INTO event_buses VALUES (?)', name),
    removeBus: (name: string) => run('DELETE FROM event_buses WHERE name = ?', name),
    rules: () => values<Rule>('SELECT value FROM event_rules ORDER BY bus, name'),
    putRule: (rule: Rule) => run('INSERT OR REPLACE INTO event_rules VALUES (?, ?, ?)', rule.bus, rule.name, JSON.stringify(rule)),
    removeRule: (bus: string, name: string) => run('DELETE FROM event_rules WHERE bus = ? AND name = ?', bus, name),
    targets: (bus: string, rule: string) => values<Target>('SELECT value FROM event_targets WHERE bus = ? AND rule = ? ORDER BY id', bus, rule),
    putTarget: (bus: string, rule: string, target: Target) => run('INSERT OR REPLACE INTO event_targets VALUES (?, ?, ?, ?)', bus, rule, target.Id, JSON.stringify(target)),
    removeTarget: (bus: string, rule: string, id: string) => run('DELETE FROM event_targets WHERE bus = ? AND rule = ? AND id = ?', bus, rule, id),
    addDelivery: (delivery: Omit<Delivery, 'id' | 'attempts'>): Delivery => {
      const { eventId, bus, rule, arn, input, dueAt, maxAttempts, expiresAt } = delivery;
      const { lastInsertRowid } = insert.run(eventId, bus, rule, arn, input, dueAt, maxAttempts, expiresAt);
      return { ...delivery, id: Number(lastInsertRowid), attempts: 0 };
    },
    postpone: (id: number, attempts: number, dueAt: number) => run('UPDATE event_deliveries SET attempts = ?, due_at = ? WHERE id = ?', attempts, dueAt, id),
    removeDelivery: (id: number) => run('DELETE FROM event_deliveries WHERE id = ?', id),
    deliveries: () => connection.prepare(`SELECT ${DELIVERY} FROM event_deliveries ORDER BY id`).all() as Delivery[],
  };
}

export type EventStore = ReturnType<typeof openEventStore>;
