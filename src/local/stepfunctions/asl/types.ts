import type { Json } from '../../json.ts';

/** The JSONata subset of Amazon States Language, as it stands after validation (validate.ts). */
export interface Machine {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  /** Seconds; on the outermost machine only. */
  readonly TimeoutSeconds?: number;
}

interface Common {
  readonly Comment?: string;
  readonly Output?: Json;
  readonly Assign?: Readonly<Record<string, Json>>;
  readonly Next?: string;
  readonly End?: boolean;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly Output?: Json;
  readonly Assign?: Readonly<Record<string, Json>>;
}

interface Recovering extends Common {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface PassState extends Common {
  readonly Type: 'Pass';
}
export interface SucceedState extends Common {
  readonly Type: 'Succeed';
}
export interface FailState extends Common {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
}
export interface WaitState extends Common {
  readonly Type: 'Wait';
  readonly Seconds?: number | string;
  readonly Timestamp?: string;
}
interface ChoiceRule {
  readonly Condition: string | boolean;
  readonly Next: string;
  readonly Output?: Json;
  readonly Assign?: Readonly<Record<string, Json>>;
}
export interface ChoiceState extends Common {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule[];
  readonly Default?: string;
}
export interface TaskState extends Recovering {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments?: Json;
  readonly TimeoutSeconds?: number | string;
  readonly HeartbeatSeconds?: number | string;
}
export interface ParallelState extends Recovering {
  readonly Type: 'Parallel';
  readonly Branches: readonly Machine[];
  readonly Arguments?: Json;
}
export interface MapState extends Recovering {
  readonly Type: 'Map';
  readonly Items?: Json;
  readonly ItemSelector?: Json;
  readonly ItemProcessor: Machine;
  readonly MaxConcurrency?: number | string;
}

export type State = PassState | SucceedState | FailState | WaitState | ChoiceState | TaskState | ParallelState | MapState;
export type RecoveringState = TaskState | ParallelState | MapState;
