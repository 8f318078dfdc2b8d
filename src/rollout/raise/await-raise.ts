import { findWait, hasExpired, type Raise } from '../../canary/gate.ts';
import type { HistoryEntry, Waiting } from '../../contracts/rollout.ts';
import { weightsOf } from '../../canary/weights.ts';
import { readRoute } from '../../mesh/change-route.ts';
import { againAfter } from './again.ts';
import { findAlarmWait } from './alarms.ts';
import { AlarmRaised, ApprovalExpired, VerdictFailed } from '../errors.ts';
import { findLockstepWait, tellPassed } from '../group/lockstep.ts';
import { findUnseenChange } from './foreign-change.ts';
import { findFreeze } from './freeze.ts';
import { askHook } from './hooks.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { awaitedRaise, healingRaise, raiseOf, type RaiseTarget } from './raise-of.ts';

async function findHookWait(ports: Ports, record: RolloutRecord, raise: Raise, now: number): Promise<Waiting | undefined> {
  if (record.begun) return undefined;
  const verdict = await askHook(ports, record, 'before');
  if (verdict?.outcome === 'fail') throw new VerdictFailed(verdict.reason);
  if (verdict !== null && verdict.outcome !== 'pass') return againAfter(record, 'hook', raise, verdict.reason, now);
  await updateRecord(ports.store, record.id, (current) => ({
    record: { ...current, begun: true },
    history: verdict === null ? [] : [{ at: now, who: 'hook', kind: 'verdict pass', reason: verdict.reason }],
  }));
  return undefined;
}

async function findHalt(ports: Ports, record: RolloutRecord, to: RaiseTarget, now: number): Promise<Waiting | undefined> {
  const reason = await findUnseenChange(ports, record, to === 'promotion' ? 100 : (record.steps[to]?.weight ?? 0));
  return reason === undefined ? undefined : { for: 'person', raise: to === 'promotion' ? to : 'step', since: now, until: null, reason };
}

/** A promotion from 100 % raises nothing, unless someone else has lowered the weight since: that is put right when it may rise, and where the definition halts, when a person has seen it. */
async function awaitHealing(ports: Ports, record: RolloutRecord, to: RaiseTarget): Promise<number | undefined> {
  if (to !== 'promotion') return undefined;
  const now = ports.clock();
  const { spec } = await readRoute(ports.mesh, record.target);
  const isLowered = (weightsOf(spec)[record.canary] ?? 0) < (record.weights[record.canary] ?? 0);
  const circumstances = { now, approvals: [], freeze: await findFreeze(ports.store, now), waiting: record.waiting };
  const waiting = (isLowered ? findWait(circumstances, healingRaise(record)) : undefined) ?? (await findHalt(ports, record, to, now));
  return waiting === undefined ? undefined : noteWait(ports, record, waiting, now);
}

const hasOwnEnd = ({ for: kind }: Waiting): boolean => kind === 'window' || kind === 'approval';

/** Milliseconds of a wait that do not count against the deadline: those of one with an end of its own. */
const freeTime = (waiting: Waiting | null, now: number): number => (waiting !== null && hasOwnEnd(waiting) ? Math.max(0, now - waiting.since) : 0);

const LONGEST_SECONDS = 365 * 86_400;

/** What has no end of its own ends at the deadline at the latest. */
function secondsOf(waiting: Waiting, { deadline }: RolloutRecord, now: number): number {
  const { until } = waiting;
  const end = until === null ? deadline : hasOwnEnd(waiting) ? until : Math.min(until, deadline);
  return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil((end - now) / 1000)));
}

/** What nobody is called for: it is in the history. */
const QUIET: ReadonlySet<Waiting['for']> = new Set<Waiting['for']>(['person', 'lockstep']);

