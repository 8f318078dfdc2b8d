import type { IncomingMessage } from 'node:http';

/** The largest body, as sent and as unpacked: a resource must fit a DynamoDB item (400 KB). */
export const MAX_BODY_BYTES = 256 * 1024;

/** A body over the limit is still read up to here, so that its sender gets the answer and not a broken connection. */
const MAX_DRAINED_BYTES = 64 * MAX_BODY_BYTES;

/** The client went away before its request was whole: there is nobody to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  constructor() {
    super(`the request's body must be at most ${MAX_BODY_BYTES} bytes`);
  }
}

/** By events: an iterator costs several times as much, on every write. */
function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const abort = (cause?: unknown): void => {
      if (!request.complete) reject(new RequestAborted('the request ended before its body did', { cause }));
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      if (bytes <= MAX_DRAINED_BYTES) return;
      request.pause();
      reject(new BodyTooLarge());
    });
    request.on('end', () => (bytes > MAX_BODY_BYTES ? reject(new BodyTooLarge()) : resolve(Buffer.concat(chunks, bytes))));
    request.on('error', abort).on('close', abort);
    if (request.destroyed) abort();
  });
}

const collected = new WeakMap<IncomingMessage, Promise<Buffer>>();

/**
 * The body as it was sent. Whoever asks gets the same: a signature covers it before an operation reads it.
 * @throws BodyTooLarge
 * @throws RequestAborted when the client went away
 */
export function requestBody(request: IncomingMessage): Promise<Buffer> {
  const known = collected.get(request) ?? collect(request);
  collected.set(request, known);
  return known;
}
