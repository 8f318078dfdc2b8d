import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Log } from '../../contracts/log.ts';
import type { Publisher } from '../snapshot/publisher.ts';
import type { After } from '../timers.ts';
import type { ProtoJson, Proxy } from '../translate/types.ts';
import { AdsStream } from './ads-stream.ts';
import { decode, textOf } from './codec.ts';
import { proxyOf } from './node.ts';
import { typeOfUrl } from './types.ts';
import { withoutField } from './wire.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;

/** A connected client. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly stream: AdsStream;
}

export interface AdsService {
  readonly handle: (call: Call) => void;
  readonly connected: () => readonly ConnectedProxy[];
}

export interface AdsServiceOptions {
  readonly publisher: Publisher;
  readonly after: After;
  readonly log: Log;
}

const REQUEST = 'envoy.service.discovery.v3.DiscoveryRequest';
const NODE_FIELD = 2;

/** Ends a call with a status, as AWS's control plane did. */
export function refuse(call: Call, code: status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}

function passOn(stream: AdsStream, request: ProtoJson): void {
  const type = typeOfUrl(textOf(request, 'type_url'));
  // Types that are not served (secrets, runtime, …) stay unanswered: the client goes on without them.
  if (type === undefined) return;
  const detail = request['error_detail'] as { message?: string } | undefined;
  const names = (request['resource_names'] as string[] | undefined) ?? [];
  const nonce = textOf(request, 'response_nonce');
  stream.request(type, { names, nonce, ...(detail === undefined ? {} : { error: detail.message ?? 'refused without a reason' }) }, textOf(request, 'version_info'));
}

/** The aggregated discovery service, state of the world: one stream per client, told apart by the node of its first request. */
export function createAdsService({ publisher, after, log }: AdsServiceOptions): AdsService {
  const connected = new Map<Call, ConnectedProxy>();

  const admit = (call: Call, request: ProtoJson): AdsStream | undefined => {
    const nodeId = textOf(request['node'], 'id');
    const proxy = proxyOf(request['node'] as ProtoJson | undefined);
    if (proxy === undefined) {
      refuse(call, status.INVALID_ARGUMENT, `node id "${nodeId}" is not mesh/NAME/virtualNode/NAME or such an ARN`);
      return undefined;
    }
    const stream = new AdsStream({ nodeId, after, log, send: (response) => void call.write(response) });
    const gone = (): void => refuse(call, status.INVALID_ARGUMENT, `${nodeId} is not there`);
    const stop = publisher.subscribe(proxy, { publish: (snapshot) => stream.retarget(snapshot), gone });
    if (stop === undefined) {
      gone();
      return undefined;
    }
    connected.set(call, { proxy, stream });
    log('info', 'proxy connected', { node: nodeId, client: proxy.client });
    const leave = (): void => {
      if (!connected.delete(call)) return;
      stop();
      stream.close();
      log('info', 'proxy disconnected', { node: nodeId, client: proxy.client });
    };
    for (const event of ['end', 'cancelled', 'error', 'close']) call.on(event, leave);
    return stream;
  };

  const handle = (call: Call): void => {
    let stream: AdsStream | undefined;
    let refused = false;
    call.on('error', () => (refused = true));
    call.on('end', () => call.end());
    call.on('data', (bytes: Buffer) => {
      if (refused) return;
      try {
        const request = decode(REQUEST, stream === undefined ? bytes : withoutField(bytes, NODE_FIELD));
        stream ??= admit(call, request);
        if (stream !== undefined) passOn(stream, request);
      } catch (error) {
        refuse(call, status.INVALID_ARGUMENT, (error as Error).message);
      }
    });
  };

  return { handle, connected: () => [...connected.values()] };
}
