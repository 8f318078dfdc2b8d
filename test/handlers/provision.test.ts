import { ListVirtualNodesCommand, UpdateVirtualNodeCommand } from '@aws-sdk/client-app-mesh';
import { functions } from './functions.ts';
import { resources, routeOf, routeSpec } from './pgmesh.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ speed: 50 });
  world.traffic = 0;
});
afterAll(() => world.stop());

const run = async (list: unknown) => world.ended(await world.start('provision', { resources: list }));
const inMesh = (meshName: string, list = resources) => list.map(({ create, input }) => ({ create, input: { ...input, meshName } }));
const context = { functionName: 'x', awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 };

test('makes everything in the order it needs, and changes nothing the second time', async () => {
  const first = await run(resources);
  expect(first).toMatchObject({ status: 'SUCCEEDED', output: { changed: 5 } });
  expect(await routeOf(world)).toEqual(routeSpec);
  const second = await run(resources);
  expect(second).toMatchObject({ status: 'SUCCEEDED', output: { changed: 0 } });
  expect((second.output as { resources: { name: string; change: string; status: string; version: number }[] }).resources).toContainEqual({
    create: 'CreateRoute',
    name: 'pgMesh/svcNode1/svcNode1',
    change: 'unchanged',
    status: 'ACTIVE',
    version: 1,
  });
});

test('a mesh of one resource, and gateways with their routes', async () => {
  expect(await run(inMesh('one', [{ create: 'CreateMesh', input: {} as never }]))).toMatchObject({ output: { changed: 1 } });
  const gateway = { meshName: 'gated', virtualGatewayName: 'in' };
  const action = { target: { virtualService: { virtualServiceName: 'svc1.pgMesh.local' } } };
  const gated = [
    { create: 'CreateGatewayRoute', input: { ...gateway, gatewayRouteName: 'all', spec: { http2Route: { match: { prefix: '/' }, action } } } },
    ...inMesh('gated'),
    { create: 'CreateVirtualGateway', input: { ...gateway, spec: { listeners: [{ portMapping: { port: 8080, protocol: 'http2' } }] } } },
  ];
  expect(await run(gated)).toMatchObject({ status: 'SUCCEEDED', output: { changed: 7 } });
  expect(await run(gated)).toMatchObject({ status: 'SUCCEEDED', output: { changed: 0 } });
});

test('updates what differs, and that alone', async () => {
  await run(inMesh('drift'));
  const listeners = [{ portMapping: { port: 81, protocol: 'http2' as const } }];
  await world.mesh.send(new UpdateVirtualNodeCommand({ meshName: 'drift', virtualNodeName: 'svcNode1', spec: { listeners, serviceDiscovery: { dns: { hostname: 'x' } } } }));
  const { output } = await run(inMesh('drift'));
  const { changed, resources: all } = output as { changed: number; resources: { create: string; name: string; change: string }[] };
  expect(changed).toBe(1);
  expect(all.filter(({ change }) => change !== 'unchanged')).toMatchObject([{ create: 'CreateVirtualNode', name: 'drift/svcNode1', change: 'updated' }]);
});

describe('nothing is half applied', () => {
  const route = { ...routeSpec, http2Route: { ...routeSpec.http2Route, action: { weightedTargets: [{ virtualNode: 'nobody', weight: 100 }] } } };
  const withRoute = (spec: object) => inMesh('refused').map((resource) => (resource.create === 'CreateRoute' ? { ...resource, input: { ...resource.input, spec } } : resource));
  test.each([
    ['a reference to nothing', withRoute(route), /weightedTargets\[0\]\.virtualNode: "nobody": must name a resource/],
    ['a bad weight', withRoute({ http2Route: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: 'svcNode1', weight: 101 }] } } }), /weightedTargets\[0\]\.weight: 101: must be a whole number from 0 to 100/],
    ['an unknown member', withRoute({ ...routeSpec, httpRuote: {} }), /input\.spec\.httpRuote: \{\}: is not a member of RouteSpec/],
    ['a wrong type', withRoute({ ...routeSpec, priority: 'high' }), /input\.spec\.priority: "high": must be a number/],
    ['a missing member', withRoute({ http2Route: { match: { prefix: '/' } } }), /input\.spec\.http2Route\.action: missing: is required/],
    ['an unknown operation', [...inMesh('refused'), { create: 'CreateFoo', input: {} }], /resources\[5\]\.create: "CreateFoo": must be one of/],
    ['a resource twice', [...inMesh('refused'), ...inMesh('refused').slice(3, 4)], /must be created once only/],
    ['no list', {}, /resources: \{\}: must be a/],
  ])('%s', async (_, list, message) => {
    const { status, cause } = await run(list);
    expect(status).toBe('FAILED');
    expect((JSON.parse(cause ?? '{}') as { errorMessage: string }).errorMessage).toMatch(message);
    await expect(world.mesh.send(new ListVirtualNodesCommand({ meshName: 'refused' }))).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test('an input that is none at all', async () => {
    expect(await world.ended(await world.start('provision', {}))).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
  });
});

test('delete takes a resource away, and one that is not there is as good as deleted', async () => {
  await run(inMesh('gone', [{ create: 'CreateMesh', input: {} as never }]));
  const mesh = { create: 'CreateMesh', input: { meshName: 'gone' } };
  expect(await functions['Delete']!(mesh, context)).toEqual({ change: 'deleted' });
  expect(await functions['Delete']!(mesh, context)).toEqual({ change: 'unchanged' });
  await expect(functions['AwaitActive']!(mesh, context)).rejects.toMatchObject({ name: 'ResourceMissing' });
});
