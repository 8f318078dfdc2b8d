import { AdsStream, byType } from './ads-stream.ts';
import { TypeSubscription, type TypeRequest } from './subscription.ts';
import type { ResourceType } from './types.ts';

/** A state-of-the-world stream. */
export class StateStream extends AdsStream {
  protected readonly types = byType((type) => new TypeSubscription((body) => this.write(type, body.bytes)));

  /** Takes a request of one type. `version` is what the client says it has: set on its first request when it was connected before. */
  request(type: ResourceType, request: TypeRequest, version: string): void {
    this.begin();
    if (version !== '' && request.nonce === '') {
      this.noteTraffic();
      if (this.#resume(type, request.names, version)) return;
    }
    if (!this.types[type].request(request)) return;
    this.noteAnswer(type, request);
    this.proceed(type, request.error);
  }

  /**
   * Endpoints are sent in any case: a cluster that changed just before the stream broke still waits for them.
   * Clusters may be of an older version that is remembered: they stay, beside the new ones, until new routes are accepted.
   */
  #resume(type: ResourceType, names: readonly string[], version: string): boolean {
    const now = this.target?.sets[type];
    if (type === 'endpoint' || now === undefined) return false;
    const had = this.types[type].resume(names, version, type === 'cluster' ? [now, ...this.earlierClusters] : [now]);
    if (had !== undefined && had !== now) this.restart();
    else if (had !== undefined) this.proceed(type, undefined);
    return had !== undefined;
  }
}
