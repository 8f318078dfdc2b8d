import type { Log } from '../../contracts/log.ts';
import { createListeners } from '../listeners.ts';
import type { MeshReader, Resource } from '../model/resources.ts';
import type { After } from '../timers.ts';
import { createAnswers, keyOf, type Instance, type InstanceFinder, type InstanceQuery } from './instance-answers.ts';

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

/** The address that an IP preference picks, if the instance has one that will do. */
function addressOf({ ipv4, ipv6 }: Instance, preference: string): string | undefined {
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

function watchOf(reader: MeshReader, mesh: string, virtualNode: string): Watch | undefined {
  const view = reader.view(mesh);
  const node = view?.virtualNodes.get(virtualNode);
  const query = node && queryOf(node);
  if (query === undefined) return undefined;
  const preference = node?.spec.serviceDiscovery?.awsCloudMap?.ipPreference ?? view?.mesh.spec.serviceDiscovery?.ipPreference ?? 'IPv4_PREFERRED';
  return { mesh, virtualNode, query, preference };
}

/** Asks for the instances of all nodes that are discovered by Cloud Map, again and again. */
export function createCloudMap({ reader, finder, after, log, intervalMs = 5_000 }: CloudMapOptions): CloudMap {
  const watches = new Map<string, Watch>();
  const answers = createAnswers(finder, log);
  const listeners = createListeners<[mesh: string, virtualNode: string]>();
  const state: { cancel?: (() => void) | undefined; asking: boolean; closed: boolean } = { asking: false, closed: false };

  const tell = (answered: InstanceQuery): void => {
    for (const { mesh, virtualNode, query } of watches.values()) if (keyOf(query) === keyOf(answered)) listeners.tell(mesh, virtualNode);
  };
  const round = async (): Promise<void> => {
    state.asking = true;
    await answers.ask([...watches.values()].map(({ query }) => query), () => !state.closed, tell);
    state.asking = false;
    schedule(intervalMs);
  };
  const schedule = (delayMs: number): void => {
    state.cancel?.();
    state.cancel = state.closed || watches.size === 0 ? undefined : after(delayMs, () => void round());
  };

  const look = (mesh: string, virtualNode: string): void => {
    const watch = watchOf(reader, mesh, virtualNode);
    if (watch === undefined) {
      watches.delete(`${mesh}/${virtualNode}`);
      return;
    }
    watches.set(`${mesh}/${virtualNode}`, watch);
    // A node that is new need not wait for the next round.
    if (answers.get(watch.query) === undefined && !state.asking) schedule(0);
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
      return watch && answers.get(watch.query)?.flatMap((instance) => addressOf(instance, watch.preference) ?? []).sort();
    },
    onChange: listeners.add,
    close: () => {
      state.closed = true;
      state.cancel?.();
      stop();
    },
  };
}
