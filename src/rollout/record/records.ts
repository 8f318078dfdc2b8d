import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { RolloutEventType } from '../../contracts/events.ts';
import { FINAL_PHASES, type HistoryEntry, type Rollout } from '../../contracts/rollout.ts';
import type { KnownPhi } from '../../canary/judge/dispersion.ts';
import type { Split } from '../../canary/weights.ts';
import type { DocumentStore, Write } from '../../store/port.ts';
import { untilWritten } from '../../store/until-written.ts';
import { NotFound } from '../errors.ts';
import { HISTORY_PREFIX, historyKey, historyPartition, rolloutKey } from './keys.ts';

/** What Judge said of a bake: it says the same when it is asked again. */
export interface Decision {
  readonly bake: number;
  readonly action: 'advance' | 'hold' | 'promote' | 'finish' | 'rollBack';
  readonly step: number;
  readonly bakeSeconds: number;
  readonly error: string;
  readonly reason: string;
}

/** A rollout as it is stored: what the API shows but for the parts that others write, and what only the steps need. */
export interface RolloutRecord extends Omit<Rollout, 'measurements' | 'history' | 'bake' | 'judgement' | 'lockstep'> {
  /** The definition as it was at the start: editing it does not change a rollout under way. */
  readonly settings: CanaryDefinition;
  readonly split: Split;
  readonly hostname: string | null;
  /** The canary's spec where the definition gives one. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  readonly promotedBakeSeconds: number;
  /** When it was asked for (epoch ms): the newer of two rollouts replaces the other. */
  readonly requestedAt: number;
  readonly holds: number;
  readonly paused: boolean;
  readonly promoted: boolean;
  /** Held because the step's hook did not say yes: only time asks it again. */
  readonly hookHold: boolean;
  /** The hook before the first step said yes. */
  readonly begun: boolean;
  /** The foreign change that the rollout halted on: a person who resumes has seen it. */
  readonly foreign: string | null;
  /** A person advanced in spite of alarms that were raised before it began: they hold nothing any more. */
  readonly overridden: boolean;
  /** The canary serves alone and is being settled: nothing but `undo` takes that back. */
  readonly finishing: boolean;
  /** Percent that a gradual roll-back has come down to. */
  readonly loweredTo?: number;
  /** Since when the canary's workload is waited for, epoch ms. */
  readonly workloadSince?: number;
  /** How often taking away a version that is not needed any more has failed. */
  readonly removals?: number;
  /** The event of its end, until it was told and who waits for the route was woken. */
  readonly untold?: RolloutEventType | null;
  /** Since when it is rolled back (epoch ms): what of its group was under way then is rolled back with it. */
  readonly givenUpAt?: number;
  /** Why nobody of its group is rolled back with it: a newer version takes its place, or another of the group was rolled back before. */
  readonly yieldsTo?: 'successor' | 'group';
  /** Who undid it once it was finished. */
  readonly undone: { readonly who: string; readonly reason: string } | null;
  readonly decision: Decision | null;
  /** φ by metric; 1 where there is none. */
  readonly phis?: Readonly<Record<string, KnownPhi>>;
}

/** What an update makes of a record, what of it is told in the history, and what else is written with it. */
export interface RecordChange {
  readonly record: RolloutRecord;
  readonly history?: readonly HistoryEntry[];
  readonly writes?: readonly Write[];
}

/** @throws NotFound */
export async function readRecord(store: DocumentStore, id: string): Promise<RolloutRecord> {
  const record = await findRecord(store, id);
  if (record === undefined) throw new NotFound(`there is no rollout ${id}`);
  return record;
}

export async function findRecord(store: DocumentStore, id: string): Promise<RolloutRecord | undefined> {
  const document = await store.get(rolloutKey(id));
  return document === undefined ? undefined : toRecord(document.value);
}

/** What a record has that was written before there were these fields. */
const LATER_FIELDS = { approvals: [], waiting: null, spec: null, hookHold: false, begun: true, foreign: null, undone: null, alarm: null, overridden: false, finishing: false };

const LATER_NAMES = Object.keys(LATER_FIELDS);

/** A stored value as a record. */
export const toRecord = (value: unknown): RolloutRecord => {
  const record = value as RolloutRecord;
  return LATER_NAMES.every((name) => name in record) ? record : { ...LATER_FIELDS, ...record };
};

/** A rollout is kept for 400 days after its end, each line of its history from when it was written. */
const KEPT_SECONDS = 400 * 86_400;
export const expiryOf = (at: number): number => Math.ceil(at / 1000) + KEPT_SECONDS;

/** One that has ended, and whose end was told: nothing of the route depends on it any more. */
const expiry = ({ phase, endedAt, untold }: RolloutRecord): { expiresAt?: number } => (FINAL_PHASES.has(phase) && endedAt !== null && untold === null ? { expiresAt: expiryOf(endedAt) } : {});

const historyWrites = (id: string, version: number, entries: readonly HistoryEntry[]): Write[] =>
  entries.map((value, place) => ({ kind: 'put', ...historyKey(id, version, place), value, expiresAt: expiryOf(value.at) }));

/** The history of a rollout, in order. */
export const readHistory = async (store: DocumentStore, id: string): Promise<HistoryEntry[]> =>
  (await store.query(historyPartition(id), { prefix: HISTORY_PREFIX })).map(({ value }) => value as HistoryEntry);

/** The writes that begin a rollout: its record, which must not exist, and the first lines of its history. */
export const createRecord = (record: RolloutRecord, history: readonly HistoryEntry[]): Write[] => [
  { kind: 'put', ...rolloutKey(record.id), value: record, if: 'absent' },
  ...historyWrites(record.id, 0, history),
];

/**
 * Changes a record as one step: what `change` answers is written only if nobody else wrote meanwhile, else it is asked again.
 * `undefined` leaves everything as it is. Answers the record that is there afterwards.
 * @throws NotFound, and ConditionFailed when a condition of its other writes does not hold
 */
export async function updateRecord(store: DocumentStore, id: string, change: (record: RolloutRecord) => RecordChange | undefined): Promise<RolloutRecord> {
  const key = rolloutKey(id);
  const writeOnce = async (): Promise<RolloutRecord> => {
    const document = await store.get(key);
    if (document === undefined) throw new NotFound(`there is no rollout ${id}`);
    const current = toRecord(document.value);
    const changed = change(current);
    if (changed === undefined) return current;
    await store.write([
      { kind: 'put', ...key, value: changed.record, ...expiry(changed.record), if: { version: document.version } },
      ...historyWrites(id, document.version, changed.history ?? []),
      ...(changed.writes ?? []),
    ]);
    return changed.record;
  };
  // Several write the same record: steps, actions.
  return untilWritten(writeOnce, (failure) => failure.key.pk === key.pk && failure.key.sk === key.sk);
}