/** Writes down what a rise waits for, and tells of it when that is news. Answers for how long, seconds. */
async function noteWait(ports: Ports, { id }: RolloutRecord, waiting: Waiting, now: number): Promise<number> {
  const halted = waiting.for === 'person' && waiting.until === null;
  const before = await readRecord(ports.store, id);
  const isNews = before.waiting?.for !== waiting.for || before.waiting.raise !== waiting.raise;
  const record = await updateRecord(ports.store, id, (current) => {
    const history: HistoryEntry[] = isNews ? [{ at: now, who: 'meshshift', kind: halted ? 'halted' : 'waiting', reason: waiting.reason }] : [];
    const halt = halted ? { phase: 'Paused' as const, paused: true, foreign: waiting.reason } : {};
    const deadline = current.waiting?.for === waiting.for ? current.deadline : current.deadline + freeTime(current.waiting, now);
    return { record: { ...current, ...halt, deadline, waiting: halted ? null : waiting, reason: waiting.reason }, history };
  });
  if (halted || (isNews && !QUIET.has(waiting.for))) await ports.publish('Rollout Paused', toDetail(record, waiting.reason));
  return secondsOf(waiting, record, now);
}

/**
 * Whether the weight may rise to `to` now. Answers undefined when it may; else how long to hold the weight there is (seconds) before asking again,
 * with what it waits for in the record. Only rising is asked: roll-backs never wait.
 * @throws AlarmRaised, ApprovalExpired, VerdictFailed: the rollout is given up
 */
export async function awaitRaise(ports: Ports, record: RolloutRecord, to: RaiseTarget): Promise<number | undefined> {
  const raise = raiseOf(record, to);
  if (raise === undefined) return awaitHealing(ports, record, to);
  const now = ports.clock();
  if (record.alarm !== null) throw new AlarmRaised(record.alarm.reason);
  const asked = record.pendingAction?.action;
  // Judge takes it up in the bake that opens now, and is over at once.
  if (asked === 'abort' || asked === 'pause') return noteWait(ports, record, { for: 'person', raise: raise.kind, since: now, until: now + 1000, reason: `${asked} was asked for` }, now);
  await tellPassed(ports, record);
  const freeze = await findFreeze(ports.store, now);
  const waiting = findWait({ now, approvals: record.approvals, freeze, waiting: record.waiting }, raise);
  if (waiting?.for === 'approval' && hasExpired(waiting, now)) throw new ApprovalExpired(`${waiting.reason}, and too few did`);
  const found = waiting ?? (await findAlarmWait(ports, record, raise, now)) ?? (await findLockstepWait(ports, record, raise, now)) ?? (await findHookWait(ports, record, raise, now)) ?? (await findHalt(ports, record, to, now));
  return found === undefined ? undefined : noteWait(ports, record, found, now);
}

/** What a record becomes when its weight has risen: approvals that were needed are used up, and what it waited for with an end of its own does not count against the deadline. */
export function afterRaise(record: RolloutRecord, raise: Raise | undefined, now: number): Partial<RolloutRecord> {
  if (raise === undefined) return {};
  const { waiting, approvals, deadline } = record;
  const reason = waiting === null ? record.reason : '';
  return { waiting: null, reason, deadline: deadline + freeTime(waiting, now), approvals: raise.approval === undefined ? approvals : approvals.filter(({ at }) => at > now) };
}

/** Waits that someone else ends: a person, an alarm, or another rollout. */
const ENDED_BY_OTHERS: ReadonlySet<Waiting['for']> = new Set<Waiting['for']>(['approval', 'freeze', 'alarm', 'lockstep']);

/** Whether a wait that was written down is still on: what ends it may have come before its bake was opened. */
export async function isStillWaiting(ports: Ports, record: RolloutRecord): Promise<boolean> {
  const { waiting } = record;
  if (waiting === null || !ENDED_BY_OTHERS.has(waiting.for)) return true;
  const raise = awaitedRaise(record);
  if (raise === undefined) return false;
  const now = ports.clock();
  if (waiting.for === 'alarm') return (await findAlarmWait(ports, record, raise, now)) !== undefined;
  if (waiting.for === 'lockstep') return (await findLockstepWait(ports, record, raise, now)) !== undefined;
  const found = findWait({ now, approvals: record.approvals, freeze: await findFreeze(ports.store, now), waiting }, raise);
  return found?.for === waiting.for;
}
