import type { ServerResponse } from 'node:http';
import type { ApiError } from '../errors.ts';

/** Head and body go out as one text. Of ASCII alone it is one byte a character, which needs no encoding. @param headers names and values in turn */
function send(response: ServerResponse, status: number, body: string, headers: readonly string[]): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, ['content-type', 'application/json', 'content-length', String(length), ...headers]);
  response.end(body, length === body.length ? 'latin1' : 'utf8');
}

export const sendAnswer = (response: ServerResponse, requestId: string, body: string): void => send(response, 200, body, ['x-amzn-RequestId', requestId]);

/** An error as restJson1 has it: the type in a header, the message in the body. */
export function sendError(response: ServerResponse, requestId: string, error: ApiError): void {
  const closing = error.status === 413 ? ['connection', 'close'] : [];
  send(response, error.status, JSON.stringify({ message: error.message }), ['x-amzn-RequestId', requestId, 'x-amzn-ErrorType', error.name, ...closing]);
}
