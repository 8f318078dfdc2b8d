import type { EncodedResource, ResourceSet } from './resource-set.ts';
import type { TypeAnswer, TypeState } from './type-state.ts';
import { typeUrl, type ResourceType } from './types.ts';
import { field, textField } from './wire.ts';

/** A DeltaDiscoveryRequest, as far as one type's state is concerned. */
export interface DeltaRequest extends TypeAnswer {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the client holds from an earlier stream: versions by name. */
  readonly initial: Readonly<Record<string, string>>;
}

interface Sent {
  readonly nonce: string;
  readonly names: readonly string[];
}

const encoded = new WeakMap<EncodedResource, Buffer>();

/** Field 2 of a DeltaDiscoveryResponse: a Resource with its name (3), version (1) and content (2). Encoded once for all streams. */
function encodeResource(resource: EncodedResource): Buffer {
  const known = encoded.get(resource);
  if (known !== undefined) return known;
  const bytes = field(2, Buffer.concat([textField(3, resource.name), textField(1, resource.hash), resource.bytes]));
  encoded.set(resource, bytes);
  return bytes;
}

/** All of a DeltaDiscoveryResponse but the nonce. */
const encodeResponse = (type: ResourceType, changed: readonly EncodedResource[], removed: readonly string[]): Buffer =>
  Buffer.concat([...changed.map(encodeResource), textField(4, typeUrl(type)), ...removed.map((name) => textField(6, name))]);

/** The incremental protocol: each resource has its own version, and what goes is told by name. */
export class DeltaSubscription implements TypeState {
  readonly #type: ResourceType;
  readonly #send: (response: Uint8Array) => string;
  #subscribed = false;
  #wantsAll = false;
  readonly #names = new Set<string>();
  /** What the client has, or is about to have, by content hash; the empty text for what it is to get anew. */
  readonly #known = new Map<string, string>();
  /** Known from an earlier stream and never offered on this one: left alone until the client can do without. */
  readonly #brought = new Set<string>();
  /** Asked for by name and not there: the client waits for a word. */
  readonly #absent = new Set<string>();
  readonly #accepted = new Set<string>();
  #offered: ResourceSet | undefined;
  #sent: Sent | undefined;
  #answered = true;
  #owedFirst = false;
  #error: string | undefined;

  /** @param send writes a response (all but its nonce) and returns the nonce. */
  constructor(type: ResourceType, send: (response: Uint8Array) => string) {
    this.#type = type;
    this.#send = send;
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  get wantsAll(): boolean {
    return this.#wantsAll;
  }

  get error(): string | undefined {
    return this.#error;
  }

  get offered(): ResourceSet | undefined {
    return this.#offered;
  }

  hasAccepted(name?: string): boolean {
    return name === undefined ? this.#accepted.size > 0 : this.#accepted.has(name);
  }

  answeredFor(names: Iterable<string> = []): boolean {
    const needed = [...names];
    if (!this.#subscribed || !this.#answered || this.#owedFirst || this.#offered === undefined) return false;
    return this.#changed().length === 0 && needed.every((name) => this.#known.has(name));
  }

  surplusOver(set: ResourceSet): readonly string[] {
    return [...new Set([...(this.#offered?.resources.keys() ?? []), ...this.#brought])].filter((name) => !set.resources.has(name));
  }

  wants(name: string): boolean {
    return this.#wantsAll || this.#names.has(name);
  }

  offer(set: ResourceSet): void {
    this.#offered = set;
    for (const name of set.resources.keys()) this.#brought.delete(name);
    this.#flush();
  }

  settleOn(set: ResourceSet): void {
    this.#brought.clear();
    this.offer(set);
  }

  owe(names: readonly string[]): void {
    for (const name of names) if (this.#known.has(name)) this.#known.set(name, '');
  }

  /** Takes a request. An old nonce says nothing, but what is asked for beside it counts. Returns whether the nonce did. */
  request({ nonce, error, subscribe, unsubscribe, initial }: DeltaRequest): boolean {
    const answers = nonce !== '' && nonce === this.#sent?.nonce;
    if (answers) this.#settle(error);
    if (!this.#subscribed) this.#start(subscribe, initial);
    this.#subscribe(subscribe);
    this.#unsubscribe(unsubscribe);
    this.#flush();
    return answers || nonce === '';
  }

  #settle(error: string | undefined): void {
    this.#answered = true;
    this.#error = error;
    if (error === undefined) for (const name of this.#sent?.names ?? []) this.#accepted.add(name);
  }

  /** No names at first mean everything. Endpoints are sent again all the same: a cluster that changed just before may still wait for them. */
  #start(subscribe: readonly string[], initial: DeltaRequest['initial']): void {
    this.#subscribed = true;
    this.#wantsAll = subscribe.length === 0;
    this.#owedFirst = this.#wantsAll && Object.keys(initial).length === 0;
    for (const [name, version] of Object.entries(initial)) {
      this.#known.set(name, this.#type === 'endpoint' ? '' : version);
      this.#accepted.add(name);
      if (this.#offered?.resources.has(name) !== true) this.#brought.add(name);
    }
  }

  #subscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') {
        this.#owedFirst ||= !this.#wantsAll && this.#known.size === 0;
        this.#wantsAll = true;
        continue;
      }
      // Asked for again, it was lost; but what was brought along on this very request is there.
      if (this.#names.has(name)) this.#known.delete(name);
      this.#names.add(name);
      if (!this.#brought.has(name)) this.#absent.add(name);
    }
  }

  #unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') this.#wantsAll = false;
      this.#names.delete(name);
      this.#absent.delete(name);
      if (!this.#wantsAll) this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#known.delete(name);
    this.#brought.delete(name);
    this.#accepted.delete(name);
  }

  #changed(): EncodedResource[] {
    const offered = this.#offered?.resources ?? new Map<string, EncodedResource>();
    const wanted = this.#wantsAll ? offered.keys() : this.#names;
    return [...wanted].flatMap((name) => offered.get(name) ?? []).filter(({ name, hash }) => this.#known.get(name) !== hash);
  }

  /** Listeners and clusters go when they are no longer there; the others are dropped by whoever named them, who is told only that a name is of nothing. */
  #removed(offered: ResourceSet): string[] {
    const gone = (name: string): boolean => !offered.resources.has(name) && !this.#brought.has(name);
    const dropped = this.#type === 'cluster' || this.#type === 'listener' ? [...this.#known.keys()].filter(gone) : [];
    return [...new Set([...dropped, ...[...this.#absent].filter(gone)])];
  }

  #flush(): void {
    const offered = this.#offered;
    if (offered === undefined || !this.#subscribed || !this.#answered) return;
    const [changed, removed] = [this.#changed(), this.#removed(offered)];
    this.#absent.clear();
    if (changed.length === 0 && removed.length === 0 && !this.#owedFirst) return;
    this.#owedFirst = false;
    this.#answered = false;
    for (const { name, hash } of changed) this.#known.set(name, hash);
    for (const name of removed) this.#forget(name);
    const nonce = this.#send(encodeResponse(this.#type, changed, removed));
    this.#sent = { nonce, names: changed.map(({ name }) => name) };
  }
}
