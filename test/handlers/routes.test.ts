import { CreateMeshCommand, CreateRouteCommand, CreateVirtualNodeCommand, CreateVirtualRouterCommand, DescribeRouteCommand, type RouteSpec } from '@aws-sdk/client-app-mesh';
import { eventually } from '../support/eventually.ts';
import { openWorld, type World } from './world.ts';

/** A route of each type, with all that its type has besides weights. */
const timeout = { perRequest: { value: 2, unit: 's' as const }, idle: { value: 30, unit: 's' as const } };
const retry = { maxRetries: 3, perRetryTimeout: { value: 200, unit: 'ms' as const }, tcpRetryEvents: ['connection-error' as const] };
const action = { weightedTargets: [{ virtualNode: 'stable', weight: 100, port: 80 }] };
const headers = [{ name: 'x-team', invert: true, match: { prefix: 'a' } }];
const ROUTES: Readonly<Record<'http' | 'http2' | 'grpc' | 'tcp', RouteSpec>> = {
  http: { priority: 7, httpRoute: { action, match: { prefix: '/shop', method: 'GET', scheme: 'https', headers, queryParameters: [{ name: 'q', match: { exact: '1' } }] }, retryPolicy: { ...retry, httpRetryEvents: ['server-error'] }, timeout } },
  http2: { priority: 0, http2Route: { action, match: { path: { regex: '/shop/.*' }, headers }, retryPolicy: { ...retry, httpRetryEvents: ['gateway-error'] }, timeout } },
  grpc: { grpcRoute: { action, match: { serviceName: 'shop.Shop', methodName: 'Buy', metadata: headers }, retryPolicy: { ...retry, grpcRetryEvents: ['unavailable'] }, timeout } },
  tcp: { priority: 3, tcpRoute: { action, match: { port: 80 }, timeout: { idle: { value: 30, unit: 's' } } } },
};
type Protocol = keyof typeof ROUTES;
const PROTOCOLS = Object.keys(ROUTES) as Protocol[];

let world: World;
const ids = new Map<string, string>();

const specOf = async (protocol: Protocol, way: string): Promise<RouteSpec> => {
  const { route } = await world.mesh.send(new DescribeRouteCommand({ meshName: protocol, virtualRouterName: 'router', routeName: way }));
  return route!.spec!;
};
const before = new Map<string, RouteSpec>();

async function prepare(protocol: Protocol): Promise<void> {
  const listeners = [{ portMapping: { port: 80, protocol } }];
  await world.mesh.send(new CreateMeshCommand({ meshName: protocol }));
  await world.mesh.send(new CreateVirtualNodeCommand({ meshName: protocol, virtualNodeName: 'stable', spec: { listeners, serviceDiscovery: { dns: { hostname: 'stable.local' } } } }));
  await world.mesh.send(new CreateVirtualRouterCommand({ meshName: protocol, virtualRouterName: 'router', spec: { listeners } }));
  for (const way of ['promote', 'abort']) {
    await world.mesh.send(new CreateRouteCommand({ meshName: protocol, virtualRouterName: 'router', routeName: way, spec: ROUTES[protocol] }));
    before.set(`${protocol} ${way}`, await specOf(protocol, way));
    const name = `${protocol}-${way}`;
    const definition = { name, image: { repository: name }, target: { mesh: protocol, virtualRouter: 'router', route: way }, canary: { virtualNode: `${way}-{{tag}}`, hostname: `${way}-{{tag}}.local` }, steps: [30, 60], bake: '600s', analysis: { noTraffic: 'advance' } };
    expect((await world.api('PUT', `/canaries/${name}`, definition)).status).toBe(200);
    ids.set(`${protocol} ${way}`, ((await world.api('POST', '/rollouts', { definition: name, image: { tag: 'v1' } })).body as { id: string }).id);
  }
}

const step = (id: string, wanted: number): Promise<unknown> =>
  eventually(async () => {
    const { step: at, bake } = await world.rollout(id);
    return at === wanted && bake?.step === wanted ? true : undefined;
  }, `${id} at step ${wanted}`, 20_000);
const ended = (id: string) => world.ended(`${world.arn('canary').replace('stateMachine', 'execution')}:${id}`);

beforeAll(async () => {
  world = await openWorld();
  for (const protocol of PROTOCOLS) await prepare(protocol);
}, 60_000);
afterAll(() => world.stop());

const withTargets = (spec: RouteSpec, weightedTargets: object[]): unknown => JSON.parse(JSON.stringify(spec, (key, value: unknown) => (key === 'weightedTargets' ? weightedTargets : value)));

describe.each(PROTOCOLS)('a route of %s', (protocol) => {
  test('has only its weights changed at each step, and leads to the new version alone in the end', async () => {
    const id = ids.get(`${protocol} promote`)!;
    const spec = before.get(`${protocol} promote`)!;
    for (const [at, weight] of [30, 60].entries()) {
      await step(id, at);
      expect(await specOf(protocol, 'promote')).toEqual(withTargets(spec, [{ virtualNode: 'stable', weight: 100 - weight, port: 80 }, { virtualNode: 'promote-v1', weight, port: 80 }]));
      await world.api('POST', `/rollouts/${id}/actions/advance`, {});
    }
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await specOf(protocol, 'promote')).toEqual(withTargets(spec, [{ virtualNode: 'promote-v1', weight: 100, port: 80 }]));
  });

  test('is to the byte what it was, and leads to the version before, when it is rolled back', async () => {
    const id = ids.get(`${protocol} abort`)!;
    await step(id, 0);
    await world.api('POST', `/rollouts/${id}/actions/abort`, {});
    expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
    expect(JSON.stringify(await specOf(protocol, 'abort'))).toBe(JSON.stringify(before.get(`${protocol} abort`)));
  });
});
