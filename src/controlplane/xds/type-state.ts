import type { ResourceSet } from './resource-set.ts';

/**
 * One type on one stream: what the client wants, what it was sent, and what it said about it.
 * A response is only ever sent when the one before was answered: a client that is slow gets the newest state, not a queue of old ones.
 */
export interface TypeState {
  readonly subscribed: boolean;
  readonly wantsAll: boolean;
  /** The client's own words about what it refused last; gone once it accepted something newer. */
  readonly error: string | undefined;
  readonly offered: ResourceSet | undefined;
  /** Whether the client accepted this resource, or (without a name) anything at all. */
  hasAccepted(name?: string): boolean;
  /** Whether the client has answered for what is offered, good or bad; `names` must be in what it answered for. */
  answeredFor(names?: Iterable<string>): boolean;
  /** Names that the client may hold now and that are not in another set. */
  surplusOver(set: ResourceSet): readonly string[];
  wants(name: string): boolean;
  /** From now on this is what there is. Sent at once where the client is subscribed and sees a difference. */
  offer(set: ResourceSet): void;
  /** As `offer`; what the client brought along from an earlier stream, and is not in the set, goes too. */
  settleOn(set: ResourceSet): void;
  /** The next offer sends these though nothing changed: a changed cluster waits for its endpoints, which are the same. */
  owe(names: readonly string[]): void;
}

/** A request about one type: returns whether it counted. One that is about an older response says nothing. */
export interface TypeAnswer {
  readonly nonce: string;
  /** Set when the client refused the response of that nonce. */
  readonly error?: string;
}
