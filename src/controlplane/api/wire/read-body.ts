import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ApiError, badRequest } from '../errors.ts';

/** The largest body, as sent and as unpacked: a resource must fit a DynamoDB item (400 KB). */
export const MAX_BODY_BYTES = 256 * 1024;

/** A body over the limit is still read up to here, so that its sender gets the answer and not a broken connection. */
const MAX_DRAINED_BYTES = 64 * MAX_BODY_BYTES;

const gunzipAsync = promisify(gunzip);
const utf8 = new TextDecoder('utf-8', { fatal: true });
const tooLarge = (): ApiError => new ApiError('RequestEntityTooLargeException', `the request's body must be at most ${MAX_BODY_BYTES} bytes`);

/** The client went away before its request was whole: there is nobody to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      if (bytes > MAX_DRAINED_BYTES) break;
    }
  } catch (cause) {
    throw new RequestAborted('the request ended before its body did', { cause });
  }
  if (bytes > MAX_BODY_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

async function unpack(body: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip')
    throw new ApiError('UnsupportedMediaTypeException', `content-encoding must be gzip or identity, not ${encoding.slice(0, 100)}`);
  try {
    return await gunzipAsync(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw badRequest('the request body is not valid gzip', { cause });
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw badRequest(`the request body is not valid JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : ''}`, { cause });
  }
}

/**
 * The members of a JSON request body; an empty body has none.
 * @throws ApiError for a body that is too large, wrongly packed or no JSON object
 * @throws RequestAborted when the client went away
 */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await unpack(await collect(request), request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity');
  if (bytes.length === 0) return {};
  const body = parseJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('the request body must be a JSON object');
  return body as Readonly<Record<string, unknown>>;
}
