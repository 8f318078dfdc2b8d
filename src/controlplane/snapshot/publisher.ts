import type { Log } from '../../contracts/log.ts';
import { noCertificates, type CertificateSource } from '../certificates/port.ts';
import type { Endpoint, MeshChange, MeshReader } from '../model/resources.ts';
import type { Proxy } from '../translate/types.ts';
import { buildSnapshot, type EncodingCache } from './build-snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { sourceKey, type Reachable } from './tracked-lookup.ts';

/** Told of every new snapshot of one proxy. */
export interface Subscriber {
  publish(snapshot: Snapshot): void;
  /** The proxy's own resource is no longer in the mesh. */
  gone(): void;
}

/** The registered endpoints, as far as snapshots need them. */
export interface EndpointReader {
  of(mesh: string, virtualNode: string): readonly Endpoint[] | undefined;
  /** Addresses of the instances that the node's service discovery found; undefined when there was none. */
  instancesOf?(mesh: string, virtualNode: string): readonly string[] | undefined;
  onChange(listener: (mesh: string, virtualNode: string) => void): () => void;
}

interface Entry {
  readonly proxy: Proxy;
  readonly subscribers: Set<Subscriber>;
  readonly cache: EncodingCache;
  snapshot: Snapshot | undefined;
  /** Why the newest state of the mesh is not published; the last good one serves on. */
  problem: string | undefined;
  /** What was last logged about certificates that are not there. */
  told: string;
}

export interface Publisher {
  /** Publishes to the subscriber now and after each change. Undefined when the mesh does not have the proxy's resource; else how to stop. */
  subscribe(proxy: Proxy, subscriber: Subscriber): (() => void) | undefined;
  /** Why the newest state is not published to such a proxy, if so. */
  problemOf(proxy: Proxy): string | undefined;
  /** What is sent as secrets. */
  readonly certificates: CertificateSource;
  close(): void;
}

const keyOf = ({ mesh, kind, name, client, listen }: Proxy): string => JSON.stringify([mesh, kind, name, client, listen]);

/** The sources that a change of the mesh touches. A route touches its parent's list as well, which it may have joined or left. */
const touchedBy = ({ kind, name, parent }: MeshChange): string[] =>
  parent === undefined ? [sourceKey(kind, name)] : [sourceKey(kind, parent, name), sourceKey(`${kind}s`, parent)];

const reachOf = (reader: EndpointReader, mesh: string): Reachable => ({
  endpoints: (node) => reader.of(mesh, node),
  instances: (node) => reader.instancesOf?.(mesh, node),
});

/** Everything but such TLS is served on, so that it must be said. */
function tellMissing(entry: Entry, { proxy: { mesh, kind, name }, missing }: Snapshot, log: Log): void {
  const now = JSON.stringify(missing);
  if (now === entry.told) return;
  entry.told = now;
  for (const { arn, reason } of missing) log('error', 'a certificate is missing; TLS that needs it fails, all else is served', { mesh, kind, name, arn, reason });
  if (missing.length === 0) log('info', 'all certificates are there', { mesh, kind, name });
}

const touchCertificates = (entries: Iterable<Entry>, arns: readonly string[], touch: (mesh: string, sources: readonly string[]) => void): void => {
  for (const mesh of new Set([...entries].map(({ proxy }) => proxy.mesh))) touch(mesh, arns.map((arn) => sourceKey('certificate', arn)));
};

/** Keeps a snapshot for each kind of proxy that is connected, and rebuilds it when something it was built from changed. */
export function createPublisher(reader: MeshReader, endpoints: EndpointReader, log: Log, certificates: CertificateSource = noCertificates): Publisher {
  const entries = new Map<string, Entry>();
  /** Sources that changed and are not yet published, by mesh. */
  const touched = new Map<string, Set<string>>();

  const build = (entry: Entry): boolean => {
    const { proxy, cache } = entry;
    const view = reader.view(proxy.mesh);
    if (view === undefined) return false;
    try {
      const snapshot = buildSnapshot({ view, reach: reachOf(endpoints, proxy.mesh), certificates, proxy, previous: entry.snapshot, cache });
      if (snapshot === undefined) return false;
      entry.snapshot = snapshot;
      entry.problem = undefined;
      tellMissing(entry, snapshot, log);
    } catch (error) {
      entry.problem = (error as Error).message;
      log('error', 'configuration not published', { reason: entry.problem });
    }
    return true;
  };

  const rebuild = (key: string, entry: Entry): void => {
    if (build(entry)) {
      const { snapshot } = entry;
      if (snapshot !== undefined) for (const subscriber of [...entry.subscribers]) subscriber.publish(snapshot);
      return;
    }
    entries.delete(key);
    for (const subscriber of [...entry.subscribers]) subscriber.gone();
  };

  /** What could not be built has no sources to compare: any change may mend it. */
  const isAffected = ({ snapshot, problem }: Entry, sources: ReadonlySet<string>): boolean =>
    snapshot === undefined || problem !== undefined || [...sources].some((source) => snapshot.sources.has(source));

  const flush = (): void => {
    const changes = new Map(touched);
    touched.clear();
    for (const [key, entry] of [...entries]) {
      const sources = changes.get(entry.proxy.mesh);
      if (sources !== undefined && isAffected(entry, sources)) rebuild(key, entry);
    }
  };

  const touch = (mesh: string, sources: readonly string[]): void => {
    if (touched.size === 0) queueMicrotask(flush);
    const known = touched.get(mesh) ?? new Set();
    for (const source of sources) known.add(source);
    touched.set(mesh, known);
  };

  const stops = [
    reader.onChange((change) => touch(change.mesh, touchedBy(change))),
    endpoints.onChange((mesh, node) => touch(mesh, [sourceKey('endpoints', node)])),
    certificates.onChange((arns) => touchCertificates(entries.values(), arns, touch)),
  ];

  return {
    subscribe: (proxy, subscriber) => {
      const key = keyOf(proxy);
      const entry: Entry = entries.get(key) ?? { proxy, subscribers: new Set(), cache: new Map(), snapshot: undefined, problem: undefined, told: '[]' };
      if (entry.snapshot === undefined && !build(entry)) return undefined;
      entries.set(key, entry);
      entry.subscribers.add(subscriber);
      if (entry.snapshot !== undefined) subscriber.publish(entry.snapshot);
      return () => {
        entry.subscribers.delete(subscriber);
        if (entry.subscribers.size === 0 && entries.get(key) === entry) entries.delete(key);
      };
    },
    problemOf: (proxy) => entries.get(keyOf(proxy))?.problem,
    certificates,
    close: () => {
      for (const stop of stops) stop();
      entries.clear();
    },
  };
}
