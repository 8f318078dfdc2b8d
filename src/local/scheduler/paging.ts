import { isRecord } from '../../contracts/is-record.ts';
import { parseJson } from '../json.ts';
import { AwsError } from '../server/aws-json.ts';

interface PageRequest {
  /** What a token must have been given for. */
  readonly question: readonly unknown[];
  readonly MaxResults: number | undefined;
  readonly NextToken: string | undefined;
}

const MOST = 100;

function positionOf(token: string | undefined, question: string): string {
  if (token === undefined) return '';
  const value = parseJson(Buffer.from(token, 'base64url').toString('utf8'));
  if (!isRecord(value) || typeof value['after'] !== 'string' || value['question'] !== question) throw new AwsError('ValidationException', 'NextToken: must be a token that this operation gave for the same request');
  return value['after'];
}

/** One page of items in the order of their keys. A token names the last key shown, so that what is created or deleted meanwhile shifts no page. */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, { question: asked, MaxResults = MOST, NextToken }: PageRequest): { items: T[]; next: { NextToken?: string } } {
  const question = JSON.stringify(asked);
  const position = positionOf(NextToken, question);
  const keyed = items.map((item) => ({ item, key: keyOf(item) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const rest = keyed.filter(({ key }) => key > position);
  const shown = rest.slice(0, MaxResults);
  const last = shown.at(-1);
  const more = rest.length > shown.length && last !== undefined;
  return { items: shown.map(({ item }) => item), next: more ? { NextToken: Buffer.from(JSON.stringify({ question, after: last.key })).toString('base64url') } : {} };
}
