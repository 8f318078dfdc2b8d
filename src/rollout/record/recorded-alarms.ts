import type { AlarmBoard, AlarmState } from '../../metrics/alarms.ts';
import type { DocumentStore } from '../../store/port.ts';
import { untilWritten } from '../../store/until-written.ts';
import { alarmKey } from './keys.ts';

const UNHEARD: Omit<AlarmState, 'name'> = { state: 'INSUFFICIENT_DATA', since: 0, reason: 'nothing was heard of it yet' };

/** What events told of alarms, where there is no CloudWatch to ask; every alarm may be there, as none can be looked up. */
export const openRecordedAlarms = (store: DocumentStore): AlarmBoard => ({
  read: (names) => Promise.all(names.map(async (name) => ((await store.get(alarmKey(name)))?.value as AlarmState | undefined) ?? { name, ...UNHEARD })),
  note: (alarm) =>
    untilWritten(async () => {
      const known = await store.get(alarmKey(alarm.name));
      // Events may come late, and in another order.
      if (known !== undefined && (known.value as AlarmState).since >= alarm.since) return;
      await store.write([{ kind: 'put', ...alarmKey(alarm.name), value: alarm, if: known === undefined ? 'absent' : { version: known.version } }]);
    }),
});
