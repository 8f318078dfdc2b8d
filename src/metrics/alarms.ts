import type { CallAws } from '../aws/call.ts';
import type { ALARM_STATES } from '../contracts/events.ts';

/** How an alarm stands. */
export interface AlarmState {
  readonly name: string;
  readonly state: (typeof ALARM_STATES)[number];
  /** Since when, epoch ms. */
  readonly since: number;
  /** What the alarm says of it. */
  readonly reason: string;
}

/** Where it is known how alarms stand. */
export interface AlarmBoard {
  /** The alarms of these names, at most 100; one that is not there is left out. @throws Error when they cannot be read */
  read(names: readonly string[]): Promise<AlarmState[]>;
  /** Takes note of a change that an event told. */
  note(alarm: AlarmState): Promise<void>;
}

/** As CloudWatch answers them; times are epoch seconds. */
interface Alarm {
  readonly AlarmName?: string;
  readonly StateValue?: AlarmState['state'];
  readonly StateReason?: string;
  readonly StateTransitionedTimestamp?: number;
  readonly StateUpdatedTimestamp?: number;
}

const toState = ({ AlarmName: name = '', StateValue: state = 'INSUFFICIENT_DATA', StateTransitionedTimestamp, StateUpdatedTimestamp = 0, StateReason: reason = '' }: Alarm): AlarmState => ({
  name,
  state,
  since: Math.round((StateTransitionedTimestamp ?? StateUpdatedTimestamp) * 1000),
  reason,
});

/** CloudWatch itself: it knows without being told. */
export const openCloudWatchAlarms = (callAws: CallAws): AlarmBoard => ({
  read: async (names) => {
    const asked = { AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 };
    const { MetricAlarms = [], CompositeAlarms = [] } = (await callAws('monitoring', 'DescribeAlarms', asked)) as { MetricAlarms?: Alarm[]; CompositeAlarms?: Alarm[] };
    return [...MetricAlarms, ...CompositeAlarms].map(toState);
  },
  note: () => Promise.resolve(),
});
