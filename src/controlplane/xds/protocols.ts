import type { ProtoJson } from '../translate/types.ts';
import type { AdsStream, AdsStreamOptions } from './ads-stream.ts';
import { textOf } from './codec.ts';
import { DeltaStream } from './delta-stream.ts';
import { StateStream } from './state-stream.ts';
import { typeOfUrl } from './types.ts';

/** How one of the two protocols is spoken. */
export interface Protocol<S extends AdsStream> {
  /** The message that its requests are, and the field of it that tells the node. */
  readonly message: string;
  readonly nodeField: number;
  readonly open: (options: AdsStreamOptions) => S;
  readonly pass: (stream: S, request: ProtoJson) => void;
}

const errorOf = (request: ProtoJson): { error?: string } => {
  const detail = request['error_detail'] as { message?: string } | undefined;
  return detail === undefined ? {} : { error: detail.message ?? 'refused without a reason' };
};

const namesOf = (request: ProtoJson, field: string): readonly string[] => (request[field] as string[] | undefined) ?? [];

/** The state of the world. */
export const STATE: Protocol<StateStream> = {
  message: 'envoy.service.discovery.v3.DiscoveryRequest',
  nodeField: 2,
  open: (options) => new StateStream(options),
  pass: (stream, request) => {
    // Types that are not served (runtime, …) stay unanswered: the client goes on without them.
    const type = typeOfUrl(textOf(request, 'type_url'));
    if (type === undefined) return;
    stream.request(type, { names: namesOf(request, 'resource_names'), nonce: textOf(request, 'response_nonce'), ...errorOf(request) }, textOf(request, 'version_info'));
  },
};

/** Incremental. */
export const DELTA: Protocol<DeltaStream> = {
  message: 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  nodeField: 1,
  open: (options) => new DeltaStream(options),
  pass: (stream, request) => {
    const type = typeOfUrl(textOf(request, 'type_url'));
    if (type === undefined) return;
    stream.request(type, {
      nonce: textOf(request, 'response_nonce'),
      subscribe: namesOf(request, 'resource_names_subscribe'),
      unsubscribe: namesOf(request, 'resource_names_unsubscribe'),
      initial: (request['initial_resource_versions'] as Record<string, string> | undefined) ?? {},
      ...errorOf(request),
    });
  },
};
