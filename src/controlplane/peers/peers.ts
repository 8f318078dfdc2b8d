import type { Log } from '../../contracts/log.ts';
import { messageOf } from '../../contracts/message-of.ts';
import type { Get } from '../../mesh/signed-get.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { After } from '../timers.ts';

/** The other control planes over the same store, found by what each of them writes there. */
export interface Peers {
  /** What all others answer to a GET; where one of them has no such thing (404), nothing of it. @throws PeerSilent when one that is there does not answer */
  askAll(path: string): Promise<unknown[]>;
  /** What those answer that do. Who did not is left alone for a while, so that nobody waits for it again and again. */
  askWhoAnswers(path: string): Promise<unknown[]>;
  /** Others ask this one no more. */
  readonly leave: () => Promise<void>;
  readonly close: () => void;
}

/** Another control plane is there, by its own word, and cannot be asked. */
export class PeerSilent extends Error {
  override readonly name = 'PeerSilent';
}

export interface PeersOptions {
  readonly store: DocumentStore;
  /** This one's name. */
  readonly id: string;
  /** How others reach this one; without it they do not know of it. */
  readonly url?: string | undefined;
  /** Reads a path of another control plane, with whatever credentials it asks for. */
  readonly open: (url: string) => Get;
  /** Epoch milliseconds. Clocks of control planes may differ by a few seconds. */
  readonly clock: () => number;
  readonly after: After;
  readonly log: Log;
}

interface Card {
  readonly url: string;
  readonly at: number;
}

interface Peer {
  readonly id: string;
  readonly get: Get;
}

const PARTITION = 'instance#';
const RENEWED_MS = 2_500;
/** Who has not said for so long that it is there is gone. */
const GONE_MS = 10_000;
const TIMEOUT_MS = 1_000;
const SILENT_FOR_MS = 3_000;
const KEPT_SECONDS = 3_600;

async function ask({ id, get }: Peer, path: string): Promise<unknown[]> {
  try {
    const response = await get(path, TIMEOUT_MS);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return [await response.json()];
  } catch (cause) {
    throw new PeerSilent(`the control plane ${id} does not answer: ${messageOf(cause)}`, { cause });
  }
}

/** Says that this one is there, again and again, and looks who else is. Resolves once it was said. */
export async function openPeers({ store, id, url, open, clock, after, log }: PeersOptions): Promise<Peers> {
  let known: readonly Peer[] = [];
  const silentUntil = new Map<string, number>();
  const opened = new Map<string, Get>();
  const getOf = (peer: string): Get => {
    const get = opened.get(peer) ?? open(peer);
    opened.set(peer, get);
    return get;
  };

  const look = async (): Promise<readonly Peer[]> => {
    const now = clock();
    const cards = (await store.query(PARTITION)).map(({ sk, value }) => ({ id: sk, ...(value as Card) }));
    known = cards.filter((card) => card.id !== id && now - card.at < GONE_MS).map((card) => ({ id: card.id, get: getOf(card.url) }));
    return known;
  };
  const announce = async (): Promise<void> => {
    if (url === undefined) return;
    await store.write([{ kind: 'put', pk: PARTITION, sk: id, value: { url, at: clock() } satisfies Card, expiresAt: Math.ceil(clock() / 1000) + KEPT_SECONDS }]);
  };
  let cancel: (() => void) | undefined;
  let left = false;
  const renew = (): void => {
    cancel = after(RENEWED_MS, () => {
      const renewed = left ? look() : announce().then(look);
      renewed.catch((error: unknown) => log('warn', 'other control planes could not be looked for', { error: String(error) })).finally(renew);
    });
  };
  const askUnlessSilent = async (peer: Peer, path: string): Promise<unknown[]> => {
    if ((silentUntil.get(peer.id) ?? 0) > clock()) return [];
    try {
      return await ask(peer, path);
    } catch (error) {
      silentUntil.set(peer.id, clock() + SILENT_FOR_MS);
      log('warn', 'a control plane does not answer; what its proxies report is left out', { id: peer.id, error: String(error) });
      return [];
    }
  };

  await announce();
  await look();
  renew();
  return {
    // Who came up since the last look counts too.
    askAll: async (path) => (await Promise.all((await look()).map((peer) => ask(peer, path)))).flat(),
    askWhoAnswers: async (path) => (await Promise.all(known.map((peer) => askUnlessSilent(peer, path)))).flat(),
    leave: async () => {
      left = true;
      if (url !== undefined) await store.write([{ kind: 'delete', pk: PARTITION, sk: id }]);
    },
    close: () => {
      left = true;
      cancel?.();
    },
  };
}
