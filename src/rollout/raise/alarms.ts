import { PlanRefused } from '../../canary/errors.ts';
import type { Raise } from '../../canary/gate.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { RaisedAlarm, Waiting } from '../../contracts/rollout.ts';
import type { AlarmState } from '../../metrics/alarms.ts';
import { AlarmRaised } from '../errors.ts';
import { againAfter } from './again.ts';
import type { Ports } from '../ports.ts';
import type { RolloutRecord } from '../record/records.ts';

const isRaised = ({ state }: AlarmState): boolean => state === 'ALARM';
const tell = ({ name, since, reason }: AlarmState): string => `the alarm ${name} is in ALARM since ${new Date(since).toISOString()}${reason === '' ? '' : `: ${reason}`}`;

/** What a rollout keeps of an alarm that went off while it ran. */
export const toRaised = ({ name, since, reason }: AlarmState): RaisedAlarm => ({ name, at: since, reason: `the alarm ${name} went to ALARM${reason === '' ? '' : `: ${reason}`}` });

/**
 * Whether a rollout may begin, as its alarms stand.
 * @throws PlanRefused for an alarm that is not there, which would watch over nothing, and for one in ALARM where the definition refuses that
 */
export async function checkAlarms({ alarms: board }: Ports, { alarms }: CanaryDefinition): Promise<void> {
  if (alarms === undefined) return;
  const states = await board.read(alarms.names);
  const missing = alarms.names.find((name) => !states.some((alarm) => alarm.name === name));
  if (missing !== undefined) throw new PlanRefused(`alarms: ${missing}: must be an alarm of CloudWatch, and there is none of this name`);
  const raised = states.find(isRaised);
  if (raised !== undefined && alarms.alreadyRaised === 'refuse') throw new PlanRefused(`alarms: ${tell(raised)}; alreadyRaised is refuse`);
}

/**
 * What a rise waits for as the alarms stand: an alarm that was in ALARM before the rollout began is not its doing, and is waited for until it is over or
 * a person advances; so is CloudWatch, where it cannot be asked.
 * @throws AlarmRaised for one that went off since, should its event have been lost
 */
export async function findAlarmWait({ alarms: board, log }: Ports, record: RolloutRecord, raise: Raise, now: number): Promise<Waiting | undefined> {
  const { alarms } = record.settings;
  if (alarms === undefined) return undefined;
  let raised: AlarmState[];
  try {
    raised = (await board.read(alarms.names)).filter(isRaised);
  } catch (error) {
    log('warn', 'alarms not read', { id: record.id, error: String(error) });
    return againAfter(record, 'alarm', raise, `the alarms cannot be read: ${String(error)}`, now);
  }
  const own = raised.find(({ since }) => since >= record.startedAt);
  if (own !== undefined) throw new AlarmRaised(toRaised(own).reason);
  const [before] = raised;
  return before === undefined || alarms.alreadyRaised === 'ignore' || record.overridden ? undefined : againAfter(record, 'alarm', raise, `${tell(before)}, from before the rollout began`, now);
}
