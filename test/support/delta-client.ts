import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { ProtoJson } from '../../src/controlplane/translate/types.ts';
import { decode, encode, textOf } from '../../src/controlplane/xds/codec.ts';
import { typeOfUrl, typeUrl, type ResourceType } from '../../src/controlplane/xds/types.ts';

const DELTA = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const identity = (bytes: Buffer): Buffer => bytes;

/** An incremental response as a client sees it. */
export interface DeltaResponse {
  readonly type: ResourceType;
  readonly nonce: string;
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly removed: readonly string[];
  readonly resources: readonly ProtoJson[];
}

export interface DeltaRequestOptions {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initial?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  readonly error?: string;
}

/** One raw incremental stream. */
export interface DeltaClientStream {
  readonly heard: readonly DeltaResponse[];
  /** What it holds of a type, by the responses it heard: versions by name. */
  held(type: ResourceType): Record<string, string>;
  request(type: ResourceType, options?: DeltaRequestOptions): void;
  next(): Promise<DeltaResponse>;
  /** Takes the next response, which must be of this type, and accepts it. */
  accept(type: ResourceType): Promise<DeltaResponse>;
  readonly ended: Promise<ServiceError>;
  cancel(): void;
}

function parse(bytes: Buffer): DeltaResponse {
  const json = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes);
  const type = typeOfUrl(textOf(json, 'type_url'));
  if (type === undefined) throw new Error(`a response of type ${textOf(json, 'type_url')}`);
  const entries = (json['resources'] as { name: string; version: string; resource: ProtoJson }[] | undefined) ?? [];
  return {
    type,
    nonce: textOf(json, 'nonce'),
    versions: Object.fromEntries(entries.map(({ name, version }) => [name, version])),
    names: entries.map(({ name }) => name),
    removed: (json['removed_resources'] as string[] | undefined) ?? [],
    resources: entries.map(({ resource }) => resource),
  };
}

const toBytes = (type: ResourceType, { subscribe = [], unsubscribe = [], initial = {}, nonce = '', error }: DeltaRequestOptions, node?: ProtoJson): Buffer =>
  Buffer.from(
    encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      type_url: typeUrl(type),
      resource_names_subscribe: subscribe,
      resource_names_unsubscribe: unsubscribe,
      initial_resource_versions: initial,
      response_nonce: nonce,
      ...(error === undefined ? {} : { error_detail: { code: 13, message: error } }),
      ...(node === undefined ? {} : { node }),
    }),
  );

/** A client with one connection; every stream is one proxy. */
export function openDeltaClient(port: number): { open(node: ProtoJson): DeltaClientStream; close(): void } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const streams: DeltaClientStream[] = [];
  const open = (node: ProtoJson): DeltaClientStream => {
    const call = client.makeBidiStreamRequest(DELTA, identity, identity);
    const heard: DeltaResponse[] = [];
    const waiting: { resolve: (response: DeltaResponse) => void; reject: (error: Error) => void }[] = [];
    let taken = 0;
    let first = true;
    const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve));
    void ended.then((error) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    });
    const give = (): void => {
      while (waiting.length > 0 && taken < heard.length) waiting.shift()?.resolve(heard[taken++]!);
    };
    call.on('data', (bytes: Buffer) => {
      heard.push(parse(bytes));
      give();
    });
    const request = (type: ResourceType, options: DeltaRequestOptions = {}): void => {
      call.write(toBytes(type, options, first ? node : undefined));
      first = false;
    };
    const next = (): Promise<DeltaResponse> =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        give();
      });
    const stream: DeltaClientStream = {
      heard,
      held: (type) => {
        const held: Record<string, string> = {};
        for (const response of heard.filter((one) => one.type === type)) {
          Object.assign(held, response.versions);
          for (const name of response.removed) Reflect.deleteProperty(held, name);
        }
        return held;
      },
      request,
      next,
      accept: async (type) => {
        const response = await next();
        if (response.type !== type) throw new Error(`heard ${response.type} (${response.names.join()}), expected ${type}`);
        request(type, { nonce: response.nonce });
        return response;
      },
      ended,
      cancel: () => call.cancel(),
    };
    streams.push(stream);
    return stream;
  };
  return {
    open,
    close: () => {
      for (const stream of streams) stream.cancel();
      client.close();
    },
  };
}
