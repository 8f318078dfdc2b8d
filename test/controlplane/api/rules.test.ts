import { errorOf, gatewayRouteSpec, naming, nodeSpec, prepare, routeSpec, sender, SPECS, targets, type Json, type Send } from './calls.ts';
import { ACCOUNT, makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;
const MESH = 'rules';

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
  send = sender(server.client);
  await prepare(send, MESH);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const spec = { virtualNode: nodeSpec('x'), route: routeSpec(['blue', 1]), service: SPECS.virtualService[0] };
const port = (number: number, protocol = 'http2'): Json => ({ portMapping: { port: number, protocol } });

describe('a reference to what is not there is not found', () => {
  test.each<[string, string, Json, string]>([
    [
      'the mesh',
      'CreateVirtualNode',
      { meshName: 'none', virtualNodeName: 'n', spec: {} },
      `Mesh with name none is not present for account ${ACCOUNT}`,
    ],
    [
      'the mesh of a list',
      'ListRoutes',
      { meshName: 'none', virtualRouterName: 'router' },
      `Mesh with name none is not present for account ${ACCOUNT}`,
    ],
    [
      'the router of a route',
      'CreateRoute',
      { meshName: MESH, virtualRouterName: 'none', routeName: 'r', spec: spec.route },
      `VirtualRouter with name none is not present under mesh ${MESH} for account ${ACCOUNT}`,
    ],
    ['the router of a list', 'ListRoutes', { meshName: MESH, virtualRouterName: 'none' }, 'VirtualRouter with name none'],
    [
      'the gateway of a gateway route',
      'CreateGatewayRoute',
      { meshName: MESH, virtualGatewayName: 'none', gatewayRouteName: 'r', spec: gatewayRouteSpec('service.local') },
      'VirtualGateway with name none',
    ],
    [
      'a route target',
      'CreateRoute',
      { ...naming('route', MESH, 'r'), spec: routeSpec(['blue', 1], ['none', 1]) },
      `VirtualNode with name none is not present under mesh ${MESH} for account ${ACCOUNT}`,
    ],
    [
      'a tcp route target',
      'CreateRoute',
      { ...naming('route', MESH, 'r'), spec: { tcpRoute: { action: targets(['none', 1]) } } },
      'VirtualNode with name none',
    ],
    [
      'a node provider',
      'CreateVirtualService',
      { ...naming('virtualService', MESH, 's'), spec: { provider: { virtualNode: { virtualNodeName: 'none' } } } },
      'VirtualNode with name none',
    ],
    [
      'a router provider',
      'UpdateVirtualService',
      { ...naming('virtualService', MESH, 'service.local'), spec: { provider: { virtualRouter: { virtualRouterName: 'none' } } } },
      'VirtualRouter with name none',
    ],
    [
      'a gateway route target',
      'CreateGatewayRoute',
      { ...naming('gatewayRoute', MESH, 'r'), spec: gatewayRouteSpec('none') },
      'VirtualService with name none',
    ],
    [
      'a route',
      'DescribeRoute',
      naming('route', MESH, 'none'),
      `Route with name none is not present under VirtualRouter router of mesh ${MESH} for account ${ACCOUNT}`,
    ],
    [
      'a tagged resource',
      'ListTagsForResource',
      { resourceArn: `arn:aws:appmesh:eu-central-1:${ACCOUNT}:mesh/${MESH}/virtualNode/none` },
      'VirtualNode with name none',
    ],
    [
      'a resource of another region',
      'ListTagsForResource',
      { resourceArn: `arn:aws:appmesh:us-west-2:${ACCOUNT}:mesh/${MESH}` },
      `Mesh with name ${MESH}`,
    ],
  ])('%s', async (_, operation, input, message) => {
    const error = await errorOf(send(operation, input));
    expect(error).toMatchObject({ name: 'NotFoundException', status: 404 });
    expect(error.message).toContain(message);
  });

  test('nothing of a refused request is kept', async () => {
    expect((await send('ListRoutes', { meshName: MESH, virtualRouterName: 'router' }))['routes']).toEqual([]);
    expect(((await send('DescribeVirtualService', naming('virtualService', MESH, 'service.local')))['virtualService'] as Json)['spec']).toEqual({});
  });
});

describe('a resource in use is not deleted', () => {
  const inUse = async (operation: string, input: Json, message: string): Promise<void> =>
    expect(await errorOf(send(operation, input))).toEqual({ name: 'ResourceInUseException', status: 409, message });

  test('a node that is a route target, also one of weight 0, until no route names it', async () => {
    const route = naming('route', MESH, 'in-use');
    await send('CreateRoute', { ...route, spec: routeSpec(['blue', 1], ['green', 0]) });
    for (const name of ['blue', 'green'])
      await inUse(
        'DeleteVirtualNode',
        naming('virtualNode', MESH, name),
        `VirtualNode with name ${name} cannot be deleted because it is the target of one or more routes.`,
      );
    await inUse(
      'DeleteVirtualRouter',
      naming('virtualRouter', MESH, 'router'),
      'VirtualRouter with name router cannot be deleted because it has one or more routes.',
    );
    await send('UpdateRoute', { ...route, spec: routeSpec(['blue', 1]) });
    await send('DeleteVirtualNode', naming('virtualNode', MESH, 'green'));
    await send('DeleteRoute', route);
    await send('CreateVirtualNode', { ...naming('virtualNode', MESH, 'green'), spec: spec.virtualNode });
  });

  test('a provider, until the service has another one', async () => {
    const service = naming('virtualService', MESH, 'in-use.local');
    await send('CreateVirtualService', { ...service, spec: { provider: { virtualNode: { virtualNodeName: 'green' } } } });
    await inUse(
      'DeleteVirtualNode',
      naming('virtualNode', MESH, 'green'),
      'VirtualNode with name green cannot be deleted because it is a VirtualService provider',
    );
    await send('UpdateVirtualService', { ...service, spec: { provider: { virtualRouter: { virtualRouterName: 'router' } } } });
    await inUse(
      'DeleteVirtualRouter',
      naming('virtualRouter', MESH, 'router'),
      'VirtualRouter with name router cannot be deleted because it is a VirtualService provider',
    );
    await send('DeleteVirtualNode', naming('virtualNode', MESH, 'green'));
    await send('CreateVirtualNode', { ...naming('virtualNode', MESH, 'green'), spec: spec.virtualNode });
    await send('DeleteVirtualService', service);
  });

  test('a service and a gateway with gateway routes', async () => {
    const route = naming('gatewayRoute', MESH, 'in-use');
    await send('CreateGatewayRoute', { ...route, spec: gatewayRouteSpec('service.local') });
    await inUse(
      'DeleteVirtualService',
      naming('virtualService', MESH, 'service.local'),
      'VirtualService with name service.local cannot be deleted because it is the target of one or more gateway routes.',
    );
    await inUse(
      'DeleteVirtualGateway',
      naming('virtualGateway', MESH, 'gateway'),
      'VirtualGateway with name gateway cannot be deleted because it has one or more gateway routes.',
    );
    await send('DeleteGatewayRoute', route);
  });

  test('a mesh with anything in it, but a backend keeps nothing', async () => {
    await inUse('DeleteMesh', { meshName: MESH }, `Mesh with name ${MESH} cannot be deleted because it still has VirtualNodes, VirtualRouters, VirtualServices, VirtualGateways.`);
    await send('CreateMesh', { meshName: 'short' });
    const node = { meshName: 'short', virtualNodeName: 'n' };
    const service = { meshName: 'short', virtualServiceName: 's.local' };
    await send('CreateVirtualService', { ...service, spec: {} });
    await send('CreateVirtualNode', { ...node, spec: { backends: [{ virtualService: { virtualServiceName: 's.local' } }] } });
    await send('DeleteVirtualService', service);
    await send('DeleteVirtualNode', node);
    await send('DeleteMesh', { meshName: 'short' });
  });
});

describe('several listeners', () => {
  const two = { listeners: [port(80), port(81)] };
  const single = { listeners: [port(80)] };
  const withPort = (target: Json): Json => ({ http2Route: { match: { prefix: '/', port: 80 }, action: { weightedTargets: [target] } } });

  test('of a router: each route matches a port', async () => {
    const router = { meshName: MESH, virtualRouterName: 'two' };
    const message = 'Route must define a port match criteria if the Virtual Router has multiple listeners';
    await send('CreateVirtualRouter', { ...router, spec: two });
    expect(await errorOf(send('CreateRoute', { ...router, routeName: 'r', spec: spec.route }))).toEqual({
      name: 'BadRequestException',
      status: 400,
      message,
    });
    await send('CreateRoute', { ...router, routeName: 'r', spec: withPort({ virtualNode: 'blue', weight: 1 }) });
    await send('UpdateVirtualRouter', { ...router, spec: single });
    await send('UpdateRoute', { ...router, routeName: 'r', spec: spec.route });
    expect(await errorOf(send('UpdateVirtualRouter', { ...router, spec: two }))).toMatchObject({
      name: 'BadRequestException',
      message:
        'All Routes for this Virtual Router must define a port match before adding multiple listeners to this Virtual Router. 1 Route(s) are missing port. Listing up to 5 route names: [r]',
    });
    await send('DeleteRoute', { ...router, routeName: 'r' });
    await send('UpdateVirtualRouter', { ...router, spec: two });
  });

  test('of a target node: the target says which port', async () => {
    await send('CreateVirtualNode', { meshName: MESH, virtualNodeName: 'two', spec: { ...spec.virtualNode, ...two } });
    const route = naming('route', MESH, 'two');
    expect(await errorOf(send('CreateRoute', { ...route, spec: routeSpec(['two', 1]) }))).toMatchObject({
      name: 'BadRequestException',
      message: expect.stringContaining('target two') as string,
    });
    await send('CreateRoute', { ...route, spec: withPort({ virtualNode: 'two', weight: 1, port: 81 }) });
    await send('DeleteRoute', route);
  });

  test('of a node that is a target already: first each of its routes says which port', async () => {
    const node = { meshName: MESH, virtualNodeName: 'grows' };
    const grown = { ...spec.virtualNode, ...two };
    const route = naming('route', MESH, 'to-grows');
    await send('CreateVirtualNode', { ...node, spec: { ...spec.virtualNode, ...single } });
    await send('CreateRoute', { ...route, spec: withPort({ virtualNode: 'grows', weight: 1 }) });
    expect(await errorOf(send('UpdateVirtualNode', { ...node, spec: grown }))).toEqual({
      name: 'BadRequestException',
      status: 400,
      message:
        'All Routes for this Virtual Node must define a target port before adding multiple listeners to this Virtual Node. 1 Route(s) are missing port. Listing up to 5 route names: [to-grows]',
    });
    await send('UpdateRoute', { ...route, spec: withPort({ virtualNode: 'grows', weight: 1, port: 80 }) });
    await send('UpdateVirtualNode', { ...node, spec: grown });
    await send('DeleteRoute', route);
  });

  test.each(['virtualNode', 'virtualRouter'])('of a provider (%s) that a gateway reaches already: first each gateway route says which port', async (kind) => {
    const noun = kind === 'virtualNode' ? 'VirtualNode' : 'VirtualRouter';
    const rest = kind === 'virtualNode' ? spec.virtualNode : {};
    const names = (name: string): Json => ({ meshName: MESH, [`${kind}Name`]: name });
    const service = (name: string): Json => ({ meshName: MESH, virtualServiceName: `${kind}.local`, spec: { provider: { [kind]: { [`${kind}Name`]: name } } } });
    const gatewayRoute = { meshName: MESH, virtualGatewayName: 'gateway', gatewayRouteName: kind };
    const toService = (port: Json): Json => ({ httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: `${kind}.local` }, ...port } } } });
    const reason = (what: string): object => ({ name: 'BadRequestException', message: expect.stringContaining(`${what} 1 GatewayRoute(s) are missing port. Listing up to 5 gateway route names: [${kind}]`) as string });
    await send(`Create${noun}`, { ...names('wide'), spec: { ...rest, ...two } });
    await send(`Create${noun}`, { ...names('widens'), spec: { ...rest, ...single } });
    await send('CreateVirtualService', service('widens'));
    await send('CreateGatewayRoute', { ...gatewayRoute, spec: toService({}) });
    expect(await errorOf(send(`Update${noun}`, { ...names('widens'), spec: { ...rest, ...two } }))).toMatchObject(reason(`target port before adding multiple listeners to this ${kind === 'virtualNode' ? 'Virtual Node' : 'Virtual Router'}.`));
    expect(await errorOf(send('UpdateVirtualService', service('wide')))).toMatchObject(reason('before its provider is one with multiple listeners.'));
    await send('UpdateGatewayRoute', { ...gatewayRoute, spec: toService({ port: 80 }) });
    await send(`Update${noun}`, { ...names('widens'), spec: { ...rest, ...two } });
    await send('UpdateVirtualService', service('wide'));
  });

  test('of a gateway and of a provider behind it: the gateway route says which ports', async () => {
    await send('CreateVirtualGateway', { meshName: MESH, virtualGatewayName: 'two', spec: two });
    await send('CreateVirtualService', {
      meshName: MESH,
      virtualServiceName: 'two.local',
      spec: { provider: { virtualNode: { virtualNodeName: 'two' } } },
    });
    const gatewayRoute = (match: Json, target: Json): Promise<Json> =>
      send('CreateGatewayRoute', {
        ...{ meshName: MESH, virtualGatewayName: 'two', gatewayRouteName: 'r' },
        spec: {
          httpRoute: { match: { prefix: '/', ...match }, action: { target: { virtualService: { virtualServiceName: 'two.local' }, ...target } } },
        },
      });
    expect((await errorOf(gatewayRoute({}, { port: 80 }))).message).toBe(
      'GatewayRoute must define a port match criteria if the Virtual Gateway has multiple listeners',
    );
    expect((await errorOf(gatewayRoute({ port: 80 }, {}))).message).toBe(
      'GatewayRoute must define a target port if the provider of its Virtual Service has multiple listeners',
    );
    await gatewayRoute({ port: 80 }, { port: 80 });
    await send('UpdateVirtualGateway', { meshName: MESH, virtualGatewayName: 'two', spec: single });
    await send('DeleteGatewayRoute', { meshName: MESH, virtualGatewayName: 'two', gatewayRouteName: 'r' });
    await gatewayRoute({}, { port: 80 });
    expect((await errorOf(send('UpdateVirtualGateway', { meshName: MESH, virtualGatewayName: 'two', spec: two }))).name).toBe('BadRequestException');
  });
});

