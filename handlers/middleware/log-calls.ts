import type { MiddlewareObj } from '@middy/core';
import type { Log } from '../../src/contracts/log.ts';

/** Says how each call went: function, request, time, and the error's name and message. Never the event, as it may hold a task token. */
export const logCalls = (log: Log, clock: () => number): MiddlewareObj<unknown, unknown> => {
  let startedAt = 0;
  const fields = ({ context }: { context: { functionName?: string; awsRequestId?: string } }) => ({
    function: context.functionName,
    request: context.awsRequestId,
    ms: clock() - startedAt,
  });
  return {
    before: () => {
      startedAt = clock();
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
