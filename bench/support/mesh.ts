import { openAdsClient } from '../../test/support/ads-client.ts';
import { encodeAny } from '../../src/controlplane/xds/codec.ts';
import { MESSAGE, RESOURCE_TYPES, type ResourceType } from '../../src/controlplane/xds/types.ts';
import type { ProtoJson } from '../../src/controlplane/translate/types.ts';
import { Connection, prepare } from './http-load.ts';

export const SERVICE = 'svc.bench.local';
export const CALLER = 'mesh/bench/virtualNode/caller';
const MESH = '/meshes/bench';
const listeners = [{ portMapping: { port: 80, protocol: 'http' } }];

/** A mesh with one service, split between two nodes, and a caller of it. */
export interface BenchMesh {
  /** One route's weights; answers when the change is durable. */
  shift(weights: Weights, route?: number): Promise<void>;
  addNodes(from: number, to: number): Promise<void>;
  close(): void;
}

export interface Weights {
  readonly old: number;
  readonly new: number;
}

const specOf = (index: number, { old, new: next }: Weights) => ({
  httpRoute: {
    match: { prefix: index === 0 ? '/' : `/a/rather/long/path/of/a/service/number/${String(index).padStart(4, '0')}` },
    action: { weightedTargets: [{ virtualNode: 'old', weight: old }, { virtualNode: 'new', weight: next }] },
  },
});

/** Creates it, with so many routes, all traffic on the old node. */
export async function buildMesh(port: number, routes: number, ports: Weights = { old: 1, new: 2 }): Promise<BenchMesh> {
  const connection = new Connection(port);
  const send = async (name: string, method: string, path: string, body: object): Promise<void> => {
    await connection.send(prepare(name, method, path, body));
  };
  const node = (name: string, extra: object = {}): Promise<void> =>
    send('CreateVirtualNode', 'PUT', `${MESH}/virtualNodes`, { virtualNodeName: name, spec: { listeners, serviceDiscovery: { dns: { hostname: `${name}.bench.local` } }, ...extra } });
  await send('CreateMesh', 'PUT', '/meshes', { meshName: 'bench' });
  await node('old');
  await node('new');
  await send('CreateVirtualRouter', 'PUT', `${MESH}/virtualRouters`, { virtualRouterName: 'router', spec: { listeners } });
  for (let index = 0; index < routes; index += 1) {
    await send('CreateRoute', 'PUT', `${MESH}/virtualRouter/router/routes`, { routeName: `route${index}`, spec: specOf(index, { old: 100, new: 0 }) });
  }
  await send('CreateVirtualService', 'PUT', `${MESH}/virtualServices`, { virtualServiceName: SERVICE, spec: { provider: { virtualRouter: { virtualRouterName: 'router' } } } });
  await node('caller', { backends: [{ virtualService: { virtualServiceName: SERVICE } }] });
  for (const [name, upstream] of Object.entries(ports)) {
    const answer = await fetch(`http://127.0.0.1:${port}/meshshift/v1/endpoints/bench/${name}`, { method: 'PUT', body: JSON.stringify([{ ip: '127.0.0.1', port: Number(upstream) }]) });
    if (!answer.ok) throw new Error(`registering ${name}: ${answer.status} ${await answer.text()}`);
  }
  return {
    shift: (weights, route = 0) => send('UpdateRoute', 'PUT', `${MESH}/virtualRouter/router/routes/route${route}`, { spec: specOf(route, weights) }),
    addNodes: async (from, to) => {
      for (let index = from; index < to; index += 1) await node(`other${index}`, { backends: [{ virtualService: { virtualServiceName: SERVICE } }] });
    },
    close: () => connection.close(),
  };
}

/** What a proxy is served: encoded (base64 of google.protobuf.Any), and the names it asks for. */
export interface Served {
  readonly resources: readonly string[];
  readonly endpoints: readonly string[];
  readonly routes: readonly string[];
}

const namesIn = (resources: readonly ProtoJson[], field: RegExp): string[] => [...new Set([...JSON.stringify(resources).matchAll(field)].map(([, name]) => name ?? ''))];

/** Takes down everything our control plane serves a proxy, so that the peer can serve the very same. */
export async function capture(xdsPort: number, node: ProtoJson): Promise<Served> {
  const client = openAdsClient(xdsPort);
  const stream = client.open(node);
  const taken: Partial<Record<ResourceType, readonly ProtoJson[]>> = {};
  const take = async (type: ResourceType, names: readonly string[] = []): Promise<readonly ProtoJson[]> => {
    stream.request(type, { names });
    const { resources } = await stream.accept(type, names);
    return (taken[type] = resources);
  };
  const clusters = await take('cluster');
  const endpoints = clusters.filter(({ type }) => type === 'EDS').map(({ name, eds_cluster_config: eds }) => String((eds as ProtoJson | undefined)?.['service_name'] ?? name));
  if (endpoints.length > 0) await take('endpoint', endpoints);
  const routes = namesIn(await take('listener'), /"route_config_name":"([^"]+)"/g);
  if (routes.length > 0) await take('route', routes);
  client.close();
  const encode = (type: ResourceType, { '@type': _, ...resource }: ProtoJson): string => Buffer.from(encodeAny(MESSAGE[type], resource)).toString('base64');
  return { resources: RESOURCE_TYPES.flatMap((type) => (taken[type] ?? []).map((resource) => encode(type, resource))), endpoints, routes };
}
