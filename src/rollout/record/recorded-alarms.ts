import type { AlarmBoard, AlarmState } from '../../metrics/alarms.ts';
import { ConditionFailed, type DocumentStore } from '../../store/port.ts';
import { alarmKey } from './keys.ts';

const UNHEARD: Omit<AlarmState, 'name'> = { state: 'INSUFFICIENT_DATA', since: 0, reason: 'nothing was heard of it yet' };
const ATTEMPTS = 10;

/** What events told of alarms, where there is no CloudWatch to ask; every alarm may be there, as none can be looked up. */
export const openRecordedAlarms = (store: DocumentStore): AlarmBoard => ({
  read: (names) => Promise.all(names.map(async (name) => ((await store.get(alarmKey(name)))?.value as AlarmState | undefined) ?? { name, ...UNHEARD })),
  note: async (alarm) => {
    for (let attempt = 1; ; attempt += 1) {
      const known = await store.get(alarmKey(alarm.name));
      // Events may come late, and in another order.
      if (known !== undefined && (known.value as AlarmState).since >= alarm.since) return;
      try {
        await store.write([{ kind: 'put', ...alarmKey(alarm.name), value: alarm, if: known === undefined ? 'absent' : { version: known.version } }]);
        return;
      } catch (error) {
        if (!(error instanceof ConditionFailed) || attempt === ATTEMPTS) throw error;
      }
    }
  },
});
