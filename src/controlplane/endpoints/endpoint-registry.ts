import type { Endpoint } from '../model/resources.ts';
import type { EndpointReader } from '../snapshot/publisher.ts';
import type { DocumentStore, Write } from '../../store/port.ts';
import { createListeners } from '../listeners.ts';
import { ENDPOINTS_TOPIC, type ChangeLog } from '../peers/change-log.ts';

/** Where workloads can be reached, by virtual node; held in memory, applied to the store before a change is told, and durable once its promise resolves. */
export interface EndpointRegistry extends EndpointReader {
  /** Replaces a node's endpoints. An empty list means: registered, with nobody there. */
  put(mesh: string, virtualNode: string, endpoints: readonly Endpoint[]): Promise<void>;
  /** From now on the node's own service discovery holds again. */
  remove(mesh: string, virtualNode: string): Promise<void>;
  /** Takes over what others registered meanwhile. */
  reload(): Promise<void>;
}

const PARTITION = 'endpoint#';

type Registered = readonly Endpoint[];

const sortKey = (mesh: string, virtualNode: string): string => `${mesh}/${virtualNode}`;

const same = (a: readonly Endpoint[] | undefined, b: readonly Endpoint[]): boolean =>
  a?.length === b.length && a.every(({ ip, port }, index) => ip === b[index]?.ip && port === b[index].port);

const read = async (store: DocumentStore): Promise<Map<string, Registered>> => new Map((await store.query(PARTITION)).map(({ sk, value }) => [sk, value as Registered]));

/**
 * Reads what was registered. A node need not be in its mesh: a workload may come up before it.
 * @param changes how other control planes over the store hear of it; without it there is none
 */
export async function openEndpointRegistry(store: DocumentStore, changes?: ChangeLog): Promise<EndpointRegistry> {
  const registered = await read(store);
  const touch = (): Write[] => changes?.touch(ENDPOINTS_TOPIC) ?? [];
  const { add: onChange, tell } = createListeners<[mesh: string, virtualNode: string]>();

  return {
    of: (mesh, virtualNode) => registered.get(sortKey(mesh, virtualNode)),
    put: async (mesh, virtualNode, endpoints) => {
      const sk = sortKey(mesh, virtualNode);
      if (!same(registered.get(sk), endpoints)) {
        await store.apply([{ kind: 'put', pk: PARTITION, sk, value: endpoints }, ...touch()]);
        registered.set(sk, endpoints);
        tell(mesh, virtualNode);
      }
      await store.durable();
    },
    remove: async (mesh, virtualNode) => {
      const sk = sortKey(mesh, virtualNode);
      if (registered.has(sk)) {
        await store.apply([{ kind: 'delete', pk: PARTITION, sk }, ...touch()]);
        registered.delete(sk);
        tell(mesh, virtualNode);
      }
      await store.durable();
    },
    reload: async () => {
      const now = await read(store);
      for (const sk of new Set([...registered.keys(), ...now.keys()])) {
        const [before, after] = [registered.get(sk), now.get(sk)];
        if (before === after || (after !== undefined && same(before, after))) continue;
        if (after === undefined) registered.delete(sk);
        else registered.set(sk, after);
        const [mesh = '', virtualNode = ''] = sk.split('/');
        tell(mesh, virtualNode);
      }
    },
    onChange,
  };
}
