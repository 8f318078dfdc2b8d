import type { ProtoJson } from '../translate/types.ts';
import type { AdsStream, AdsStreamOptions } from './ads-stream.ts';
import { textOf } from './codec.ts';
import { DeltaStream } from './delta-stream.ts';
import { StateStream } from './state-stream.ts';
import type { ResourceType } from './types.ts';

/** How one of the two protocols is spoken. */
export interface Protocol<S extends AdsStream> {
  /** The message that its requests are, and the field of it that tells the node. */
  readonly message: string;
  readonly nodeField: number;
  readonly open: (options: AdsStreamOptions) => S;
  /** Hands on a request about one type. */
  readonly pass: (stream: S, type: ResourceType, request: ProtoJson) => void;
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
  pass: (stream, type, request) => {
    stream.request(type, { names: namesOf(request, 'resource_names'), nonce: textOf(request, 'response_nonce'), ...errorOf(request) }, textOf(request, 'version_info'));
  },
};

/** Incremental. */
export const DELTA: Protocol<DeltaStream> = {
  message: 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  nodeField: 1,
  open: (options) => new DeltaStream(options),
  pass: (stream, type, request) => {
    stream.request(type, {
      nonce: textOf(request, 'response_nonce'),
      subscribe: namesOf(request, 'resource_names_subscribe'),
      unsubscribe: namesOf(request, 'resource_names_unsubscribe'),
      initial: (request['initial_resource_versions'] as Record<string, string> | undefined) ?? {},
      ...errorOf(request),
    });
  },
};
