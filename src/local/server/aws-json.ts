import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../contracts/is-record.ts';
import { parseJson } from '../json.ts';
import { answerAsAws } from './answer.ts';

/** A service's error as its clients know it: `code` is the exception's name. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** Members of the exception beside its message. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(code: string, message: string, { status = 400, members = {}, ...options }: { status?: number; members?: Record<string, unknown> } & ErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** A service's operations by name: parsed input → output, both plain JSON. */
export type Operations = Readonly<Record<string, (input: Readonly<Record<string, unknown>>, request: IncomingMessage) => unknown>>;

export interface AwsJsonService {
  /** What comes before the dot of `X-Amz-Target`. */
  readonly targetPrefix: string;
  readonly version: '1.0' | '1.1';
  readonly operations: Operations;
}

/** The operation that a request's `X-Amz-Target` header names, if it is one of this service's. */
export function operationOf(request: IncomingMessage, { targetPrefix }: AwsJsonService): string | undefined {
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string' || !target.startsWith(`${targetPrefix}.`)) return undefined;
  return target.slice(targetPrefix.length + 1);
}

function parseInput(body: string): Record<string, unknown> {
  const input = body === '' ? {} : parseJson(body);
  if (!isRecord(input)) throw new AwsError('SerializationException', 'the request body must be a JSON object');
  return input;
}

/** Answers a request of the AWS JSON protocol. An unforeseen error is answered as InternalFailure, without its details, and handed to `onError`. */
export async function serveAwsJson(service: AwsJsonService, request: IncomingMessage, body: string, response: ServerResponse, onError: (error: unknown, operation: string) => void): Promise<void> {
  const name = operationOf(request, service) ?? '';
  const contentType = `application/x-amz-json-${service.version}`;
  try {
    const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
    if (operation === undefined) throw new AwsError('UnknownOperationException', `${service.targetPrefix}.${name} is not an operation that the local runtime serves`);
    answerAsAws(response, 200, contentType, (await operation(parseInput(body), request)) ?? {});
  } catch (error) {
    if (error instanceof AwsError) {
      answerAsAws(response, error.status, contentType, { __type: error.code, message: error.message, ...error.members }, error.code);
      return;
    }
    onError(error, name);
    answerAsAws(response, 500, contentType, { __type: 'InternalFailure', message: 'The request processing has failed because of an unknown error.' }, 'InternalFailure');
  }
}
