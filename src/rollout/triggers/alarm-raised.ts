import type { AlarmChange } from '../../contracts/events.ts';
import type { AlarmState } from '../../metrics/alarms.ts';
import { toRaised } from '../raise/alarms.ts';
import { endBakeUnderWay } from '../bake/bakes.ts';
import { listHolders } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { findRecord, updateRecord, type RolloutRecord } from '../record/records.ts';

/** An event's own time is in whole seconds, so the alarm may have changed up to its end. */
const SECOND_MS = 999;

const toState = ({ time, detail: { alarmName, state } }: AlarmChange): AlarmState => {
  const at = Date.parse(state.timestamp ?? '');
  return { name: alarmName, state: state.value, since: Number.isNaN(at) ? Date.parse(time) + SECOND_MS : at, reason: state.reason };
};

/** What an alarm's change did to a rollout: `rollBack`, `ask` (its wait for the alarm ended), or nothing. */
type Effect = 'rollBack' | 'ask' | 'none';

const CAN_ROLL_BACK: ReadonlySet<RolloutRecord['phase']> = new Set(['Pending', 'Progressing', 'Paused', 'Promoting']);

/** Written down first and sent to the bake then: a bake that opens later, a shift and the judge all see it. */
async function raise(ports: Ports, { id, startedAt }: RolloutRecord, alarm: AlarmState): Promise<Effect> {
  // From before it began: not its doing.
  if (alarm.since < startedAt) return 'none';
  const raised = toRaised(alarm);
  const record = await updateRecord(ports.store, id, (current) => {
    if (!CAN_ROLL_BACK.has(current.phase) || current.finishing || current.alarm !== null) return undefined;
    return { record: { ...current, alarm: raised }, history: [{ at: ports.clock(), who: `alarm ${alarm.name}`, kind: 'alarm', reason: raised.reason }] };
  });
  if (record.alarm === null || !CAN_ROLL_BACK.has(record.phase)) return 'none';
  await endBakeUnderWay(ports, id, { kind: 'fail', error: 'AlarmRaised', reason: record.alarm.reason });
  return 'rollBack';
}

async function lower(ports: Ports, { id, waiting }: RolloutRecord): Promise<Effect> {
  if (waiting?.for !== 'alarm') return 'none';
  await endBakeUnderWay(ports, id, { kind: 'end', by: 'action' });
  return 'ask';
}

/**
 * Takes note of an alarm's change. One that goes to ALARM rolls back, at once, every rollout under way whose definition names it; one that leaves ALARM
 * ends the waits for it. Asked again it changes nothing.
 */
export async function noticeAlarm(ports: Ports, change: AlarmChange): Promise<{ rollouts: { id: string; effect: Effect }[] }> {
  const alarm = toState(change);
  await ports.alarms.note(alarm);
  const rollouts: { id: string; effect: Effect }[] = [];
  for (const id of await listHolders(ports.store)) {
    const record = await findRecord(ports.store, id);
    if (record?.settings.alarms?.names.includes(alarm.name) !== true) continue;
    rollouts.push({ id, effect: await (alarm.state === 'ALARM' ? raise : lower)(ports, record, alarm) });
  }
  return { rollouts };
}
