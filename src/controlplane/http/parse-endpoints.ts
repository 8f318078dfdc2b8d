import { isIP } from 'node:net';
import * as z from 'zod/mini';
import type { Endpoint } from '../model/resources.ts';
import { badRequest } from './errors.ts';

const MOST = 1_000;
/** How many mistakes are told of. */
const MOST_TOLD = 20;

const FIELDS = {
  ip: z.string({ error: 'must be text' }).check(z.refine((ip) => isIP(ip) !== 0, { error: 'must be an IPv4 or IPv6 address' })),
  port: z.int({ error: 'must be a whole number' }).check(z.minimum(1, { error: 'must be from 1 to 65535' }), z.maximum(65_535, { error: 'must be from 1 to 65535' })),
};
const endpoint = z.strictObject(FIELDS, {
  error: (issue) => (issue.code === 'unrecognized_keys' ? `has unknown fields: ${issue.keys.join(', ')}` : 'must be an object with ip and port'),
});
const endpoints = z.array(endpoint, { error: 'must be a list of {ip, port}' }).check(z.maxLength(MOST, { error: `must have at most ${MOST} entries` }));

const pathOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('') || 'the body';

/** @throws RequestRefused naming the path and the rule. */
export function parseEndpoints(body: string): readonly Endpoint[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`);
  }
  const result = z.safeParse(endpoints, json);
  if (!result.success) {
    throw badRequest(result.error.issues.slice(0, MOST_TOLD).map(({ path, message }) => `'${pathOf(path)}': ${message}`).join('; '));
  }
  const addresses = result.data.map(({ ip, port }) => `${ip} ${port}`);
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw badRequest(`'the body': ${twice} is in it twice`);
  return result.data;
}
