import type { IncomingMessage } from 'node:http';
import { badRequest } from '../errors.ts';
import { parseInput } from '../validation/parse-input.ts';
import { show } from '../validation/show.ts';
import type { Operation } from './operations.ts';
import { readBody } from './read-body.ts';
import type { Match } from './router.ts';

export type Input = Readonly<Record<string, unknown>>;

const WHOLE_NUMBER = /^-?\d{1,15}$/;

/** Query parameters as input members, undefined where absent (the body cannot give them); of a parameter given twice the first counts. */
function readQuery(operation: Operation, query: string): Record<string, unknown> {
  const given = new URLSearchParams(query);
  const members: Record<string, unknown> = {};
  for (const { parameter, member, number } of operation.query) {
    const value = given.get(parameter) ?? undefined;
    if (number && value !== undefined && !WHOLE_NUMBER.test(value)) throw badRequest(`'${member}' with value ${show(value)} must be a whole number`);
    members[member] = number && value !== undefined ? Number(value) : value;
  }
  return members;
}

/**
 * An operation's input: body, query and labels (the path wins), checked against its shape.
 * @throws ApiError where anything of it is not as the model has it
 */
export async function readInput(request: IncomingMessage, { operation, labels }: Match, query: string): Promise<Input> {
  const body = operation.hasBody ? await readBody(request) : {};
  return parseInput(operation.input, { ...body, ...readQuery(operation, query), ...labels });
}
