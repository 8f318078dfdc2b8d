import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../contracts/log.ts';
import { parseJson } from '../json.ts';
import { AwsError } from '../server/aws-json.ts';
import { FunctionNotFound, type LambdaHost } from './host.ts';

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Lambda's bound of an asynchronous payload; a synchronous one may have 6 MiB, which the server checks. */
const MAX_ASYNC_PAYLOAD_BYTES = 262_144;
/** Lambda tries an asynchronous invocation that failed twice more. */
const ASYNC_RETRIES = 2;

/** Whether a request is Lambda's Invoke: `POST /2015-03-31/functions/{name}/invocations`. */
export const isInvocation = (method: string, path: string): boolean => method === 'POST' && PATH.test(path);

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A function is named by name or ARN, with or without `:$LATEST`. */
function nameOf(request: IncomingMessage): string {
  const segment = PATH.exec((request.url ?? '').split('?')[0] ?? '')?.[1] ?? '';
  try {
    return decodeURIComponent(segment).replace(/:\$LATEST$/, '');
  } catch (cause) {
    throw new AwsError('InvalidParameterValueException', `the function name '${segment.slice(0, 100)}' is not valid percent-encoded UTF-8`, { cause });
  }
}

/** Keeps an asynchronous invocation on disk until it succeeded or was retried that often. */
export type InvokeLater = (functionName: string, payload: string, retries: number) => Promise<void>;

async function answer(lambda: LambdaHost, later: InvokeLater, request: IncomingMessage, body: string): Promise<Answer> {
  const name = nameOf(request);
  if (!lambda.has(name)) throw new FunctionNotFound(name);
  const payload = body === '' ? '{}' : body;
  if (parseJson(payload) === undefined) throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204 };
  if (type === 'Event') {
    if (Buffer.byteLength(payload) > MAX_ASYNC_PAYLOAD_BYTES) throw new AwsError('RequestTooLargeException', `The payload of an asynchronous invocation has at most ${MAX_ASYNC_PAYLOAD_BYTES} bytes`, { status: 413 });
    await later(name, payload, ASYNC_RETRIES);
    return { status: 202 };
  }
  const result = await lambda.invoke(name, payload);
  const version = { 'x-amz-executed-version': '$LATEST' };
  if ('payload' in result) return { status: 200, body: result.payload, headers: version };
  return { status: 200, body: JSON.stringify(result.error), headers: { ...version, 'x-amz-function-error': 'Unhandled' } };
}

function refusal(error: unknown): Answer {
  const [code, status] = error instanceof FunctionNotFound ? [error.name, 404] : error instanceof AwsError ? [error.code, error.status] : ['ServiceException', 500];
  const message = status < 500 ? (error as Error).message : 'The invocation failed inside the local runtime';
  return { status, body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message }), headers: { 'x-amzn-errortype': code } };
}

/** Answers Lambda's Invoke: RequestResponse, Event (retried twice) or DryRun; a handler's error is an answer with `X-Amz-Function-Error`. */
export async function serveInvocation(lambda: LambdaHost, later: InvokeLater, request: IncomingMessage, body: string, response: ServerResponse, log: Log): Promise<void> {
  const { status, body: text, headers } = await answer(lambda, later, request, body).catch((error: unknown) => {
    if (!(error instanceof AwsError) && !(error instanceof FunctionNotFound)) log('error', 'an invocation failed', { error: String(error) });
    return refusal(error);
  });
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers });
  response.end(text);
}