describe('tags', () => {
  const many = (count: number, from = 0): Json[] => Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, value: 'v' }));

  test('there are at most 50, and none of a request that would be too many', async () => {
    const { mesh } = (await send('CreateMesh', { meshName: 'tagged', tags: many(40) })) as { mesh: { metadata: { arn: string } } };
    const resourceArn = mesh.metadata.arn;
    expect(await errorOf(send('TagResource', { resourceArn, tags: many(11, 40) }))).toMatchObject({ name: 'TooManyTagsException', status: 400 });
    expect((await send('ListTagsForResource', { resourceArn }))['tags']).toHaveLength(40);
    await send('TagResource', { resourceArn, tags: [...many(10, 40), ...many(5)] });
    expect((await send('ListTagsForResource', { resourceArn }))['tags']).toHaveLength(50);
  });

  test.each<[string, Json]>([
    ['no ARN', { resourceArn: 'x' }],
    ['an ARN of another service', { resourceArn: `arn:aws:s3:::bucket` }],
    ['an ARN of no mesh', { resourceArn: `arn:aws:appmesh:eu-central-1:${ACCOUNT}:node/${MESH}` }],
    ['an ARN of no kind', { resourceArn: `arn:aws:appmesh:eu-central-1:${ACCOUNT}:mesh/${MESH}/thing/x` }],
    ['a route without its router', { resourceArn: `arn:aws:appmesh:eu-central-1:${ACCOUNT}:mesh/${MESH}/route/x` }],
    ['a path too long', { resourceArn: `arn:aws:appmesh:eu-central-1:${ACCOUNT}:mesh/${MESH}/virtualRouter/a/route/b/c` }],
  ])('refused: %s', async (_, input) => {
    expect(await errorOf(send('ListTagsForResource', input))).toMatchObject({
      name: 'BadRequestException',
      message: expect.stringContaining('resourceArn') as string,
    });
  });
});

