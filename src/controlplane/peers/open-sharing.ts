import { randomUUID } from 'node:crypto';
import { Sha256 } from '../../aws/sha256.ts';
import type { Log } from '../../contracts/log.ts';
import { openSigner, type AccessKey } from '../../mesh/sign.ts';
import { openSignedGet, type Get } from '../../mesh/signed-get.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { NodeTelemetry, TelemetryReader } from '../model/counts.ts';
import type { After } from '../timers.ts';
import type { Propagation } from '../xds/propagation.ts';
import { openChangeLog, type ChangeLog } from './change-log.ts';
import { mergePropagation } from './merge-propagation.ts';
import { mergeInstances } from './merge-telemetry.ts';
import { openPeers, type Peers } from './peers.ts';

/** This control plane is one of several over the same store. */
export interface SharingOptions {
  /** How the others reach this one's API. Without it they do not ask it: its proxies' reports and acknowledgements count for itself alone. */
  readonly url?: string;
  /** What this one shows the others when it asks them; on one machine they may ask for nothing. */
  readonly key?: AccessKey;
  /** How often it is looked for what others changed, milliseconds. Default 250. */
  readonly everyMs?: number;
}

/** What one of several control planes knows of the others. */
export interface Sharing {
  /** The name of this one, another each time it starts. */
  readonly instance: string;
  readonly changes: ChangeLog;
  readonly everyMs: number;
  /** From here on it asks the others, and they ask it. */
  join(): Promise<Company>;
}

export interface Company extends Pick<Peers, 'leave' | 'close'> {
  /** What all control planes know of a node. */
  readTelemetry(own: TelemetryReader): TelemetryReader;
  /** How far all have come. @throws PeerSilent */
  propagation(own: Propagation, path: string): Promise<Propagation>;
}

interface Context {
  readonly store: DocumentStore;
  readonly region: string;
  readonly clock: () => number;
  readonly after: After;
  readonly log: Log;
}

/** Marks a question among control planes: the answer is the asked one's own. */
export const OWN = 'own';

const own = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}${OWN}=true`;

const openGet = ({ key }: SharingOptions, region: string) => (url: string): Get =>
  key === undefined ? (path, timeoutMs) => fetch(`${url}${path}`, { signal: AbortSignal.timeout(timeoutMs) }) : openSignedGet(url, openSigner(key, { region: () => Promise.resolve(region), sha256: Sha256 }));

export function openSharing(options: SharingOptions, { store, region, clock, after, log }: Context): Sharing {
  const instance = randomUUID();
  return {
    instance,
    changes: openChangeLog(store, clock),
    everyMs: options.everyMs ?? 250,
    join: async () => {
      const peers = await openPeers({ store, id: instance, url: options.url, open: openGet(options, region), clock, after, log });
      return {
        leave: peers.leave,
        close: peers.close,
        readTelemetry: (telemetry) => ({
          onInterval: (listener) => telemetry.onInterval(listener),
          read: async (mesh, node, since) => {
            const [mine, others] = await Promise.all([
              telemetry.read(mesh, node, since),
              peers.askWhoAnswers(own(`/meshshift/v1/telemetry/${encodeURIComponent(mesh)}/${encodeURIComponent(node)}?since=${since}`)),
            ]);
            return mergeInstances(mine, others as NodeTelemetry[]);
          },
        }),
        propagation: async (mine, path) => mergePropagation(mine, (await peers.askAll(own(path))) as Propagation[]),
      };
    },
  };
}
