import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** Answers with a whole body, which is JSON unless the headers say something else. */
export function answer(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** As services of AWS that speak JSON do: the request has an id, and an error its name in a header. */
export function answerAsAws(response: ServerResponse, status: number, contentType: string, body: unknown, errorType?: string): void {
  answer(response, status, JSON.stringify(body), {
    'content-type': contentType,
    'x-amzn-requestid': randomUUID(),
    ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
  });
}
