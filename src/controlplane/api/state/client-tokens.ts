import { hash } from 'node:crypto';
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

/** A request's own token. */
export interface ClientToken {
  /**
   * What this request was answered when it came with this token before.
   * @throws ApiError ConflictException when the token came with another request
   */
  recall(): Promise<Answered | undefined>;
  /** The writes that keep the token, to be made with that of its request: refused where it is kept already. */
  keep(answered: Answered): Write[];
}

export interface ClientTokens {
  open(token: string, request: string): Promise<ClientToken>;
}

/** Tokens are kept by period, so that a whole one can be dropped: each for at least one and at most two periods. */
const PERIOD_MS = 12 * 3600 * 1000;
const PERIODS = 'token#';
const PURGE_BATCH = 100;

const digest = (text: string): string => hash('sha256', text, 'base64url');
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

  /** Gives those that are past. */
  const readPeriods = async (): Promise<string[]> => {
    const periods = (await store.query(PERIODS)).map(({ sk }) => sk);
    for (const period of periods) if (period >= previous()) known.add(period);
    return periods.filter((period) => period < previous());
  };
  const purgeAll = async (periods: readonly string[]): Promise<void> => {
    for (const period of periods) await purge(store, period);
  };
  await purgeAll(await readPeriods());

  /** A period is noted before its first token is kept, so that none is ever forgotten when old ones are dropped. */
  const begin = async (period: string): Promise<void> => {
    await store.write([{ kind: 'put', pk: PERIODS, sk: period, value: null }]);
    // Another control plane may have kept tokens of the period before.
    const past = await readPeriods();
    purgeAll(past).catch((error: unknown) => log('warn', 'old client tokens could not be dropped', { error: String(error) }));
  };

  return {
    open: async (token, request) => {
      const [period, before] = [current(), previous()];
      if (!known.has(period)) await begin(period);
      const sk = digest(token);
      const requested = digest(request);
      // A token of the period before still holds.
      const earlier = known.has(before) ? [{ pk: partitionOf(before), sk }] : [];
      const key = { pk: partitionOf(period), sk };
      return {
        recall: async () => {
          for (const each of [key, ...earlier]) {
            const record = (await store.get(each))?.value as TokenRecord | undefined;
            if (record === undefined) continue;
            if (record.request === requested) return record.answered;
            throw new ApiError('ConflictException', `clientToken ${token} was used with another request`);
          }
          return undefined;
        },
        keep: (answered) => {
          const value: TokenRecord = { request: requested, answered };
          const expiresAt = Math.ceil((clock() + 2 * PERIOD_MS) / 1000);
          return [{ kind: 'put', ...key, value, expiresAt, if: 'absent' }, ...earlier.map((each): Write => ({ kind: 'check', ...each, if: 'absent' }))];
        },
      };
    },
  };
}
