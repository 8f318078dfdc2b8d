import type { Log } from '../../contracts/log.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { After } from '../timers.ts';
import type { ResourceSet } from './resource-set.ts';
import type { TypeState } from './type-state.ts';
import { RESOURCE_TYPES, type ResourceType } from './types.ts';
import { textField } from './wire.ts';

export interface AdsStreamOptions {
  /** Writes an encoded DiscoveryResponse, or DeltaDiscoveryResponse. */
  readonly send: (response: Buffer) => void;
  readonly after: After;
  readonly log: Log;
  readonly nodeId: string;
  /** How long to wait for clusters and endpoints to be answered before routes go out all the same. Default 5 s. */
  readonly answerTimeoutMs?: number;
  /** Between the answer to new routes and the removal of what they no longer name. Default 30 ms. */
  readonly pauseMs?: number;
  /** Clusters that such a client was offered before, by an earlier stream or process: it may still have them. */
  readonly earlierClusters?: readonly ResourceSet[];
  /** Told of the clusters whenever they are sent. */
  readonly onClusters?: (set: ResourceSet) => void;
  /** Told of everything that is sent, accepted or refused. */
  readonly onExchange?: (what: Exchange, type: ResourceType) => void;
}

/** What passes between this side and a client: a response, and the client's word on one. */
export const EXCHANGES = ['sent', 'accepted', 'refused'] as const;
export type Exchange = (typeof EXCHANGES)[number];

/** What a client has made of its configuration. */
export type StreamState = { readonly state: 'acked' | 'pending' } | { readonly state: 'rejected'; readonly error: string };

/**
 * The phases of a change, in the order that keeps traffic whole (make before break):
 * - add: secrets, clusters and endpoints, old and new together, until they are answered. A route to a cluster whose endpoints are late answers 503.
 * - switch: new listeners and routes, until they are answered.
 * - pause: requests that took the old route are still on their way.
 * - settled: what is no longer named is gone.
 * A phase with nothing to send passes at once, so a change of weights is one push.
 */
type Phase = 'add' | 'switch' | 'pause' | 'settled';

const NONCE_FIELD = 5;

/** One of something for each type. */
export const byType = <T>(make: (type: ResourceType) => T): Readonly<Record<ResourceType, T>> => ({
  cluster: make('cluster'),
  endpoint: make('endpoint'),
  listener: make('listener'),
  route: make('route'),
  secret: make('secret'),
});

/** One client's aggregated stream: brings it from what it has to the newest snapshot, whatever it answers, without regard to other clients. */
export abstract class AdsStream {
  readonly nodeId: string;
  readonly #options: Required<AdsStreamOptions>;
  #target: Snapshot | undefined;
  #phase: Phase = 'add';
  #nonce = 0;
  readonly #answeredNonces = new Map<ResourceType, string>();
  #overdue = false;
  #cancelTimer: (() => void) | undefined;
  /** Whether the client already serves by some earlier configuration. */
  #hasTraffic = false;
  #advancing = false;
  /** Whether the client has asked for anything: until then nobody knows what it has, and nothing is decided. */
  #begun = false;
  /** Clusters whose change the client was not sent yet. */
  readonly #changedClusters = new Set<string>();

  constructor(options: AdsStreamOptions) {
    this.nodeId = options.nodeId;
    this.#options = { answerTimeoutMs: 5_000, pauseMs: 30, earlierClusters: [], onClusters: () => undefined, onExchange: () => undefined, ...options };
  }

  protected abstract readonly types: Readonly<Record<ResourceType, TypeState>>;

  protected get earlierClusters(): readonly ResourceSet[] {
    return this.#options.earlierClusters;
  }

  get target(): Snapshot | undefined {
    return this.#target;
  }

