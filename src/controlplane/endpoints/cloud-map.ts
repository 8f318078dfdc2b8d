import type { Log } from '../../contracts/log.ts';
import type { MeshReader, Resource } from '../model/resources.ts';
import type { After } from '../timers.ts';

/** Which instances a virtual node stands for: those of a service that have all of these attributes. */
export interface InstanceQuery {
  readonly namespaceName: string;
  readonly serviceName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Instance {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

/** Asks a registry of instances. */
export interface InstanceFinder {
  /** The healthy instances. @throws when the registry does not answer. */
  find(query: InstanceQuery): Promise<readonly Instance[]>;
}

export interface CloudMapOptions {
  readonly reader: MeshReader;
  readonly finder: InstanceFinder;
  readonly after: After;
  readonly log: Log;
  /** How long to wait after one round of questions before the next. Default 5 s. */
  readonly intervalMs?: number;
}

/** The addresses of virtual nodes that are discovered by AWS Cloud Map. */
export interface CloudMap {
  /** In a stable order; undefined for a node that is not discovered so, or not yet. */
  instancesOf(mesh: string, virtualNode: string): readonly string[] | undefined;
  onChange(listener: (mesh: string, virtualNode: string) => void): () => void;
  close(): void;
}

interface Watch {
  readonly mesh: string;
  readonly virtualNode: string;
  readonly query: InstanceQuery;
  readonly preference: string;
}

const AT_ONCE = 10;

const keyOf = (query: InstanceQuery): string => JSON.stringify([query.namespaceName, query.serviceName, Object.entries(query.attributes).sort()]);

/** The address that an IP preference picks, if the instance has one that will do. */
export function addressOf({ ipv4, ipv6 }: Instance, preference: string): string | undefined {
  if (preference === 'IPv4_ONLY') return ipv4;
  if (preference === 'IPv6_ONLY') return ipv6;
  return preference === 'IPv6_PREFERRED' ? (ipv6 ?? ipv4) : (ipv4 ?? ipv6);
}

function queryOf({ spec }: Resource<'virtualNode'>): InstanceQuery | undefined {
  const found = spec.serviceDiscovery?.awsCloudMap;
  if (found?.namespaceName === undefined || found.serviceName === undefined) return undefined;
  const attributes = Object.fromEntries((found.attributes ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
  return { namespaceName: found.namespaceName, serviceName: found.serviceName, attributes };
}

/** Asks for the instances of all nodes that are discovered by Cloud Map, again and again; what it heard last holds while it hears nothing. */
export function createCloudMap({ reader, finder, after, log, intervalMs = 5_000 }: CloudMapOptions): CloudMap {
  const watches = new Map<string, Watch>();
  const found = new Map<string, readonly Instance[]>();
  const complaints = new Map<string, string>();
  const listeners = new Set<(mesh: string, virtualNode: string) => void>();
  let cancel: (() => void) | undefined;
  let asking = false;
  let closed = false;

  const tell = (key: string): void => {
    for (const { mesh, virtualNode, query } of watches.values()) if (keyOf(query) === key) for (const listener of [...listeners]) listener(mesh, virtualNode);
  };

  const ask = async (key: string, query: InstanceQuery): Promise<void> => {
    try {
      const instances = await finder.find(query);
      complaints.delete(key);
      if (JSON.stringify(found.get(key)) === JSON.stringify(instances)) return;
      found.set(key, instances);
      tell(key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (complaints.get(key) !== reason) log('warn', 'Cloud Map did not answer', { namespace: query.namespaceName, service: query.serviceName, reason });
      complaints.set(key, reason);
    }
  };

  const round = async (): Promise<void> => {
    asking = true;
    const queries = [...new Map([...watches.values()].map(({ query }) => [keyOf(query), query]))];
    for (let start = 0; start < queries.length && !closed; start += AT_ONCE) await Promise.all(queries.slice(start, start + AT_ONCE).map(([key, query]) => ask(key, query)));
    asking = false;
    schedule(intervalMs);
  };

  const schedule = (delayMs: number): void => {
    cancel?.();
    cancel = undefined;
    if (!closed && watches.size > 0) cancel = after(delayMs, () => void round());
  };

  const look = (mesh: string, virtualNode: string): void => {
    const view = reader.view(mesh);
    const node = view?.virtualNodes.get(virtualNode);
    const query = node && queryOf(node);
    const name = `${mesh}/${virtualNode}`;
    if (node === undefined || query === undefined) {
      watches.delete(name);
      return;
    }
    const preference = node.spec.serviceDiscovery?.awsCloudMap?.ipPreference ?? view?.mesh.spec.serviceDiscovery?.ipPreference ?? 'IPv4_PREFERRED';
    watches.set(name, { mesh, virtualNode, query, preference });
    // A node that is new need not wait for the next round.
    if (!found.has(keyOf(query)) && !asking) schedule(0);
  };

  const lookAtAll = (mesh: string): void => {
    for (const watch of [...watches.values()]) if (watch.mesh === mesh) look(mesh, watch.virtualNode);
    for (const virtualNode of reader.view(mesh)?.virtualNodes.keys() ?? []) look(mesh, virtualNode);
  };

  for (const mesh of reader.meshNames()) lookAtAll(mesh);
  const stop = reader.onChange(({ kind, mesh, name }) => {
    if (kind === 'virtualNode') look(mesh, name);
    if (kind === 'mesh') lookAtAll(mesh);
  });

  return {
    instancesOf: (mesh, virtualNode) => {
      const watch = watches.get(`${mesh}/${virtualNode}`);
      const instances = watch && found.get(keyOf(watch.query));
      return watch && instances?.flatMap((instance) => addressOf(instance, watch.preference) ?? []).sort();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      closed = true;
      cancel?.();
      stop();
    },
  };
}
