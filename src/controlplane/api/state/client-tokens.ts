import { createHash } from 'node:crypto';
import type { Log } from '../../../contracts/log.ts';
import type { DocumentStore, Write } from '../../../store/port.ts';
import type { Resource } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';

/** What an answer holds beyond its own request: with it, the same request gets the same answer again. */
export type Answered = Pick<Resource, 'metadata' | 'tags'>;

interface TokenRecord {
  readonly request: string;
  readonly answered: Answered;
}

export interface ClientTokens {
  /**
   * What this request was answered when it came with this token before.
   * @throws ApiError ConflictException when the token came with another request
   */
  recall(token: string, request: string): Promise<Answered | undefined>;
  /** The write that keeps the token, to be made with that of its request. */
  keep(token: string, request: string, answered: Answered): Write;
}

/** Tokens are kept by period, so that a whole one can be dropped: each for at least one and at most two periods. */
const PERIOD_MS = 12 * 3600 * 1000;
const PERIODS = 'token#';
const PURGE_BATCH = 100;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const partitionOf = (period: string): string => `${PERIODS}${period}`;

async function purge(store: DocumentStore, period: string): Promise<void> {
  for (;;) {
    const old = await store.query(partitionOf(period), { limit: PURGE_BATCH });
    if (old.length === 0) break;
    await store.write(old.map(({ pk, sk }) => ({ kind: 'delete', pk, sk })));
  }
  await store.write([{ kind: 'delete', pk: PERIODS, sk: period }]);
}

/** Client tokens in the store; those of periods long past are dropped when it is opened and whenever a period begins. */
export async function openClientTokens(store: DocumentStore, clock: () => number, log: Log): Promise<ClientTokens> {
  const known = new Set<string>();
  const periodAt = (ms: number): string => String(Math.floor(ms / PERIOD_MS)).padStart(8, '0');
  const current = (): string => periodAt(clock());
  const previous = (): string => periodAt(clock() - PERIOD_MS);

  const purgeOld = async (): Promise<void> => {
    for (const { sk } of await store.query(PERIODS)) {
      if (sk < previous()) await purge(store, sk);
      else known.add(sk);
    }
  };
  await purgeOld();

  /** A period is noted before its first token is kept, so that none is ever forgotten when old ones are dropped. */
  const begin = async (period: string): Promise<void> => {
    await store.write([{ kind: 'put', pk: PERIODS, sk: period, value: null }]);
    known.add(period);
    purgeOld().catch((error: unknown) => log('warn', 'old client tokens could not be dropped', { error: String(error) }));
  };

  const look = async (period: string, token: string): Promise<TokenRecord | undefined> => {
    if (!known.has(period)) return undefined;
    return (await store.get({ pk: partitionOf(period), sk: digest(token) }))?.value as TokenRecord | undefined;
  };

  return {
    recall: async (token, request) => {
      if (!known.has(current())) await begin(current());
      const record = (await look(current(), token)) ?? (await look(previous(), token));
      if (record === undefined) return undefined;
      if (record.request !== digest(request)) throw new ApiError('ConflictException', `clientToken ${token} was used with another request`);
      return record.answered;
    },
    keep: (token, request, answered) => {
      const record: TokenRecord = { request: digest(request), answered };
      const expiresAt = Math.ceil((clock() + 2 * PERIOD_MS) / 1000);
      return { kind: 'put', pk: partitionOf(current()), sk: digest(token), value: record, expiresAt, if: 'absent' };
    },
  };
}
