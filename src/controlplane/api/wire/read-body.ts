import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BodyTooLarge, MAX_BODY_BYTES, requestBody } from '../../http/request-body.ts';
import { ApiError, badRequest } from '../errors.ts';

const gunzipAsync = promisify(gunzip);
const utf8 = new TextDecoder('utf-8', { fatal: true });
const tooLarge = (): ApiError => new ApiError('RequestEntityTooLargeException', `the request's body must be at most ${MAX_BODY_BYTES} bytes`);

async function collect(request: IncomingMessage): Promise<Buffer> {
  try {
    return await requestBody(request);
  } catch (error) {
    throw error instanceof BodyTooLarge ? tooLarge() : error;
  }
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
