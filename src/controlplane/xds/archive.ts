import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Log } from '../../contracts/log.ts';
import { messageOf } from '../../contracts/message-of.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { Proxy } from '../translate/types.ts';
import { ResourceSet } from './resource-set.ts';

/**
 * What proxies were offered last, kept past the life of a process. A proxy that comes back after the mesh changed serves by its old routes
 * until it has new ones, and the state-of-the-world protocol removes what a response leaves out: so the old clusters must be sent to it once more.
 */
export interface Archive {
  /** Remembers the clusters of a proxy, soon after. */
  keep(proxy: Proxy, clusters: ResourceSet): void;
  /** The clusters last offered to such a proxy, newest first. Never rejects. */
  recall(proxy: Proxy): Promise<readonly ResourceSet[]>;
  /** Resolves when all that was kept is stored. */
  close(): Promise<void>;
}

const PARTITION = 'offered#';
/** A change passes through three sets: before, both together, after. */
const MOST_SETS = 3;
const KEPT_SECONDS = 7 * 24 * 3600;
/** A document of DynamoDB holds 400 KB. */
const MOST_CHARACTERS = 350_000;

type Entry = [name: string, hash: string, base64: string];

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

const keyOf = ({ mesh, kind, name, client, listen }: Proxy): string =>
  createHash('sha256').update(JSON.stringify([mesh, kind, name, client, listen])).digest('base64url');

async function encodeSets(sets: readonly ResourceSet[]): Promise<string> {
  const entries = sets.map(({ resources }) => [...resources.values()].map(({ name, hash, bytes }): Entry => [name, hash, Buffer.from(bytes).toString('base64')]));
  return (await pack(JSON.stringify(entries))).toString('base64');
}

async function decodeSets(text: string): Promise<ResourceSet[]> {
  const sets = JSON.parse(String(await unpack(Buffer.from(text, 'base64')))) as Entry[][];
  return sets.map((entries) => new ResourceSet('cluster', new Map(entries.map(([name, hash, base64]) => [name, { name, hash, bytes: Buffer.from(base64, 'base64') }]))));
}

const versionOf = (set: ResourceSet): string => set.body('all').version;

/** Each set once, the first ones. */
const firstOf = (sets: readonly ResourceSet[], most: number): readonly ResourceSet[] =>
  sets.filter((set, index) => sets.findIndex((other) => versionOf(other) === versionOf(set)) === index).slice(0, most);

/**
 * @param clock epoch milliseconds
 * @param instance where several control planes keep what they offered in one store, the name of this one: a proxy may have been another's before
 */
export function openArchive(store: DocumentStore, clock: () => number, log: Log, instance?: string): Archive {
  const kept = new Map<string, readonly ResourceSet[]>();
  const writing = new Map<string, Promise<void>>();

  const warn = (message: string) => (error: unknown): void => log('warn', message, { error: messageOf(error) });

  const put = async (sk: string, sets: readonly ResourceSet[]): Promise<void> => {
    const value = await encodeSets(sets);
    if (value.length > MOST_CHARACTERS) return sets.length > 1 ? put(sk, sets.slice(0, 1)) : undefined;
    await store.write([{ kind: 'put', pk: PARTITION, sk: instance === undefined ? sk : `${sk}#${instance}`, value, expiresAt: Math.floor(clock() / 1000) + KEPT_SECONDS }]);
  };

  /** One write per proxy at a time, and always the newest. */
  const write = async (sk: string): Promise<void> => {
    for (let sets: readonly ResourceSet[] | undefined; sets !== kept.get(sk); ) {
      sets = kept.get(sk);
      if (sets !== undefined) await put(sk, sets);
    }
  };

  const startWriting = (sk: string): void => {
    if (writing.has(sk)) return;
    const done = write(sk)
      .catch(warn('what proxies were offered could not be kept'))
      .finally(() => writing.delete(sk));
    writing.set(sk, done);
  };

  const read = async (sk: string): Promise<readonly ResourceSet[]> => {
    if (instance === undefined) {
      const document = await store.get({ pk: PARTITION, sk });
      return document === undefined ? [] : await decodeSets(document.value as string);
    }
    const documents = await store.query(PARTITION, { prefix: `${sk}#` });
    const latest = documents.sort((one, other) => (other.expiresAt ?? 0) - (one.expiresAt ?? 0)).slice(0, MOST_SETS);
    return (await Promise.all(latest.map(({ value }) => decodeSets(value as string)))).flat();
  };

  return {
    keep: (proxy, clusters) => {
      const sk = keyOf(proxy);
      const before = kept.get(sk) ?? [];
      if (before[0] !== undefined && versionOf(before[0]) === versionOf(clusters)) return;
      kept.set(sk, firstOf([clusters, ...before], MOST_SETS));
      startWriting(sk);
    },
    recall: async (proxy) => {
      const sk = keyOf(proxy);
      const known = kept.get(sk);
      if (known !== undefined && instance === undefined) return known;
      const sets = await read(sk).catch((error: unknown) => {
        warn('what proxies were offered could not be read')(error);
        return [];
      });
      if (instance !== undefined) return firstOf([...(kept.get(sk) ?? []), ...sets], 2 * MOST_SETS);
      if (!kept.has(sk) && sets.length > 0) kept.set(sk, sets);
      return kept.get(sk) ?? sets;
    },
    close: async () => {
      await Promise.all(writing.values());
    },
  };
}

/** Remembers nothing. */
export const noArchive: Archive = { keep: () => undefined, recall: () => Promise.resolve([]), close: () => Promise.resolve() };
