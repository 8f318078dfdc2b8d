import { alarmChange } from '../../src/contracts/events.ts';
import { noticeAlarm } from '../../src/rollout/triggers/alarm-raised.ts';
import { alarms } from '../middleware/alarms.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';

const portsOf = openPorts(alarms, tokens);

/** Rolls back what an alarm watches over when it goes to ALARM. */
export const handler = handle(alarmChange, async (change) => noticeAlarm(await portsOf(), change));
