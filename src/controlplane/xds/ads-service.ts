import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Log } from '../../contracts/log.ts';
import type { Grant } from '../access/grants.ts';
import { identifyProxy } from '../access/identify-proxy.ts';
import { refuseFor, StreamRefused } from '../access/refuse-stream.ts';
import type { Publisher } from '../snapshot/publisher.ts';
import type { After } from '../timers.ts';
import type { ProtoJson, Proxy } from '../translate/types.ts';
import { EXCHANGES, type AdsStream, type Exchange } from './ads-stream.ts';
import type { Archive } from './archive.ts';
import { decode, textOf } from './codec.ts';
import { proxyOf } from './node.ts';
import { DELTA, STATE, type Protocol } from './protocols.ts';
import { RESOURCE_TYPES, typeOfUrl, type ResourceType } from './types.ts';
import { withoutField } from './wire.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;
type Serve = (call: Call, grant: Grant | undefined) => void;

/** A connected client. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly stream: AdsStream;
}

export interface AdsService {
  /** Serves one aggregated stream, state of the world; the grant says whose configuration the client may have. */
  readonly state: Serve;
  /** As `state`, incremental. */
  readonly delta: Serve;
  readonly connected: () => readonly ConnectedProxy[];
  /** Responses sent, and accepted and refused ones, since the start. */
  readonly exchanges: () => readonly ExchangeCount[];
}

export interface ExchangeCount {
  readonly what: Exchange;
  readonly type: ResourceType;
  readonly count: number;
}

export interface AdsServiceOptions {
  readonly publisher: Publisher;
  readonly archive: Archive;
  readonly after: After;
  readonly log: Log;
  /** How many proxies may be connected for one virtual node or gateway. App Mesh's quota was 50. Default: any number. */
  readonly maxProxiesPerNode?: number;
  /** Takes over what other control planes changed of a mesh until now: a proxy that comes from one of them must not fall behind. */
  readonly catchUp?: ((mesh: string) => Promise<void>) | undefined;
}

interface ExchangeCounts {
  readonly count: (what: Exchange, type: ResourceType) => void;
  readonly read: AdsService['exchanges'];
}

function countExchanges(): ExchangeCounts {
  const exchanges = new Map(EXCHANGES.map((what) => [what, new Map(RESOURCE_TYPES.map((type) => [type, 0]))]));
  return {
    count: (what, type) => {
      const counts = exchanges.get(what);
      counts?.set(type, (counts.get(type) ?? 0) + 1);
    },
    read: () => [...exchanges].flatMap(([what, counts]) => [...counts].map(([type, count]) => ({ what, type, count }))),
  };
}

/** The aggregated discovery service: one stream per client, told apart by the node of its first request. */
export function createAdsService({ publisher, archive, after, log, maxProxiesPerNode = Infinity, catchUp }: AdsServiceOptions): AdsService {
  const connected = new Map<Call, ConnectedProxy>();
  const exchanges = countExchanges();

  const checkQuota = ({ mesh, kind, name }: Proxy): void => {
    const others = [...connected.values()].filter(({ proxy }) => proxy.mesh === mesh && proxy.kind === kind && proxy.name === name).length;
    if (others >= maxProxiesPerNode) {
      throw new StreamRefused(status.RESOURCE_EXHAUSTED, `${kind} ${name} of mesh ${mesh} already has ${others} proxies connected, and may have ${maxProxiesPerNode}`);
    }
  };

  const admit = async <S extends AdsStream>(call: Call, request: ProtoJson, grant: Grant | undefined, { open }: Protocol<S>): Promise<S> => {
    const nodeId = textOf(request['node'], 'id');
    const proxy = proxyOf(identifyProxy(nodeId, grant), request['node'] as ProtoJson | undefined);
    // Better what was known last than nothing.
    await catchUp?.(proxy.mesh).catch((error: unknown) => log('warn', "others' changes could not be read", { mesh: proxy.mesh, error: String(error) }));
    const isBack = textOf(request, 'version_info') !== '';
    const earlierClusters = isBack ? await archive.recall(proxy) : [];
    // Nothing is awaited from here until it is connected: who comes in the same moment counts.
    if (Number.isFinite(maxProxiesPerNode)) checkQuota(proxy);
    const stream = open({ nodeId, after, log, send: (response) => void call.write(response), earlierClusters, onClusters: (clusters) => archive.keep(proxy, clusters), onExchange: exchanges.count });
    const absent = new StreamRefused(status.INVALID_ARGUMENT, `${nodeId} is not there`);
    const stop = publisher.subscribe(proxy, { publish: (snapshot) => stream.retarget(snapshot), gone: () => refuseFor(call, absent) });
    if (stop === undefined) throw absent;
    connected.set(call, { proxy, stream });
    log('info', 'proxy connected', { node: nodeId, client: proxy.client });
    const leave = (): void => {
      if (!connected.delete(call)) return;
      stop();
      stream.close();
      log('info', 'proxy disconnected', { node: nodeId, client: proxy.client });
    };
    for (const event of ['end', 'cancelled', 'error', 'close']) call.on(event, leave);
    if (call.cancelled) leave();
    return stream;
  };

  const serve = <S extends AdsStream>(protocol: Protocol<S>): Serve => (call, grant) => {
    const { message, nodeField } = protocol;
    let stream: S | undefined;
    let ended = false;
    for (const event of ['error', 'cancelled', 'close']) call.on(event, () => (ended = true));
    call.on('end', () => call.end());

    const pass = (admitted: S, request: ProtoJson): void => {
      // Types that are not served (runtime, …) stay unanswered: the client goes on without them.
      const type = typeOfUrl(textOf(request, 'type_url'));
      if (type !== undefined) protocol.pass(admitted, type, request);
    };
    /** Requests that come before the first is dealt with wait. */
    const begin = async (request: ProtoJson): Promise<void> => {
      call.pause();
      try {
        const admitted = await admit(call, request, grant, protocol);
        stream = admitted;
        pass(admitted, request);
      } catch (error) {
        if (!ended) refuseFor(call, error);
      }
      call.resume();
    };
    call.on('data', (bytes: Buffer) => {
      if (ended) return;
      try {
        if (stream === undefined) void begin(decode(message, bytes));
        else pass(stream, decode(message, withoutField(bytes, nodeField)));
      } catch (error) {
        refuseFor(call, error);
      }
    });
  };

  return {
    state: serve(STATE),
    delta: serve(DELTA),
    connected: () => [...connected.values()],
    exchanges: exchanges.read,
  };
}
