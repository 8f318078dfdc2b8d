import { AwsError } from '../server/aws-json.ts';

/** What an operation is asked with. */
export type Input = Readonly<Record<string, unknown>>;

const MAX_PAGE = 100;

export const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
/** A value as an error shows it. */
const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 200));
export const notFound = (what: string): AwsError => new AwsError('ResourceNotFoundException', `${what} does not exist.`);

/** @throws AwsError ValidationException */
export function requireText(input: Input, member: string): string {
  const value = input[member];
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${member}: ${show(value)}: must be a text that is not empty`);
}

/** @throws AwsError ValidationException */
export function requireList(input: Input, member: string): unknown[] {
  const value = input[member];
  if (Array.isArray(value) && value.length > 0) return value as unknown[];
  throw invalid(`${member}: ${show(value)}: must be a list that is not empty`);
}

/** @throws AwsError ValidationException */
export function requireTexts(input: Input, member: string): string[] {
  const list = requireList(input, member);
  const other = list.find((entry) => typeof entry !== 'string');
  if (other !== undefined) throw invalid(`${member}: ${show(other)}: must be a text`);
  return list as string[];
}

/** A bus is given by name or by ARN. */
export const busName = (value: unknown): string => (typeof value === 'string' && value !== '' ? value.slice(value.lastIndexOf('/') + 1) : 'default');

/** One page of a list; a token is the position to go on from. */
export function page<T>(items: readonly T[], { Limit, NextToken }: Input): { items: T[]; NextToken?: string } {
  if (NextToken !== undefined && !(typeof NextToken === 'string' && /^\d{1,9}$/.test(NextToken))) throw invalid(`NextToken: ${show(NextToken)}: must be a token that this operation gave`);
  if (Limit !== undefined && !(Number.isInteger(Limit) && Number(Limit) >= 1 && Number(Limit) <= MAX_PAGE)) throw invalid(`Limit: ${show(Limit)}: must be a whole number from 1 to ${MAX_PAGE}`);
  const from = Number(NextToken ?? 0);
  const to = from + Number(Limit ?? MAX_PAGE);
  return { items: items.slice(from, to), ...(to < items.length ? { NextToken: String(to) } : {}) };
}
