import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../contracts/log.ts';
import { BodyTooLarge, RequestAborted, requestBody } from '../http/request-body.ts';
import type { Access } from './access.ts';
import type { WireRequest } from './canonical-request.ts';
import { AccessRefused, missing } from './errors.ts';
import { isLoopback } from './loopback.ts';
import { checkRequest } from './permissions.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function toWire(request: IncomingMessage): WireRequest {
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
  const headers = new Map(Object.entries(request.headersDistinct).map(([name, values]) => [name, values ?? []]));
  return { method: request.method ?? '', path, query, headers };
}

/** As restJson1 has errors. The body was read at most in part, so the connection does not go on where it may still be coming. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, type: string, message: string): void {
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-RequestId': randomUUID(),
    'x-amzn-ErrorType': type,
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(body);
}

async function check(access: Access | undefined, request: IncomingMessage): Promise<void> {
  const here = isLoopback(request.socket.localAddress);
  if (access === undefined) {
    if (here) return;
    throw missing();
  }
  if (access.openOnLoopback && here) return;
  const wire = toWire(request);
  const grant = await access.identify({ ...wire, body: () => requestBody(request), isWrite: !READS.has(wire.method) });
  checkRequest(grant, wire.method, wire.path, wire.query);
}

/**
 * Lets a request through to its handler when its sender may make it. Without access keys only this machine is served.
 * Never rejects where the handler does not.
 */
export function guardHttp(access: Access | undefined, log: Log, handler: Handler): Handler {
  return async (request, response) => {
    try {
      await check(access, request);
    } catch (error) {
      if (error instanceof AccessRefused) {
        log('info', 'a request was refused', { reason: error.name, method: request.method, path: request.url?.split('?')[0] });
        refuse(request, response, 403, error.name, error.message);
      } else if (error instanceof BodyTooLarge) refuse(request, response, 413, 'RequestEntityTooLargeException', error.message);
      else if (error instanceof RequestAborted) response.destroy();
      else throw error;
      return;
    }
    await handler(request, response);
  };
}
