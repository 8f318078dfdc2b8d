import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-json.ts';

/**
 * The whole body of a request.
 * @throws AwsError RequestEntityTooLargeException (413) beyond `maxBytes`; the rest is not read into memory.
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) throw new AwsError('RequestEntityTooLargeException', `The request body has ${size} bytes; at most ${maxBytes} are accepted`, { status: 413 });
  return Buffer.concat(chunks);
}
