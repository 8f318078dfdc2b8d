// The inside of a Lambda worker thread: imports one handler on the first invocation and keeps it, as Lambda's sandbox does.
import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionError, WorkerAnswer, WorkerRequest, WorkerStart, WorkerWarmUp } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

const start = workerData as WorkerStart;

/** The context object of Lambda, as far as a Node handler reads it. */
function toContext({ requestId, deadline }: WorkerRequest): object {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: start.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: start.functionArn,
    memoryLimitInMB: String(start.memoryMiB),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${start.functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

async function importHandler(): Promise<Handler> {
  const module = (await import(start.module)) as Readonly<Record<string, unknown>>;
  const handler = module[start.exportName];
  if (typeof handler === 'function') return handler as Handler;
  const error = new Error(`${start.exportName} is undefined or not exported by ${start.module}`);
  error.name = 'Runtime.HandlerNotFound';
  throw error;
}

let imported: Promise<Handler> | undefined;

async function invoke(request: WorkerRequest): Promise<WorkerAnswer> {
  const { requestId } = request;
  try {
    const handler = await (imported ??= importHandler());
    const result: unknown = await handler(JSON.parse(request.payload), toContext(request));
    return { requestId, payload: result === undefined ? 'null' : JSON.stringify(result) };
  } catch (error) {
    return { requestId, error: toFunctionError(error) };
  }
}

parentPort?.on('message', (request: WorkerRequest | WorkerWarmUp) => {
  if ('warmUp' in request) {
    // What fails here fails again, and is told, with the first invocation.
    imported ??= importHandler();
    imported.catch(() => undefined);
    return;
  }
  void invoke(request).then((answer) => parentPort?.postMessage(answer));
});
