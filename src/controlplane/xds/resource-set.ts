import { createHash } from 'node:crypto';
import { field, textField } from './wire.ts';
import { typeUrl, type ResourceType } from './types.ts';

/** A resource encoded once for all streams. */
export interface EncodedResource {
  readonly name: string;
  /** The content hash; equal hashes mean equal bytes. */
  readonly hash: string;
  /** Field 2 of a DiscoveryResponse, tag and length included. */
  readonly bytes: Uint8Array;
}

export const encodedResource = (name: string, any: Uint8Array): EncodedResource => ({
  name,
  hash: createHash('sha256').update(any).digest('base64url'),
  bytes: field(2, any),
});

/** A part of a set, as one response carries it: everything but the nonce. */
export interface ResponseBody {
  readonly version: string;
  /** The content hash of each resource in it. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Fields 1 (version), 2 (resources) and 4 (type) of a DiscoveryResponse; messages concatenate, so a stream appends its nonce. */
  readonly bytes: Uint8Array;
}

/** The names a client asked for, or everything there is. */
export type Subscription = 'all' | ReadonlySet<string>;

const MOST_BODIES = 256;

/** All resources of one type that are offered together. Immutable; what is computed from it is kept with it. */
export class ResourceSet {
  readonly type: ResourceType;
  readonly resources: ReadonlyMap<string, EncodedResource>;
  readonly #bodies = new Map<string, ResponseBody>();
  readonly #unions = new WeakMap<ResourceSet, ResourceSet>();

  constructor(type: ResourceType, resources: ReadonlyMap<string, EncodedResource>) {
    this.type = type;
    this.resources = resources;
  }

  /** The response to a subscription, encoded on first use and shared by all streams that want the same. */
  body(subscription: Subscription): ResponseBody {
    const key = subscription === 'all' ? '*' : [...subscription].sort().join('\n');
    const known = this.#bodies.get(key);
    if (known !== undefined) return known;
    const body = this.#encode(subscription);
    // Clients ask for the same few parts; one that asks for ever others must not fill the memory.
    if (this.#bodies.size >= MOST_BODIES) this.#bodies.clear();
    this.#bodies.set(key, body);
    return body;
  }

  /** Whether every resource of the other set is in this one, with the same content. */
  includes(other: ResourceSet): boolean {
    return [...other.resources.values()].every(({ name, hash }) => this.resources.get(name)?.hash === hash);
  }

  /** This set overlaid with another: what both serve while a change is under way. The very same set where nothing is added. */
  overlaidWith(next: ResourceSet): ResourceSet {
    if (this.includes(next)) return this;
    if ([...this.resources.keys()].every((name) => next.resources.has(name))) return next;
    const known = this.#unions.get(next);
    if (known !== undefined) return known;
    const union = new ResourceSet(this.type, new Map([...this.resources, ...next.resources]));
    this.#unions.set(next, union);
    return union;
  }

  #encode(subscription: Subscription): ResponseBody {
    const names = [...(subscription === 'all' ? this.resources.keys() : subscription)].sort();
    const resources = names.flatMap((name) => this.resources.get(name) ?? []);
    const hash = createHash('sha256');
    for (const resource of resources) hash.update(resource.name).update('\0').update(resource.hash).update('\0');
    const version = hash.digest('hex').slice(0, 16);
    const bytes = Buffer.concat([textField(1, version), ...resources.map((resource) => resource.bytes), textField(4, typeUrl(this.type))]);
    return { version, hashes: new Map(resources.map((resource) => [resource.name, resource.hash])), bytes };
  }
}
