import type { MiddlewareObj } from '@middy/core';
import type { Log } from '../../src/contracts/log.ts';

interface Call {
  readonly context: { functionName?: string; awsRequestId?: string };
}

/** Says how each call went: function, request, time, and the error's name and message. Never the event, as it may hold a task token. */
export const logCalls = (log: Log, clock: () => number): MiddlewareObj<unknown, unknown> => {
  /** By call, as several may be under way. */
  const startedAt = new WeakMap<Call, number>();
  const fields = (call: Call) => ({
    function: call.context.functionName,
    request: call.context.awsRequestId,
    ms: clock() - (startedAt.get(call) ?? clock()),
  });
  return {
    before: (request) => {
      startedAt.set(request, clock());
    },
    after: (request) => {
      log('info', 'done', fields(request));
    },
    onError: (request) => {
      const { name, message } = request.error ?? new Error('no error given');
      log('error', 'failed', { ...fields(request), error: name, reason: message });
    },
  };
};