describe('quotas', () => {
  test('are unlimited until they are set, then say what was reached', async () => {
    const own = await makeFolder();
    const quotas = {
      meshes: 1,
      virtualNodesPerMesh: 2,
      virtualServicesPerMesh: 1,
      routesPerVirtualRouter: 1,
      backendsPerVirtualNode: 1,
      targetsPerRoute: 1,
    };
    const limited = await startMeshServer(own.file, { quotas });
    const call = sender(limited.client);
    await prepare(call, 'm');
    await call('CreateRoute', { ...naming('route', 'm', 'r'), spec: routeSpec(['blue', 1]) });
    const backend = (name: string): Json => ({ virtualService: { virtualServiceName: name } });
    const cases: readonly (readonly [string, Json, string])[] = [
      ['CreateMesh', { meshName: 'n' }, "You've reached the limit on number of Meshes(1) for the account."],
      [
        'CreateVirtualNode',
        { ...naming('virtualNode', 'm', 'n'), spec: {} },
        "You've reached the limit on number of VirtualNodes(2) for the mesh m.",
      ],
      [
        'CreateVirtualService',
        { ...naming('virtualService', 'm', 'n'), spec: {} },
        "You've reached the limit on number of VirtualServices(1) for the mesh m.",
      ],
      [
        'CreateRoute',
        { ...naming('route', 'm', 'n'), spec: routeSpec(['blue', 1]) },
        "You've reached the limit on number of Routes(1) for the VirtualRouter router.",
      ],
      [
        'UpdateRoute',
        { ...naming('route', 'm', 'r'), spec: routeSpec(['blue', 1], ['green', 1]) },
        "You've reached the limit on number of targets(1) for the Route r.",
      ],
      [
        'UpdateVirtualNode',
        { ...naming('virtualNode', 'm', 'blue'), spec: { backends: [backend('a'), backend('b')] } },
        "You've reached the limit on number of backends(1) for the VirtualNode blue.",
      ],
    ];
    for (const [operation, input, message] of cases)
      expect(await errorOf(call(operation, input))).toEqual({ name: 'LimitExceededException', status: 400, message });
    await limited.close();
    await own.remove();
  });
});
