import type { CertificateSource } from '../certificates/port.ts';
import type { MeshView } from '../model/resources.ts';
import { translate } from '../translate/translate.ts';
import type { ProtoJson, Proxy, ProxyResources } from '../translate/types.ts';
import { encodeAny } from '../xds/codec.ts';
import { encodedResource, ResourceSet, type EncodedResource } from '../xds/resource-set.ts';
import { MESSAGE, type ResourceType } from '../xds/types.ts';
import { danglingReferences, routedClustersOf, routeNamesOf } from './references.ts';
import { fillSecrets, secretFiller, secretNamesOf, type SecretNames } from './secrets.ts';
import type { Snapshot } from './snapshot.ts';
import { sourceKey, trackedLookup, type Reachable } from './tracked-lookup.ts';

/** A mesh whose configuration cannot be published: it is not consistent, or some value has no place in Envoy's types. */
class NotPublishable extends Error {
  override readonly name = 'NotPublishable';
}

/** Encoded resources by their JSON text. What did not change since the last snapshot is not encoded again. */
export type EncodingCache = Map<string, EncodedResource>;

function encodeSet(type: ResourceType, resources: ReadonlyMap<string, ProtoJson>, before: EncodingCache, kept: EncodingCache): ResourceSet {
  const encoded = new Map<string, EncodedResource>();
  for (const [name, json] of resources) {
    const key = `${type} ${JSON.stringify(json)}`;
    const resource = before.get(key) ?? encodedResource(name, encodeAny(MESSAGE[type], json));
    kept.set(key, resource);
    encoded.set(name, resource);
  }
  return new ResourceSet(type, encoded);
}

/** The set as it was, where nothing changed in it, so that streams see at a glance that there is nothing to send. */
const orSame = (before: ResourceSet | undefined, now: ResourceSet): ResourceSet =>
  before !== undefined && before.resources.size === now.resources.size && before.includes(now) ? before : now;

export interface BuildOptions {
  readonly view: MeshView;
  readonly reach: Reachable;
  readonly certificates: CertificateSource;
  readonly proxy: Proxy;
  readonly previous: Snapshot | undefined;
  /** From the last build of this proxy; replaced by what this one used. */
  readonly cache: EncodingCache;
}

type Resources = ProxyResources & { readonly secret: ReadonlyMap<string, ProtoJson> };

function encodeAll(resources: Resources, { previous, cache }: BuildOptions): Snapshot['sets'] {
  const kept: EncodingCache = new Map();
  const one = (type: ResourceType): ResourceSet => orSame(previous?.sets[type], encodeSet(type, resources[type], cache, kept));
  const sets = { cluster: one('cluster'), endpoint: one('endpoint'), listener: one('listener'), route: one('route'), secret: one('secret') };
  cache.clear();
  for (const [key, resource] of kept) cache.set(key, resource);
  return sets;
}

/** What is there of what is waited for. */
const present = (names: SecretNames, secrets: ReadonlyMap<string, unknown>): SecretNames => {
  const those = (wanted: ReadonlySet<string>): Set<string> => new Set([...wanted].filter((name) => secrets.has(name)));
  return { cluster: those(names.cluster), listener: those(names.listener) };
};

/**
 * Translates, checks and encodes what a proxy is to have. Undefined when the proxy's own resource is not in the mesh.
 * @throws NotPublishable saying what is wrong.
 */
export function buildSnapshot(options: BuildOptions): Snapshot | undefined {
  const { proxy } = options;
  const { lookup, sources } = trackedLookup(options.view, options.reach);
  // Every snapshot depends on its mesh, whether or not it needs anything of its spec.
  lookup.mesh();
  const resources = translate(lookup, proxy);
  if (resources === undefined) return undefined;
  const dangling = danglingReferences(resources);
  if (dangling.length > 0) throw new NotPublishable(`mesh ${proxy.mesh}, ${proxy.kind} ${proxy.name}: ${dangling.join('; ')}`);
  const names = secretNamesOf(resources);
  const filler = secretFiller(options.certificates);
  const secret = fillSecrets(names, filler);
  for (const arn of filler.asked) sources.set(sourceKey('certificate', arn), 0);
  try {
    return {
      proxy,
      sets: encodeAll({ ...resources, secret }, options),
      sources,
      routedClusters: routedClustersOf(resources),
      routeNames: routeNamesOf(resources),
      secretNames: present(names, secret),
      missing: filler.missing,
    };
  } catch (error) {
    throw new NotPublishable(`mesh ${proxy.mesh}, ${proxy.kind} ${proxy.name}: ${(error as Error).message}`, { cause: error });
  }
}
