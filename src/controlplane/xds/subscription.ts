import type { ResourceSet, ResponseBody, Subscription } from './resource-set.ts';
import type { TypeAnswer, TypeState } from './type-state.ts';

/** A DiscoveryRequest, as far as one type's state is concerned. */
export interface TypeRequest extends TypeAnswer {
  readonly names: readonly string[];
}

interface Sent {
  readonly nonce: string;
  readonly body: ResponseBody;
  readonly set: ResourceSet;
}

/** The state of the world: a response holds all that the client wants of its type. */
export class TypeSubscription implements TypeState {
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

  get error(): string | undefined {
    return this.#error;
  }

  hasAccepted(name?: string): boolean {
    return this.#accepted !== undefined && (name === undefined || this.#accepted.set.resources.has(name));
  }

  get offered(): ResourceSet | undefined {
    return this.#offered;
  }

  answeredFor(names: Iterable<string> = []): boolean {
    const needed = [...names];
    if (this.#wantsNothing()) return needed.length === 0;
    const sent = this.#sent;
    if (sent === undefined || !this.#answered || this.#differs()) return false;
    return needed.every((name) => sent.body.hashes.has(name));
  }

  surplusOver(set: ResourceSet): readonly string[] {
    return [...(this.#offered?.resources.keys() ?? [])].filter((name) => !set.resources.has(name));
  }

  wants(name: string): boolean {
    return this.#wanted === 'all' || this.#wanted?.has(name) === true;
  }

  offer(set: ResourceSet): void {
    this.#offered = set;
    this.#flush();
  }

  settleOn(set: ResourceSet): void {
    this.offer(set);
  }

  owe(): void {
    if (this.#sent !== undefined) this.#owed = true;
  }

  /**
   * Takes the first request of a client that was connected before: it has what it names the version of, and is sent nothing of it again.
   * Returns the set it has, or undefined where none of the candidates is it; then the request counts like any other.
   */
  resume(names: readonly string[], version: string, candidates: readonly ResourceSet[]): ResourceSet | undefined {
    if (this.#wanted !== undefined || this.#sent !== undefined) return undefined;
    const wanted: Subscription = names.length === 0 || names.includes('*') ? 'all' : new Set(names);
    const set = candidates.find((candidate) => candidate.body(wanted).version === version);
    if (set === undefined) return undefined;
    this.#wanted = wanted;
    this.#sent = { nonce: '', body: set.body(wanted), set };
    this.#accepted = this.#sent;
    this.#offered = set;
    return set;
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
    if (offered.type !== 'listener' && offered.type !== 'cluster') return false;
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
