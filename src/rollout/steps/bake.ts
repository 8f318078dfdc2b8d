import { openStep } from '../../canary/judge/state.ts';
import { FINAL_PHASES } from '../../contracts/rollout.ts';
import { nextTimeOf } from '../../contracts/schedule/schedule.ts';
import type { Document, DocumentStore, Write } from '../../store/port.ts';
import { isStillWaiting } from '../raise/await-raise.ts';
import { endBake, endingFor, toOpenBake, type OpenBake } from '../bake/bakes.ts';
import { LockLost } from '../errors.ts';
import { bakeKey } from '../record/keys.ts';
import { advanceJudge, countedOf } from '../bake/judge-record.ts';
import { assertHeld } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { toJudged, weightOf } from '../bake/situations.ts';

export interface Baking {
  readonly id: string;
  /** Counts the bakes of the rollout. */
  readonly bake: number;
  readonly seconds: number;
  readonly token: string;
}

const MINUTE_MS = 60_000;

/** When a bake is to end: with its time, or at the next time of the schedule that ends its step. */
function endOf({ promoted, paused, waiting, steps, step }: RolloutRecord, startedAt: number, seconds: number): number {
  const end = startedAt + seconds * 1000;
  const until = promoted || paused || waiting !== null ? undefined : steps[step]?.until;
  return until === undefined ? end : Math.min(end, nextTimeOf(until, startedAt) ?? end);
}

/** Functions run at least once, and a call that was given up may still be under way: whether a bake is over already. @throws LockLost */
function isOver({ id, decision, phase }: RolloutRecord, bake: number): boolean {
  if (phase === 'RollingBack' || FINAL_PHASES.has(phase)) throw new LockLost(`${id} is ${phase}: it bakes no more`);
  return (decision?.bake ?? -1) >= bake;
}

/** Writes a bake down, unless it is over, or another dispatch of it, whose token is the one that counts, was quicker. Answers the record of then. */
async function storeBake(store: DocumentStore, open: OpenBake, before: Document | undefined): Promise<RolloutRecord> {
  const put: Write = { kind: 'put', ...bakeKey(open.id), value: open, if: before === undefined ? 'absent' : { version: before.version } };
  return updateRecord(store, open.id, (record) => (isOver(record, open.bake) ? undefined : { record, writes: [put] }));
}

/** Without a control plane's watch beside it, what is polled would be judged at the bake's end only. A bake goes on without it, and says so. */
async function watchEachMinute({ bakeWatch, clock, log }: Ports, open: OpenBake): Promise<void> {
  const { id, bake, endsAt } = open;
  if (endsAt - clock() <= MINUTE_MS || countedOf(open).every(({ source }) => source === 'mesh')) return;
  await bakeWatch.begin({ id, bake, endsAt }).catch((error: unknown) => log('warn', 'the bake is not looked at each minute', { id, bake, error: String(error) }));
}

/**
 * Opens a bake: from here on the step's weight is measured, and whoever holds the token can end it. Actions and verdicts that came before the token
 * was stored end it at once: they are read again after it.
 * @throws LockLost when the rollout was rolled back meanwhile
 */
export async function openBake(ports: Ports, { id, bake, seconds, token }: Baking): Promise<void> {
  const { store, cipher, stepFunctions } = ports;
  const before = await store.get(bakeKey(id));
  const record = await readRecord(store, id);
  if (isOver(record, bake)) return;
  await assertHeld(store, record.target, id, record.fence);
  const startedAt = ports.clock();
  const open = toOpenBake(record, { bake, startedAt, endsAt: endOf(record, startedAt, seconds), token: cipher.seal(token, id) });
  const step = record.promoted ? record.steps.length : record.step;
  await advanceJudge(ports, toJudged(record), 'due', (state) => openStep(state, step, weightOf(record)));
  if (isOver(await storeBake(store, open, before), bake)) return;
  await watchEachMinute(ports, open);
  const { judgement } = await advanceJudge(ports, toJudged(record), 'due');
  const current = await readRecord(store, id);
  if (current.alarm !== null) {
    await endBake(stepFunctions, cipher, open, { kind: 'fail', error: 'AlarmRaised', reason: current.alarm.reason });
    return;
  }
  const acted = current.pendingAction !== null || !(await isStillWaiting(ports, current));
  const ending = acted ? { kind: 'end' as const, by: 'action' as const } : endingFor(open, judgement, ports.clock());
  if (ending !== undefined) await endBake(stepFunctions, cipher, open, ending);
}
