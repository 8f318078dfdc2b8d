import * as sdk from '@aws-sdk/client-app-mesh';
import { KINDS } from '../../../src/controlplane/api/kinds.ts';
import type { Kind } from '../../../src/controlplane/model/resources.ts';

export type Json = Readonly<Record<string, unknown>>;
export type Send = (operation: string, input: Json) => Promise<Json>;

type AnyCommand = new (input: Json) => Parameters<sdk.AppMeshClient['send']>[0];

/** Sends an operation by its name, and gives the output without the SDK's metadata. */
export const sender =
  (client: sdk.AppMeshClient): Send =>
  async (operation, input) => {
    const Command = (sdk as unknown as Record<string, AnyCommand>)[`${operation}Command`]!;
    const { $metadata: _, ...output } = (await client.send(new Command(input))) as unknown as { $metadata: unknown } & Json;
    return output;
  };

/** The error an operation answers: its type, status and message. Fails the test when it succeeds. */
export async function errorOf(
  answer: Promise<unknown>,
): Promise<{ readonly name: string; readonly status: number | undefined; readonly message: string }> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof sdk.AppMeshServiceException)) throw error;
    return { name: error.name, status: error.$metadata.httpStatusCode, message: error.message };
  }
  throw new Error('the operation succeeded');
}

const listener = { portMapping: { port: 80, protocol: 'http2' } };
export const nodeSpec = (hostname: string): Json => ({ listeners: [listener], serviceDiscovery: { dns: { hostname } } });
export const targets = (...weights: readonly (readonly [string, number])[]): Json => ({
  weightedTargets: weights.map(([virtualNode, weight]) => ({ virtualNode, weight })),
});
export const routeSpec = (...weights: readonly (readonly [string, number])[]): Json => ({
  httpRoute: { match: { prefix: '/' }, action: targets(...weights) },
});
export const gatewayRouteSpec = (virtualServiceName: string): Json => ({
  httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName } } } },
});

/** A spec of each kind, and another one to update it to. Both hold in the mesh that `prepare` makes. */
export const SPECS: Readonly<Record<Kind, readonly [Json, Json]>> = {
  mesh: [{ egressFilter: { type: 'DROP_ALL' } }, { egressFilter: { type: 'ALLOW_ALL' }, serviceDiscovery: { ipPreference: 'IPv4_ONLY' } }],
  virtualNode: [nodeSpec('a.local'), { ...nodeSpec('b.local'), backends: [{ virtualService: { virtualServiceName: 'not.there.yet' } }] }],
  virtualRouter: [{ listeners: [listener] }, { listeners: [{ portMapping: { port: 81, protocol: 'http' } }] }],
  route: [
    routeSpec(['blue', 100]),
    { priority: 3, grpcRoute: { match: { serviceName: 'a.B', methodName: 'C' }, action: targets(['blue', 1], ['green', 0]) } },
  ],
  virtualService: [{}, { provider: { virtualRouter: { virtualRouterName: 'router' } } }],
  virtualGateway: [
    { listeners: [listener] },
    { listeners: [{ portMapping: { port: 8080, protocol: 'grpc' }, connectionPool: { grpc: { maxRequests: 5 } } }] },
  ],
  gatewayRoute: [
    gatewayRouteSpec('service.local'),
    { priority: 9, grpcRoute: { match: { serviceName: 'a.B' }, action: { target: { virtualService: { virtualServiceName: 'service.local' } } } } },
  ],
};

/** What names a resource of a kind in a mesh: its members in a request. */
export function naming(kind: Kind, mesh: string, name: string): Record<string, string> {
  const { nameMember, parentMember } = KINDS[kind];
  const parents: Record<string, string> = { virtualRouterName: 'router', virtualGatewayName: 'gateway' };
  if (kind === 'mesh') return { meshName: name };
  return { meshName: mesh, ...(parentMember === undefined ? {} : { [parentMember]: parents[parentMember]! }), [nameMember]: name };
}

/** A mesh with what the specs above name: nodes blue and green, a router, a service and a gateway. */
export async function prepare(send: Send, mesh: string): Promise<void> {
  await send('CreateMesh', { meshName: mesh });
  for (const name of ['blue', 'green']) await send('CreateVirtualNode', { meshName: mesh, virtualNodeName: name, spec: nodeSpec(`${name}.local`) });
  await send('CreateVirtualRouter', { meshName: mesh, virtualRouterName: 'router', spec: SPECS.virtualRouter[0] });
  await send('CreateVirtualService', { meshName: mesh, virtualServiceName: 'service.local', spec: {} });
  await send('CreateVirtualGateway', { meshName: mesh, virtualGatewayName: 'gateway', spec: SPECS.virtualGateway[0] });
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
