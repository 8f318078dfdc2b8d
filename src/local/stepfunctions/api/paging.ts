import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AwsError } from '../../server/aws-json.ts';

const KEY = randomBytes(32);
const sign = (text: string): string => createHmac('sha256', KEY).update(text).digest('base64url').slice(0, 22);

/** A token that goes on at `position` of the same question; tokens live as long as the process. */
export const nextToken = (question: string, position: number): string => `${Buffer.from(String(position)).toString('base64url')}.${sign(`${question}#${position}`)}`;

/**
 * The position a token names, or `start` without one.
 * @throws AwsError InvalidToken for a token that was not given for this question.
 */
export function positionOf(question: string, token: string | undefined, start: number): number {
  if (token === undefined) return start;
  const [encoded = '', signature = ''] = token.split('.');
  const position = Number(Buffer.from(encoded, 'base64url').toString('utf8'));
  const expected = sign(`${question}#${position}`);
  if (signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  return position;
}

/** 0 means the default, which is also what Step Functions takes. */
export const pageSizeOf = (maxResults: number | undefined): number => (maxResults === undefined || maxResults === 0 ? 100 : maxResults);
