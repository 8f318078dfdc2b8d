import type { Connection } from '../database.ts';
import type { ExecutionStatus, Frame } from './interpreter/frame.ts';
import type { HistoryEvent } from './interpreter/history.ts';

export interface StateMachineRow {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  /** Key of the definition's text: executions keep the one they started with. */
  readonly definition: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly revision: string;
  readonly tags: Record<string, string>;
  /** loggingConfiguration, tracingConfiguration: kept and shown, without effect here. */
  readonly settings: Record<string, unknown>;
}

export interface ExecutionRow {
  readonly id: number;
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly definition: string;
  readonly roleArn: string;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS sfn_definitions (hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sfn_state_machines (arn TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sfn_executions (
  id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, machineArn TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
  startedAt INTEGER NOT NULL, stoppedAt INTEGER, input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT,
  definition TEXT NOT NULL, roleArn TEXT NOT NULL, frame TEXT);
CREATE INDEX IF NOT EXISTS sfn_by_machine ON sfn_executions (machineArn, startedAt, id);
CREATE INDEX IF NOT EXISTS sfn_running ON sfn_executions (id) WHERE status = 'RUNNING';
CREATE TABLE IF NOT EXISTS sfn_history (
  execution INTEGER NOT NULL, id INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (execution, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sfn_status_changes (id INTEGER PRIMARY KEY, detail TEXT NOT NULL);
`;

const COLUMNS = 'id, arn, machineArn, name, status, startedAt, stoppedAt, input, output, error, cause, definition, roleArn';

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** The engine's tables. Reads are synchronous; writes run within the database's `commit`. */
export type Store = ReturnType<typeof openStore>;

export function openStore(db: Connection) {
  db.exec(SCHEMA);
  const statements = {
    definition: db.prepare('SELECT text FROM sfn_definitions WHERE hash = ?'),
    putDefinition: db.prepare('INSERT OR IGNORE INTO sfn_definitions (hash, text) VALUES (?, ?)'),
    machine: db.prepare('SELECT row FROM sfn_state_machines WHERE arn = ?'),
    machines: db.prepare('SELECT row FROM sfn_state_machines ORDER BY arn'),
    putMachine: db.prepare('INSERT OR REPLACE INTO sfn_state_machines (arn, row) VALUES (?, ?)'),
    deleteMachine: db.prepare('DELETE FROM sfn_state_machines WHERE arn = ?'),
    execution: db.prepare(`SELECT ${COLUMNS} FROM sfn_executions WHERE id = ?`),
    executionByArn: db.prepare(`SELECT ${COLUMNS} FROM sfn_executions WHERE arn = ?`),
    executions: db.prepare(`SELECT ${COLUMNS} FROM sfn_executions WHERE machineArn = ? AND (? IS NULL OR status = ?) ORDER BY startedAt DESC, id DESC LIMIT ? OFFSET ?`),
    running: db.prepare("SELECT id, frame FROM sfn_executions WHERE status = 'RUNNING'"),
    frame: db.prepare('SELECT frame FROM sfn_executions WHERE id = ?'),
    insert: db.prepare("INSERT INTO sfn_executions (arn, machineArn, name, status, startedAt, input, definition, roleArn, frame) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?)"),
    advance: db.prepare('UPDATE sfn_executions SET frame = ? WHERE id = ?'),
    end: db.prepare('UPDATE sfn_executions SET status = ?, stoppedAt = ?, output = ?, error = ?, cause = ?, frame = NULL WHERE id = ?'),
    addEvent: db.prepare('INSERT INTO sfn_history (execution, id, event) VALUES (?, ?, ?)'),
    forward: db.prepare('SELECT event FROM sfn_history WHERE execution = ? AND id > ? ORDER BY id LIMIT ?'),
    backward: db.prepare('SELECT event FROM sfn_history WHERE execution = ? AND id < ? ORDER BY id DESC LIMIT ?'),
    addChange: db.prepare('INSERT INTO sfn_status_changes (detail) VALUES (?)'),
    changes: db.prepare('SELECT id, detail FROM sfn_status_changes ORDER BY id'),
    deleteChanges: db.prepare('DELETE FROM sfn_status_changes WHERE id <= ?'),
    expireHistory: db.prepare("DELETE FROM sfn_history WHERE execution IN (SELECT id FROM sfn_executions WHERE status <> 'RUNNING' AND stoppedAt < ?)"),
    expire: db.prepare("DELETE FROM sfn_executions WHERE status <> 'RUNNING' AND stoppedAt < ?"),
  };
  const machineOf = (row: unknown): StateMachineRow | undefined => (row === undefined ? undefined : (JSON.parse((row as { row: string }).row) as StateMachineRow));

  return {
    definition: (hash: string): string | undefined => (statements.definition.get(hash) as { text: string } | undefined)?.text,
    putDefinition: (hash: string, text: string): void => void statements.putDefinition.run(hash, text),
    machine: (arn: string): StateMachineRow | undefined => machineOf(statements.machine.get(arn)),
    machines: (): StateMachineRow[] => statements.machines.all().map((row) => machineOf(row) as StateMachineRow),
    putMachine: (row: StateMachineRow): void => void statements.putMachine.run(row.arn, JSON.stringify(row)),
    deleteMachine: (arn: string): void => void statements.deleteMachine.run(arn),

    execution: (id: number): ExecutionRow | undefined => statements.execution.get(id) as ExecutionRow | undefined,
    executionByArn: (arn: string): ExecutionRow | undefined => statements.executionByArn.get(arn) as ExecutionRow | undefined,
    /** Most recent first. */
    executions: (machineArn: string, status: string | null, { limit, offset }: Page): ExecutionRow[] =>
      statements.executions.all(machineArn, status, status, limit, offset) as ExecutionRow[],
    running: (): { id: number; frame: Frame }[] =>
      (statements.running.all() as { id: number; frame: string }[]).map(({ id, frame }) => ({ id, frame: JSON.parse(frame) as Frame })),
    /** The continuation of a running execution. */
    frame: (id: number): Frame | undefined => {
      const row = statements.frame.get(id) as { frame: string | null } | undefined;
      return typeof row?.frame === 'string' ? (JSON.parse(row.frame) as Frame) : undefined;
    },
    /** Adds an execution and returns its id. */
    insert: (row: Pick<ExecutionRow, 'arn' | 'machineArn' | 'name' | 'startedAt' | 'input' | 'definition' | 'roleArn'>, frame: Frame): number =>
      Number(statements.insert.run(row.arn, row.machineArn, row.name, row.startedAt, row.input, row.definition, row.roleArn, JSON.stringify(frame)).lastInsertRowid),
    /** Stores what a step gave: the frame and its events. */
    advance: (id: number, frame: Frame, events: readonly HistoryEvent[], now: number): void => {
      for (const event of events) statements.addEvent.run(id, event.id, JSON.stringify(event));
      if (frame.status === 'RUNNING') statements.advance.run(JSON.stringify(frame), id);
      else statements.end.run(frame.status, now, frame.output === undefined ? null : JSON.stringify(frame.output), frame.error ?? null, frame.cause ?? null, id);
    },
    /** Events after (or, reversed, before) an event id. */
    history: (id: number, from: number, limit: number, reverse: boolean): HistoryEvent[] =>
      ((reverse ? statements.backward : statements.forward).all(id, from, limit) as { event: string }[]).map(({ event }) => JSON.parse(event) as HistoryEvent),

    /** Status changes that the event bus has not taken yet, stored with the step that made them. */
    addChange: (detail: object): void => void statements.addChange.run(JSON.stringify(detail)),
    changes: (): { id: number; detail: Record<string, unknown> }[] =>
      (statements.changes.all() as { id: number; detail: string }[]).map(({ id, detail }) => ({ id, detail: JSON.parse(detail) as Record<string, unknown> })),
    /** Those up to an id. */
    deleteChanges: (last: number): void => void statements.deleteChanges.run(last),
    /** Forgets executions that ended before a time. */
    expire: (before: number): void => {
      statements.expireHistory.run(before);
      statements.expire.run(before);
    },
  };
}
