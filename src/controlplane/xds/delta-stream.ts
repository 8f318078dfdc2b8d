import { AdsStream, byType } from './ads-stream.ts';
import { DeltaSubscription, type DeltaRequest } from './delta-subscription.ts';
import type { ResourceType } from './types.ts';

/** An incremental stream. */
export class DeltaStream extends AdsStream {
  protected readonly types = byType((type) => new DeltaSubscription(type, (response) => this.write(type, response)));

  request(type: ResourceType, request: DeltaRequest): void {
    this.begin();
    if (Object.keys(request.initial).length > 0) this.noteTraffic();
    if (!this.types[type].request(request)) return;
    this.noteAnswer(type, request);
    this.proceed(type, request.error);
  }
}
