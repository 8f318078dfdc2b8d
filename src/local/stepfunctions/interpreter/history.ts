import type { HistoryEvent as SdkEvent } from '@aws-sdk/client-sfn';
import type { Json } from '../../json.ts';

/** A history event as the API answers it, but its time in epoch milliseconds. */
export type HistoryEvent = Omit<SdkEvent, 'timestamp' | 'id' | 'previousEventId' | 'type'> & {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: NonNullable<SdkEvent['type']>;
  readonly timestamp: number;
};

export type EventType = HistoryEvent['type'];
export type EventDetails = Omit<HistoryEvent, 'id' | 'previousEventId' | 'type' | 'timestamp'>;

const NOT_TRUNCATED = { truncated: false };

export const inputOf = (input: Json): { input: string; inputDetails: { truncated: boolean } } => ({ input: JSON.stringify(input), inputDetails: NOT_TRUNCATED });
export const outputOf = (output: Json): { output: string; outputDetails: { truncated: boolean } } => ({ output: JSON.stringify(output), outputDetails: NOT_TRUNCATED });

/** Error and cause where there are any: Step Functions leaves empty ones out of the history. */
export const errorOf = (error: string | undefined, cause: string | undefined): { error?: string; cause?: string } => ({
  ...(error === undefined || error === '' ? {} : { error }),
  ...(cause === undefined || cause === '' ? {} : { cause }),
});

/** `assignedVariables` of a state's exit: name → JSON text. */
export const assignedOf = (variables: Readonly<Record<string, Json>>): { assignedVariables?: Record<string, string>; assignedVariablesDetails?: { truncated: boolean } } =>
  Object.keys(variables).length === 0
    ? {}
    : { assignedVariables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, JSON.stringify(value)])), assignedVariablesDetails: NOT_TRUNCATED };

/** Names of the details that hold execution data, which `includeExecutionData: false` leaves out. */
const DATA = new Set(['input', 'output', 'parameters', 'assignedVariables', 'cause', 'error']);

/** An event without execution data. */
export function withoutData(event: HistoryEvent): HistoryEvent {
  const strip = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).filter(([name]) => !DATA.has(name))) : value;
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [name, strip(value)])) as unknown as HistoryEvent;
}
