import { Client, credentials, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import type { ProtoJson } from '../../src/controlplane/translate/types.ts';
import { decode, encode, textOf } from '../../src/controlplane/xds/codec.ts';
import { typeOfUrl, typeUrl, type ResourceType } from '../../src/controlplane/xds/types.ts';

const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const identity = (bytes: Buffer): Buffer => bytes;

/** A response as a client sees it. */
export interface Response {
  readonly type: ResourceType;
  readonly version: string;
  readonly nonce: string;
  readonly resources: readonly ProtoJson[];
  readonly names: readonly string[];
}

export interface RequestOptions {
  readonly names?: readonly string[];
  readonly nonce?: string;
  readonly version?: string;
  readonly error?: string;
  /** Sent with the first request; again where given. */
  readonly node?: ProtoJson;
}

/** One raw aggregated stream: says what it is told to say, and keeps what it hears. */
export interface AdsClientStream {
  /** Every response so far, in order. */
  readonly heard: readonly Response[];
  request(type: ResourceType, options?: RequestOptions): void;
  /** The next response not yet taken. Fails when the stream ends instead. */
  next(): Promise<Response>;
  /** Takes the next response, which must be of this type, and accepts it. `names` are then wanted. */
  accept(type: ResourceType, names?: readonly string[]): Promise<Response>;
  /** How the stream ended. */
  readonly ended: Promise<ServiceError>;
  raw(bytes: Buffer): void;
  cancel(): void;
}

export interface AdsClient {
  open(node: ProtoJson | string): AdsClientStream;
  /** Resolves when everything the server wrote before now has arrived: streams of a client share one connection, which keeps order. */
  settled(node: ProtoJson | string): Promise<void>;
  close(): void;
}

function parse(bytes: Buffer): Response {
  const json = decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
  const type = typeOfUrl(textOf(json, 'type_url'));
  if (type === undefined) throw new Error(`a response of type ${textOf(json, 'type_url')}`);
  const resources = (json['resources'] as ProtoJson[] | undefined) ?? [];
  const names = resources.map((resource) => textOf(resource, type === 'endpoint' ? 'cluster_name' : 'name'));
  return { type, version: textOf(json, 'version_info'), nonce: textOf(json, 'nonce'), resources, names };
}

const toBytes = (type: ResourceType, { names = [], nonce = '', version = '', error, node }: RequestOptions): Buffer =>
  Buffer.from(
    encode('envoy.service.discovery.v3.DiscoveryRequest', {
      type_url: typeUrl(type),
      resource_names: names,
      response_nonce: nonce,
      version_info: version,
      ...(error === undefined ? {} : { error_detail: { code: 13, message: error } }),
      ...(node === undefined ? {} : { node }),
    }),
  );

function streamOf(call: ClientDuplexStream<Buffer, Buffer>, node: ProtoJson): AdsClientStream {
  const heard: Response[] = [];
  const waiting: { resolve: (response: Response) => void; reject: (error: Error) => void }[] = [];
  let taken = 0;
  let first = true;
  const wanted = new Map<ResourceType, readonly string[]>();
  const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve));
  void ended.then((error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  const give = (): void => {
    while (waiting.length > 0 && taken < heard.length) {
      const response = heard[taken++];
      if (response !== undefined) waiting.shift()?.resolve(response);
    }
  };
  call.on('data', (bytes: Buffer) => {
    heard.push(parse(bytes));
    give();
  });
  const request = (type: ResourceType, options: RequestOptions = {}): void => {
    wanted.set(type, options.names ?? []);
    call.write(toBytes(type, { ...(first ? { node } : {}), ...options }));
    first = false;
  };
  const next = (): Promise<Response> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      give();
    });
  return {
    heard,
    request,
    next,
    accept: async (type, names) => {
      const response = await next();
      if (response.type !== type) throw new Error(`heard ${response.type} (${response.names.join()}), expected ${type}`);
      request(type, { names: names ?? wanted.get(type) ?? [], nonce: response.nonce, version: response.version });
      return response;
    },
    ended,
    raw: (bytes) => void call.write(bytes),
    cancel: () => call.cancel(),
  };
}

/** A client with one connection; every stream is one proxy. */
export function openAdsClient(port: number): AdsClient {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const streams: AdsClientStream[] = [];
  const open = (node: ProtoJson | string): AdsClientStream => {
    const stream = streamOf(client.makeBidiStreamRequest(ADS, identity, identity), typeof node === 'string' ? { id: node, user_agent_name: 'envoy' } : node);
    streams.push(stream);
    return stream;
  };
  return {
    open,
    settled: async (node) => {
      const stream = open(node);
      stream.request('cluster');
      await stream.next();
      stream.cancel();
    },
    close: () => {
      for (const stream of streams) stream.cancel();
      client.close();
    },
  };
}
