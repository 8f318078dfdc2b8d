import type { MiddlewareObj } from '@middy/core';
import { TransientFault } from '../../src/contracts/faults.ts';

/** Faults of the network, the SDK and the store that pass by themselves; the state machines retry them under one name. */
const TRANSIENT_NAMES = new Set([
  'AbortError',
  'ConditionFailed',
  'InternalServerError',
  'InternalServerErrorException',
  'LimitExceededException',
  'NetworkingError',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailableException',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionConflictException',
]);
/** Codes of the network and of libSQL; who wraps an error keeps them in its message at least. */
const TRANSIENT_CODES = /\b(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|SQLITE_BUSY|UND_ERR_SOCKET|socket hang up)\b/;

interface Fault {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly cause?: unknown;
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** By what it says of itself, not by its class: the SDK wraps what the network threw. */
function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name = '', message = '', code = '', cause, $retryable, $metadata } = error as Fault;
  if (TRANSIENT_NAMES.has(name) || TRANSIENT_CODES.test(`${code} ${message}`) || message === 'fetch failed') return true;
  return $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500 || isTransient(cause);
}

/** Gives every transient fault the name that the state machines retry; every other error keeps its own. */
export const nameErrors = (): MiddlewareObj<unknown, unknown> => ({
  onError: (request) => {
    const { error } = request;
    if (error !== null && error.name !== 'TransientFault' && isTransient(error)) request.error = new TransientFault(`${error.name}: ${error.message}`, { cause: error });
  },
});
