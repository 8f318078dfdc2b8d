import { isRecord } from '../../contracts/is-record.ts';
import type { Log } from '../../contracts/log.ts';
import type { Deliver } from '../events/deliveries.ts';
import { parseJson } from '../json.ts';
import { AwsError } from '../server/aws-json.ts';
import type { ScheduleTarget } from './shapes.ts';
import { forAttempt } from './target-input.ts';

type Input = Readonly<Record<string, unknown>>;

/** The services on this machine that schedules reach. */
export interface TargetServices {
  /** Invokes a function asynchronously, by its name or ARN. @throws FunctionNotFound */
  readonly invokeLater: (functionName: string, payload: string) => Promise<void>;
  /** Starts an execution; starting it again by the same name is no error. */
  readonly startExecution: (stateMachineArn: string, input: string, name: string) => Promise<void>;
  /** Operations of Step Functions by name. */
  readonly stepFunctions: (operation: string, input: Input) => Promise<unknown>;
  readonly putEvents: (input: Input) => Promise<{ readonly FailedEntryCount: number }>;
}

/** A call that failed in a way that may pass. */
class TargetFailed extends Error {
  override readonly name = 'TargetFailed';
}

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);

/** Members' names with their first letter as a service's protocol has it: universal targets take either. */
const recase = (input: Input, change: (letter: string) => string): Input => Object.fromEntries(Object.entries(input).map(([key, value]) => [change(key.charAt(0)) + key.slice(1), value]));
const toLower = (letter: string): string => letter.toLowerCase();
const toUpper = (letter: string): string => letter.toUpperCase();
const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? {}));

const FUNCTION = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/;
const STATE_MACHINE = /^arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:[^:]+$/;
const EVENT_BUS = /^arn:aws:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]+$/;

type Call = (services: TargetServices, input: Input, once: string) => Promise<void>;

async function putEvents({ putEvents: put }: TargetServices, input: Input): Promise<void> {
  const { FailedEntryCount } = await put(recase(input, toUpper));
  if (FailedEntryCount > 0) throw invalid(`${FailedEntryCount} entries were refused`);
}

const stepFunctions =
  (operation: string): Call =>
  async (services, input) => {
    await services.stepFunctions(operation, recase(input, toLower));
  };

async function startExecution(services: TargetServices, input: Input, once: string): Promise<void> {
  const { stateMachineArn, input: text, name } = recase(input, toLower);
  if (typeof stateMachineArn !== 'string' || !STATE_MACHINE.test(stateMachineArn)) throw invalid('StateMachineArn: must be the ARN of a state machine');
  await services.startExecution(stateMachineArn, toText(text), typeof name === 'string' ? name : once);
}

async function invoke(services: TargetServices, input: Input): Promise<void> {
  const { FunctionName, Payload } = recase(input, toUpper);
  await services.invokeLater(String(FunctionName), toText(Payload));
}

/** Universal targets that are served here, `service:action`. */
const UNIVERSAL: Readonly<Record<string, Call>> = {
  'eventbridge:putEvents': putEvents,
  'lambda:invoke': invoke,
  'sfn:startExecution': startExecution,
  'sfn:sendTaskSuccess': stepFunctions('SendTaskSuccess'),
  'sfn:sendTaskFailure': stepFunctions('SendTaskFailure'),
  'sfn:sendTaskHeartbeat': stepFunctions('SendTaskHeartbeat'),
  'sfn:stopExecution': stepFunctions('StopExecution'),
};

const universalOf = (arn: string): Call | undefined => UNIVERSAL[(/^arn:aws:scheduler:::aws-sdk:(.+)$/.exec(arn)?.[1] ?? '').replace(/^states:/, 'sfn:')];

/** @throws AwsError ValidationException for a target that cannot be called here. */
export function checkTarget({ Arn, Input: input, EventBridgeParameters }: ScheduleTarget): void {
  const universal = universalOf(Arn);
  if (universal === undefined && !FUNCTION.test(Arn) && !STATE_MACHINE.test(Arn) && !EVENT_BUS.test(Arn)) {
    throw invalid(`Target.Arn: '${Arn}': must be a Lambda function, a state machine, an event bus, or arn:aws:scheduler:::aws-sdk: and one of ${Object.keys(UNIVERSAL).join(', ')}: the local runtime serves no other target`);
  }
  if (EVENT_BUS.test(Arn) !== (EventBridgeParameters !== undefined)) throw invalid('Target.EventBridgeParameters: must be given for an event bus, and for no other target');
  const value = input === undefined ? undefined : parseJson(input);
  if (input !== undefined && value === undefined) throw invalid('Target.Input: must be well-formed JSON');
  if ((universal !== undefined || EVENT_BUS.test(Arn)) && !isRecord(value) && !(universal === undefined && input === undefined)) throw invalid('Target.Input: must be a JSON object');
}

/** Where a run goes and with what: an event bus is reached by PutEvents. */
export function toCall({ Arn, EventBridgeParameters }: ScheduleTarget, input: string): { arn: string; input: string } {
  if (EventBridgeParameters === undefined) return { arn: Arn, input };
  const { DetailType, Source } = EventBridgeParameters;
  return { arn: 'arn:aws:scheduler:::aws-sdk:eventbridge:putEvents', input: JSON.stringify({ Entries: [{ EventBusName: Arn, DetailType, Source, Detail: input }] }) };
}

function call(services: TargetServices, arn: string, input: string, once: string): Promise<void> {
  if (FUNCTION.test(arn)) return services.invokeLater(arn, input);
  if (STATE_MACHINE.test(arn)) return services.startExecution(arn, input, once);
  const universal = universalOf(arn);
  const value = parseJson(input);
  if (universal === undefined || !isRecord(value)) return Promise.reject(invalid('the target cannot be called here'));
  return universal(services, value, once);
}

/** A service that refuses a call refuses it again; one that fails may not. */
const isFinal = (error: unknown): boolean => (error instanceof AwsError && error.status < 500 && error.status !== 429) || (error instanceof Error && error.name === 'ResourceNotFoundException');

/** Calls a schedule's target once. What the target refuses is logged by its code, without the input, and not tried again. */
export function openTargets(services: TargetServices, log: Log): Deliver {
  return async (arn, input, once, attempt) => {
    try {
      await call(services, arn, forAttempt(input, attempt), once);
    } catch (cause) {
      const code = cause instanceof AwsError ? cause.code : cause instanceof Error ? cause.name : 'Error';
      if (!isFinal(cause)) throw new TargetFailed(`${arn}: ${code}`, { cause });
      log('error', 'a target refused what a schedule asked of it', { target: arn, run: once, code });
    }
  };
}
