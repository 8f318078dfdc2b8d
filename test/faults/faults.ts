import { InternalServerErrorException as MeshBroken, TooManyRequestsException as MeshBusy } from '@aws-sdk/client-app-mesh';
import { InternalServerError, ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import { AwsCallFailed } from '../../src/aws/call.ts';
import { AwsError } from '../../src/local/server/aws-json.ts';
import { httpAnswer, type Call, type Dependency } from './calls.ts';

/** Milliseconds of the virtual clock. */
export type Wait = (ms: number) => Promise<void>;

/** How one call goes wrong. `perform` is what it would do. */
export type Fault = <T>(call: Call, perform: () => Promise<T>, wait: Wait) => Promise<T>;

const named = (name: string, httpStatusCode?: number): Error => Object.assign(new Error(name), { name, ...(httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } }) });
const message = 'a fault that was made';
const busy = { message, $metadata: { httpStatusCode: 429 } };
const broken = { message, $metadata: { httpStatusCode: 500 } };

/** What a client says when its retries are used up, by what it calls. Those that use fetch get an answer instead of an error. */
const THROTTLED: Readonly<Record<Dependency, () => unknown>> = {
  mesh: () => new MeshBusy(busy),
  propagation: () => httpAnswer(429),
  telemetry: () => httpAnswer(429),
  store: () => new ProvisionedThroughputExceededException(busy),
  stepFunctions: () => named('ThrottlingException', 400),
  bus: () => named('ThrottlingException', 400),
  hooks: () => new AwsCallFailed('TooManyRequestsException', message, 429),
  workloads: () => httpAnswer(429),
  ecs: () => new AwsCallFailed('ThrottlingException', message, 400),
  cloudMap: () => new AwsCallFailed('RequestLimitExceeded', message, 400),
  alarms: () => named('ThrottlingException', 400),
  lambda: () => new AwsError('TooManyRequestsException', message, { status: 429 }),
};
const BROKEN: Readonly<Record<Dependency, () => unknown>> = {
  mesh: () => new MeshBroken(broken),
  propagation: () => httpAnswer(500),
  telemetry: () => httpAnswer(500),
  store: () => new InternalServerError(broken),
  stepFunctions: () => named('InternalFailure', 500),
  bus: () => named('InternalFailure', 500),
  hooks: () => new AwsCallFailed('ServiceException', message, 500),
  workloads: () => httpAnswer(500),
  ecs: () => new AwsCallFailed('ServerException', message, 500),
  cloudMap: () => new AwsCallFailed('InternalFailure', message, 500),
  alarms: () => named('InternalServiceFault', 500),
  lambda: () => new AwsError('ServiceException', message, { status: 500 }),
};

const byFetch: ReadonlySet<Dependency> = new Set(['propagation', 'telemetry', 'workloads', 'ecs', 'cloudMap']);

const timeout = ({ to }: Call): Error => {
  if (to === 'lambda') return new AwsError('SdkClientException', message);
  return byFetch.has(to) ? new DOMException('The operation was aborted due to timeout', 'TimeoutError') : named('TimeoutError');
};
const reset = ({ to }: Call): Error => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  if (to === 'lambda') return new AwsError('ServiceException', message, { status: 500 });
  return byFetch.has(to) ? new TypeError('fetch failed', { cause }) : cause;
};

/** After so long a caller gives a call up by itself; a store's client has no bound of its own, its function has. */
const PATIENCE_MS: Readonly<Record<Dependency, number>> = { mesh: 5000, propagation: 3000, telemetry: 3000, store: 60_000, stepFunctions: 5000, bus: 5000, hooks: 20_000, workloads: 10_000, ecs: 5000, cloudMap: 5000, alarms: 5000, lambda: 30_000 };
const SLOW_MS = 2500;
/** Longer than any function lives. */
const LATE_MS = 45_000;

/** An answer is handed over, an error thrown. */
function give(answer: unknown): never {
  if (answer instanceof Error) throw answer;
  return answer as never;
}

export const FAULTS = {
  throttled: (call) => Promise.resolve().then(() => give(THROTTLED[call.to]())),
  'timed out': async (call, _perform, wait) => {
    await wait(PATIENCE_MS[call.to]);
    throw timeout(call);
  },
  500: (call) => Promise.resolve().then(() => give(BROKEN[call.to]())),
  'applied, its answer lost': async (call, perform) => {
    await perform().catch(() => undefined);
    throw reset(call);
  },
  slow: async (_call, perform, wait) => {
    await wait(SLOW_MS);
    return perform();
  },
  'given up, and applied long after': async (call, perform, wait) => {
    // A function and a process are begun at once, and nobody hears how they end.
    const late = call.to === 'lambda' || call.to === 'workloads' ? perform() : wait(LATE_MS).then(perform);
    late.catch(() => undefined);
    await wait(PATIENCE_MS[call.to]);
    if (call.to === 'lambda') return give({ payload: { errorType: 'Sandbox.Timedout', errorMessage: message }, failed: true, requestId: '' });
    throw timeout(call);
  },
} as const satisfies Readonly<Record<string, Fault>>;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
