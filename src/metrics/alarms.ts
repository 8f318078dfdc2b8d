import { DescribeAlarmsCommand, type CloudWatchClient, type CompositeAlarm, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
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

const toState = ({ AlarmName: name = '', StateValue: state = 'INSUFFICIENT_DATA', StateTransitionedTimestamp, StateUpdatedTimestamp, StateReason: reason = '' }: MetricAlarm | CompositeAlarm): AlarmState => ({
  name,
  state,
  since: (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime() ?? 0,
  reason,
});

/** CloudWatch itself: it knows without being told. */
export const openCloudWatchAlarms = (client: CloudWatchClient): AlarmBoard => ({
  read: async (names) => {
    const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
      new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 }),
    );
    return [...MetricAlarms, ...CompositeAlarms].map(toState);
  },
  note: () => Promise.resolve(),
});
