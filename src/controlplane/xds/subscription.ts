import type { ResourceSet, ResponseBody, Subscription } from './resource-set.ts';

/** A DiscoveryRequest, as far as one type's state is concerned. */
export interface TypeRequest {
  readonly names: readonly string[];
  readonly nonce: string;
  /** Set when the client refused the response of that nonce. */
  readonly error?: string;
}

interface Sent {
  readonly nonce: string;
  readonly body: ResponseBody;
  readonly set: ResourceSet;
}

/**
 * One type on one stream: what the client wants, what it was sent, and what it said about it.
 * A response is only ever sent when the one before was answered: a client that is slow gets the newest state, not a queue of old ones.
 */
export class TypeSubscription {
  #wanted: Subscription | undefined;
  #offered: ResourceSet | undefined;
  #sent: Sent | undefined;
  #answered = true;
  /** Set where a client must be answered though nothing changed. */
  #owed = false;
  #accepted: Sent | undefined;
  #error: string | undefined;
  readonly #send: (body: ResponseBody) => string;

  /** @param send writes a response and returns its nonce. */
  constructor(send: (body: ResponseBody) => string) {
    this.#send = send;
  }

  get subscribed(): boolean {
    return this.#wanted !== undefined;
  }

  get wantsAll(): boolean {
    return this.#wanted === 'all';
  }

  /** The client's own words about what it refused last; gone once it accepted something newer. */
  get error(): string | undefined {
    return this.#error;
  }

  /** The set from which the client last accepted a response. */
  get accepted(): ResourceSet | undefined {
    return this.#accepted?.set;
  }

  get offered(): ResourceSet | undefined {
    return this.#offered;
  }

  /** Whether the client has answered for what is offered, good or bad; `names` must be in what it answered for. */
  answeredFor(names: Iterable<string> = []): boolean {
    const needed = [...names];
    if (this.#wantsNothing()) return needed.length === 0;
    const sent = this.#sent;
    if (sent === undefined || !this.#answered || this.#differs()) return false;
    return needed.every((name) => sent.body.hashes.has(name));
  }

  /** Names that are offered now and are not in another set. */
  surplusOver(set: ResourceSet): readonly string[] {
    return [...(this.#offered?.resources.keys() ?? [])].filter((name) => !set.resources.has(name));
  }

  wants(name: string): boolean {
    return this.#wanted === 'all' || this.#wanted?.has(name) === true;
  }

  /** From now on this is what there is. Sent at once where the client is subscribed and sees a difference. */
  offer(set: ResourceSet): void {
    this.#offered = set;
    this.#flush();
  }

  /** The next offer is sent though nothing changed: a changed cluster waits for its endpoints, which are the same. */
  owe(): void {
    if (this.#sent !== undefined) this.#owed = true;
  }

  /** Takes a request. A nonce other than the last is about an older response and says nothing. Returns whether it counted. */
  request({ names, nonce, error }: TypeRequest): boolean {
    if (this.#sent !== undefined && nonce !== this.#sent.nonce) return false;
    const repeated = this.#sent !== undefined && this.#answered;
    if (!repeated) this.#settle(error);
    const added = this.#want(names);
    // The same question again, without a new answer to it: the client lost what it had. Where it refused, it would again.
    const again = repeated && error === undefined && this.#wanted !== 'all' && added === 'same';
    if (again || added === 'more') this.#owed = true;
    this.#flush();
    return true;
  }

  #settle(error: string | undefined): void {
    if (this.#sent === undefined) return;
    this.#answered = true;
    this.#error = error;
    if (error === undefined) this.#accepted = this.#sent;
  }

  /** No names at first mean everything; no names later mean nothing. */
  #want(names: readonly string[]): 'more' | 'less' | 'same' {
    const before = this.#wanted;
    if (names.includes('*') || (names.length === 0 && (before === undefined || before === 'all'))) {
      this.#wanted = 'all';
      return before === 'all' ? 'same' : 'more';
    }
    const wanted = new Set(names);
    this.#wanted = wanted;
    if (before === undefined || before === 'all' || names.some((name) => !before.has(name))) return 'more';
    return wanted.size < before.size ? 'less' : 'same';
  }

  #wantsNothing(): boolean {
    return this.#wanted !== undefined && this.#wanted !== 'all' && this.#wanted.size === 0;
  }

  /** Whether the client would see a difference between what it was sent and what is offered. */
  #differs(): boolean {
    const [offered, wanted, sent] = [this.#offered, this.#wanted, this.#sent];
    if (offered === undefined || wanted === undefined || sent === undefined) return true;
    const known = sent.body.hashes;
    const names = wanted === 'all' ? [...offered.resources.keys()] : [...wanted];
    if (names.some((name) => offered.resources.has(name) && offered.resources.get(name)?.hash !== known.get(name))) return true;
    // Absence removes listeners and clusters; other types are dropped by whoever named them.
    if (offered.type === 'endpoint' || offered.type === 'route') return false;
    return [...known.keys()].some((name) => !offered.resources.has(name) && (wanted === 'all' || wanted.has(name)));
  }

  #flush(): void {
    const [set, wanted] = [this.#offered, this.#wanted];
    if (set === undefined || wanted === undefined || !this.#answered || this.#wantsNothing()) return;
    if (!this.#owed && this.#sent !== undefined && !this.#differs()) {
      this.#sent = { ...this.#sent, set };
      if (this.#error === undefined) this.#accepted = this.#sent;
      return;
    }
    this.#owed = false;
    this.#answered = false;
    const body = set.body(wanted);
    this.#sent = { nonce: this.#send(body), body, set };
  }
}