  get state(): StreamState {
    const errors = RESOURCE_TYPES.flatMap((type) => {
      const { error } = this.types[type];
      return error === undefined ? [] : `${type}: ${error}`;
    });
    if (errors.length > 0) return { state: 'rejected', error: errors.join('; ') };
    return { state: this.#target !== undefined && (this.#phase === 'pause' || this.#phase === 'settled') ? 'acked' : 'pending' };
  }

  /** Sets what the client is to have. A change that is under way gives way to it. */
  retarget(snapshot: Snapshot): void {
    this.#target = snapshot;
    this.#enter('add');
    this.#advance();
  }

  /** The client asks for something. */
  protected begin(): void {
    this.#begun = true;
  }

  /** A client that was connected before serves by what it got then. */
  protected noteTraffic(): void {
    this.#hasTraffic = true;
  }

  /** What a client has differs from what was assumed: the change starts over. */
  protected restart(): void {
    this.#enter('add');
    this.#advance();
  }

  /** The client's word on a response, by its nonce: later requests that repeat it only change what is asked for. */
  protected noteAnswer(type: ResourceType, { nonce, error }: { readonly nonce: string; readonly error?: string | undefined }): void {
    if (nonce === '' || this.#answeredNonces.get(type) === nonce) return;
    this.#answeredNonces.set(type, nonce);
    this.#options.onExchange(error === undefined ? 'accepted' : 'refused', type);
  }

  /** Goes on after a request that counted. */
  protected proceed(type: ResourceType, error: string | undefined): void {
    if (error !== undefined) this.#options.log('warn', 'a proxy refused its configuration', { node: this.nodeId, type, error });
    // An answer may have let changed clusters go, which wait for their endpoints whatever phase this is.
    const { endpoint } = this.types;
    if (type === 'cluster' && endpoint.offered !== undefined) endpoint.offer(endpoint.offered);
    this.#advance();
  }

  close(): void {
    this.#cancelTimer?.();
  }

  protected write(type: ResourceType, response: Uint8Array): string {
    const nonce = String(++this.#nonce);
    const { offered, wantsAll } = this.types[type];
    if (type === 'cluster' && wantsAll && offered !== undefined) this.#options.onClusters(offered);
    this.#options.send(Buffer.concat([response, textField(NONCE_FIELD, nonce)]));
    this.#options.onExchange('sent', type);
    if (type === 'cluster') this.#oweEndpoints();
    return nonce;
  }

  /** A cluster that changes asks for its endpoints anew, though they are the same: they count only when they come after it. */
  #oweEndpoints(): void {
    if (this.#changedClusters.size > 0) this.types.endpoint.owe([...this.#changedClusters]);
    this.#changedClusters.clear();
  }

  #enter(phase: Phase): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#phase = phase;
    this.#overdue = false;
  }

  /** Goes through as many phases as nothing holds up. */
  #advance(): void {
    if (this.#target === undefined || this.#advancing || !this.#begun) return;
    this.#advancing = true;
    try {
      if (this.#phase === 'add') this.#add(this.#target);
      if (this.#phase === 'switch') this.#switch(this.#target);
      if (this.#phase === 'pause') this.#trim(this.#target);
    } finally {
      this.#advancing = false;
    }
  }

  #add(target: Snapshot): void {
    this.#offerClusters(target);
    if (this.#isHeldByRefusal(target)) return;
    if (!this.#overdue && !this.#isReachAnswered(target)) {
      this.#cancelTimer ??= this.#options.after(this.#options.answerTimeoutMs, () => {
        this.#overdue = true;
        this.#advance();
      });
      return;
    }
    this.#enter('switch');
  }

  #offerClusters({ sets }: Snapshot): void {
    const { cluster, endpoint, secret } = this.types;
    secret.offer(secret.offered?.overlaidWith(sets.secret) ?? sets.secret);
    const before = cluster.offered;
    const clusters = before?.overlaidWith(sets.cluster) ?? sets.cluster;
    if (before !== undefined && clusters !== before) {
      for (const { name, hash } of before.resources.values()) if (clusters.resources.get(name)?.hash !== hash) this.#changedClusters.add(name);
    }
    cluster.offer(clusters);
    endpoint.offer(endpoint.offered?.overlaidWith(sets.endpoint) ?? sets.endpoint);
  }

  /** Whether the client can reach everything the new routes will name. A gRPC client asks for clusters only once routes name them, and waits for them itself. */
  #isReachAnswered({ proxy, sets, secretNames }: Snapshot): boolean {
    const { cluster, endpoint } = this.types;
    if (cluster.subscribed && !cluster.answeredFor()) return false;
    if (proxy.client === 'grpc' || !cluster.wantsAll) return !endpoint.subscribed || endpoint.answeredFor();
    if (!this.#areSecretsAnswered(secretNames.cluster)) return false;
    return sets.endpoint.resources.size === 0 || (endpoint.subscribed && endpoint.answeredFor(sets.endpoint.resources.keys()));
  }

  /** A cluster or listener is not in use before its secrets are there; for one that is not there nobody waits here. */
  #areSecretsAnswered(names: ReadonlySet<string>): boolean {
    const { secret } = this.types;
    return names.size === 0 || (secret.subscribed && secret.answeredFor(names));
  }

  /** A client that refused clusters keeps its routes as long as the new ones would name a cluster it never took. */
  #isHeldByRefusal({ routedClusters }: Snapshot): boolean {
    const { cluster, endpoint } = this.types;
    if (cluster.error === undefined && endpoint.error === undefined) return false;
    if (!this.#hasTraffic && !this.types.route.hasAccepted()) return false;
    return [...routedClusters].some((name) => !cluster.hasAccepted(name));
  }

  #switch(target: Snapshot): void {
    const { listener, route } = this.types;
    listener.offer(target.sets.listener);
    route.offer(target.sets.route);
    if (!this.#areRoutesAnswered(target)) return;
    // What was refused is still served by its older form, which may need all there was.
    if (listener.error !== undefined || route.error !== undefined) return;
    this.#enter('pause');
    this.#cancelTimer = this.#options.after(this.#options.pauseMs, () => {
      this.#overdue = true;
      this.#advance();
    });
  }

  #areRoutesAnswered({ proxy, routeNames, secretNames }: Snapshot): boolean {
    const { listener, route } = this.types;
    if (!listener.subscribed || !listener.answeredFor()) return false;
    if (proxy.client === 'grpc' || !listener.wantsAll) return !route.subscribed || route.answeredFor();
    if (!this.#areSecretsAnswered(secretNames.listener)) return false;
    return routeNames.size === 0 || (route.subscribed && route.answeredFor(routeNames));
  }

  /** Nothing to remove needs no pause; a gRPC client is not deprived of a cluster that it still asks for. */
  #trim({ sets }: Snapshot): void {
    const { cluster, endpoint } = this.types;
    const surplus = cluster.surplusOver(sets.cluster);
    if (surplus.length > 0 || endpoint.surplusOver(sets.endpoint).length > 0) {
      if (!this.#overdue || (!cluster.wantsAll && surplus.some((name) => cluster.wants(name)))) return;
    }
    this.#enter('settled');
    cluster.settleOn(sets.cluster);
    endpoint.settleOn(sets.endpoint);
    this.types.listener.settleOn(sets.listener);
    this.types.secret.settleOn(sets.secret);
  }
}
