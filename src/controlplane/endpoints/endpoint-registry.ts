import type { Endpoint } from '../model/resources.ts';
import type { EndpointReader } from '../snapshot/publisher.ts';
import type { DocumentStore } from '../../store/port.ts';

/** Where workloads can be reached, by virtual node; held in memory, applied to the store before a change is told, and durable once its promise resolves. */
export interface EndpointRegistry extends EndpointReader {
  /** Replaces a node's endpoints. An empty list means: registered, with nobody there. */
  put(mesh: string, virtualNode: string, endpoints: readonly Endpoint[]): Promise<void>;
  /** From now on the node's own service discovery holds again. */
  remove(mesh: string, virtualNode: string): Promise<void>;
}

const PARTITION = 'endpoint#';

const sortKey = (mesh: string, virtualNode: string): string => `${mesh}/${virtualNode}`;

const same = (a: readonly Endpoint[] | undefined, b: readonly Endpoint[]): boolean =>
  a?.length === b.length && a.every(({ ip, port }, index) => ip === b[index]?.ip && port === b[index].port);

/** Reads what was registered. A node need not be in its mesh: a workload may come up before it. */
export async function openEndpointRegistry(store: DocumentStore): Promise<EndpointRegistry> {
  const documents = await store.query(PARTITION);
  const registered = new Map(documents.map(({ sk, value }) => [sk, value as readonly Endpoint[]]));
  const listeners = new Set<(mesh: string, virtualNode: string) => void>();
  const tell = (mesh: string, virtualNode: string): void => {
    for (const listener of [...listeners]) listener(mesh, virtualNode);
  };

  return {
    of: (mesh, virtualNode) => registered.get(sortKey(mesh, virtualNode)),
    put: async (mesh, virtualNode, endpoints) => {
      const sk = sortKey(mesh, virtualNode);
      if (!same(registered.get(sk), endpoints)) {
        await store.apply([{ kind: 'put', pk: PARTITION, sk, value: endpoints }]);
        registered.set(sk, endpoints);
        tell(mesh, virtualNode);
      }
      await store.durable();
    },
    remove: async (mesh, virtualNode) => {
      const sk = sortKey(mesh, virtualNode);
      if (registered.has(sk)) {
        await store.apply([{ kind: 'delete', pk: PARTITION, sk }]);
        registered.delete(sk);
        tell(mesh, virtualNode);
      }
      await store.durable();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
