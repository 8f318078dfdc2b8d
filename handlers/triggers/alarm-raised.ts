import { alarmChange } from '../../src/contracts/events.ts';
import { noticeAlarm } from '../../src/rollout/alarm-raised.ts';
import { handle } from '../middleware/handle.ts';
import { portsOf } from '../middleware/ports.ts';

/** Rolls back what an alarm watches over when it goes to ALARM. */
export const handler = handle(alarmChange, async (change) => noticeAlarm(await portsOf(), change));
