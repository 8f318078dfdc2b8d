import middy from '@middy/core';
import type * as z from 'zod/mini';
import type { Log } from '../../src/contracts/log.ts';
import { parseInput } from '../../src/contracts/mistakes.ts';
import { logCalls } from './log-calls.ts';
import { nameErrors } from './name-errors.ts';

/** One JSON line a message, as CloudWatch and the local runtime read them. */
export const logLine: Log = (level, message, fields = {}) => {
  if (level !== 'debug') console.log(JSON.stringify({ level, message, ...fields }));
};

/** What Lambda calls: an event of any shape in, plain JSON out. */
export type Handler = (event: unknown, context: object) => Promise<unknown>;

/**
 * The stack that all handlers share: the event is parsed, one call is made, its answer returned; faults are named for Retry and Catch, and every call is logged.
 * @throws InvalidInput for an event that does not fit the schema; TransientFault for what is to be tried again; else what the call throws
 */
export function handle<T>(schema: z.ZodMiniType<T>, call: (event: T) => Promise<unknown>): Handler {
  const handler = middy<unknown, unknown>()
    // The last hook to see an error is the first one used: it is logged under its final name.
    .use(logCalls(logLine, Date.now))
    .use(nameErrors())
    .handler(async (event: unknown) => call(parseInput(schema, event, 'event')));
  return handler as unknown as Handler;
}
