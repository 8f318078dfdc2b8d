import { isRecord } from '../../../contracts/is-record.ts';
import { parseJson, type Json } from '../../json.ts';
import { AwsError } from '../../server/aws-json.ts';
import { describeExecution, startExecution } from '../api/executions.ts';
import type { Engine } from '../engine.ts';
import { CANCELLED, TaskFailure, type TaskCall, type TaskRunner, type TaskRunners } from './runner.ts';

/** What a Lambda function's invocation gave: its payload, or the error object Lambda makes of what it threw. */
export interface Invocation {
  readonly payload: Json;
  readonly failed: boolean;
  readonly requestId: string;
}

export interface Services {
  /** Invokes by name or ARN. @throws AwsError ResourceNotFoundException. */
  invoke(functionName: string, payload: Json, signal: AbortSignal): Promise<Invocation>;
  /** Puts events; answers as PutEvents does. */
  putEvents(entries: Json): Promise<{ readonly FailedEntryCount: number; readonly Entries: readonly Record<string, string>[] }>;
  /** The engine itself, for nested executions. */
  engine(): Engine;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function argumentsOf({ arguments: args }: TaskCall): Record<string, unknown> {
  if (!isRecord(args)) throw new TaskFailure('States.Runtime', 'The arguments of this integration must be an object.');
  return args;
}

async function invokeFunction(services: Services, call: TaskCall): Promise<Invocation> {
  const { FunctionName, Payload } = argumentsOf(call);
  if (typeof FunctionName !== 'string') throw new TaskFailure('States.Runtime', "The argument 'FunctionName' is missing.");
  try {
    const invocation = await services.invoke(FunctionName, (Payload ?? {}) as Json, call.signal);
    if (!invocation.failed) return invocation;
    const { payload } = invocation;
    throw new TaskFailure((isRecord(payload) ? text(payload['errorType']) : undefined) ?? 'Lambda.Unknown', JSON.stringify(payload));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new TaskFailure(`Lambda.${error.code}`, `${error.message} (Service: AWSLambda; Status Code: ${error.status}; Error Code: ${error.code})`, { cause: error });
  }
}

/** The result of the optimised integration: the payload and what the SDK tells about the call. */
const asInvokeResult = ({ payload, requestId }: Invocation): Json => ({
  ExecutedVersion: '$LATEST',
  Payload: payload,
  SdkHttpMetadata: { AllHttpHeaders: {}, HttpHeaders: {}, HttpStatusCode: 200 },
  SdkResponseMetadata: { RequestId: requestId },
  StatusCode: 200,
});

const putEvents =
  (services: Services): TaskRunner =>
  async (call) => {
    const { Entries } = argumentsOf(call);
    if (!Array.isArray(Entries)) throw new TaskFailure('States.Runtime', "The argument 'Entries' must be a list.");
    // Detail may be JSON here, where the API itself takes text only.
    const entries = Entries.map((entry: unknown): Json => {
      if (!isRecord(entry)) throw new TaskFailure('States.Runtime', "Each of 'Entries' must be an object.");
      const detail = entry['Detail'];
      return { ...(entry as Record<string, Json>), ...(detail === undefined || typeof detail === 'string' ? {} : { Detail: JSON.stringify(detail) }) };
    });
    const result = await services.putEvents(entries);
    if (result.FailedEntryCount > 0) throw new TaskFailure('EventBridge.FailedEntry', JSON.stringify(result));
    return result as unknown as Json;
  };

async function startChild(services: Services, call: TaskCall): Promise<{ readonly arn: string; readonly answer: Json }> {
  const { StateMachineArn, Name, Input } = argumentsOf(call);
  if (typeof StateMachineArn !== 'string') throw new TaskFailure('States.Runtime', "The argument 'StateMachineArn' is missing.");
  const engine = services.engine();
  // The nonce as name makes a second dispatch after a crash find the first one's execution.
  const name = text(Name) ?? call.nonce;
  const input = typeof Input === 'string' ? Input : JSON.stringify(Input ?? {});
  try {
    const { arn, startedAt } = await startExecution(engine, { stateMachineArn: StateMachineArn, name, input });
    return { arn, answer: { ExecutionArn: arn, StartDate: startedAt } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const arn = `${StateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const own = Name === undefined ? engine.store.executionByArn(arn) : undefined;
    if (error.code === 'ExecutionAlreadyExists' && own !== undefined) return { arn, answer: { ExecutionArn: arn, StartDate: own.startedAt } };
    throw new TaskFailure(`StepFunctions.${error.code}Exception`, `${error.message} (Service: AWSStepFunctions; Status Code: ${error.status}; Error Code: ${error.code})`, { cause: error });
  }
}

const capitalised = (value: Record<string, unknown>): Json => Object.fromEntries(Object.entries(value).map(([key, item]) => [key.charAt(0).toUpperCase() + key.slice(1), item as Json]));

/** As in Step Functions, an execution that is awaited ends with the one that awaits it. */
async function stopChild(services: Services, { signal }: TaskCall, arn: string, error: unknown): Promise<never> {
  const engine = services.engine();
  const row = signal.reason === CANCELLED ? engine.store.executionByArn(arn) : undefined;
  if (row !== undefined) await engine.signal(row.id, { kind: 'stop', error: undefined, cause: undefined });
  throw error;
}

/** `.sync:2`: the result is the ended execution, its output as JSON; one that did not succeed fails the task. */
const startAndAwait =
  (services: Services): TaskRunner =>
  async (call) => {
    const { arn, answer } = await startChild(services, call);
    call.submitted(answer);
    const row = await services.engine().ended(arn, call.signal).catch((error: unknown) => stopChild(services, call, arn, error));
    const described = capitalised({ ...describeExecution(row), output: row.output === null ? null : (parseJson(row.output) ?? null), input: parseJson(row.input) ?? null });
    if (row.status !== 'SUCCEEDED') throw new TaskFailure('States.TaskFailed', JSON.stringify(described));
    return described;
  };

/** The integrations that the engine runs, over the local services. */
export const openRunners = (services: Services): TaskRunners => ({
  'arn:aws:states:::lambda:invoke': async (call) => asInvokeResult(await invokeFunction(services, call)),
  function: async (call) => (await invokeFunction(services, call)).payload,
  'arn:aws:states:::events:putEvents': putEvents(services),
  'arn:aws:states:::states:startExecution': async (call) => (await startChild(services, call)).answer,
  'arn:aws:states:::states:startExecution.sync:2': startAndAwait(services),
});
