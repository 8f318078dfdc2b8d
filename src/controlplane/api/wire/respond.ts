import type { ServerResponse } from 'node:http';
import type { ApiError } from '../errors.ts';

/** Head and body go out as one text, in one write. */
function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

export const sendAnswer = (response: ServerResponse, requestId: string, body: string): void =>
  send(response, 200, body, { 'x-amzn-RequestId': requestId });

/** An error as restJson1 has it: the type in a header, the message in the body. */
export function sendError(response: ServerResponse, requestId: string, error: ApiError): void {
  const closing = error.status === 413 ? { connection: 'close' } : {};
  send(response, error.status, JSON.stringify({ message: error.message }), {
    'x-amzn-RequestId': requestId,
    'x-amzn-ErrorType': error.name,
    ...closing,
  });
}
