import { checkInput } from '../../../src/mesh/check-input.ts';
import { inputsOf, mistakesOf, readFiles, readOne } from './reading.ts';

const object = (kind: string, name: string, spec: unknown, { namespace = 'shop', labels = {} }: { namespace?: string | undefined; labels?: object } = {}): string =>
  JSON.stringify({ apiVersion: 'appmesh.k8s.aws/v1beta2', kind, metadata: { name, namespace, labels }, spec });
const documents = (...objects: string[]): string => objects.join('\n---\n');

const MESH = object('Mesh', 'shop', { namespaceSelector: { matchLabels: { mesh: 'shop' } } });
const LISTENERS = [{ portMapping: { port: 8080, protocol: 'http' } }];
const DNS = { dns: { hostname: 'cart.shop' } };

const WHOLE = documents(
  JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { mesh: 'shop' } } }),
  MESH,
  object('VirtualNode', 'cart', { podSelector: { matchLabels: { app: 'cart' } }, listeners: LISTENERS, serviceDiscovery: DNS, backends: [{ virtualService: { virtualServiceRef: { name: 'stock' } } }, { virtualService: { virtualServiceRef: { name: 'pay', namespace: 'bank' }, clientPolicy: { tls: { enforce: true, ports: [], validation: { trust: { file: { certificateChain: '/ca' } } } } } } }] }),
  object('VirtualNode', 'cart-v2', { awsName: 'second', listeners: LISTENERS, serviceDiscovery: { awsCloudMap: { namespaceName: 'local', serviceName: 'cart' } }, logging: { accessLog: { file: { path: '/dev/stdout' } } } }),
  object('VirtualRouter', 'cart', {
    listeners: LISTENERS,
    routes: [
      { name: 'all', priority: 1, httpRoute: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNodeRef: { name: 'cart' }, weight: 90 }, { virtualNodeRef: { name: 'cart-v2' }, weight: 10 }] }, timeout: { perRequest: { unit: 's', value: 5 } } } },
      { name: 'by-arn', tcpRoute: { action: { weightedTargets: [{ virtualNodeARN: 'arn:aws:appmesh:us-east-1:111122223333:mesh/shop/virtualNode/elsewhere', weight: 1 }] } } },
    ],
  }),
  object('VirtualService', 'cart', { awsName: 'cart.shop.local', provider: { virtualRouter: { virtualRouterRef: { name: 'cart' } } } }),
  object('VirtualService', 'stock', { provider: { virtualNode: { virtualNodeRef: { name: 'cart' } } } }),
  object('VirtualGateway', 'gw', { namespaceSelector: { matchLabels: { mesh: 'shop' } }, listeners: LISTENERS }),
  object('GatewayRoute', 'cart', { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceRef: { name: 'cart' } } } } } }),
  JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart' }, spec: { image: '${IMAGE}' } }),
  '',
);

describe("manifests of the controller's kinds", () => {
  test('give what the controller makes of them, by its names, ordered, the rest counted', () => {
    const { resources, leftOut } = readOne(WHOLE);
    expect(leftOut).toEqual({ Namespace: 1, Deployment: 1 });
    for (const resource of resources) expect(checkInput(resource)).toEqual([]);
    expect(resources).toEqual([
      { create: 'CreateMesh', input: { meshName: 'shop', spec: {} } },
      {
        create: 'CreateVirtualNode',
        input: {
          meshName: 'shop',
          virtualNodeName: 'cart_shop',
          spec: {
            listeners: LISTENERS,
            serviceDiscovery: DNS,
            backends: [
              { virtualService: { virtualServiceName: 'stock.shop' } },
              { virtualService: { virtualServiceName: 'pay.bank', clientPolicy: { tls: { enforce: true, validation: { trust: { file: { certificateChain: '/ca' } } } } } } },
            ],
          },
        },
      },
      {
        create: 'CreateVirtualNode',
        input: {
          meshName: 'shop',
          virtualNodeName: 'second',
          spec: { listeners: LISTENERS, serviceDiscovery: { awsCloudMap: { namespaceName: 'local', serviceName: 'cart' } }, logging: { accessLog: { file: { path: '/dev/stdout' } } } },
        },
      },
      { create: 'CreateVirtualRouter', input: { meshName: 'shop', virtualRouterName: 'cart_shop', spec: { listeners: LISTENERS } } },
      { create: 'CreateVirtualGateway', input: { meshName: 'shop', virtualGatewayName: 'gw_shop', spec: { listeners: LISTENERS } } },
      {
        create: 'CreateRoute',
        input: {
          meshName: 'shop',
          virtualRouterName: 'cart_shop',
          routeName: 'all',
          spec: {
            priority: 1,
            httpRoute: {
              match: { prefix: '/' },
              action: { weightedTargets: [{ virtualNode: 'cart_shop', weight: 90 }, { virtualNode: 'second', weight: 10 }] },
              timeout: { perRequest: { unit: 's', value: 5 } },
            },
          },
        },
      },
      { create: 'CreateRoute', input: { meshName: 'shop', virtualRouterName: 'cart_shop', routeName: 'by-arn', spec: { tcpRoute: { action: { weightedTargets: [{ virtualNode: 'elsewhere', weight: 1 }] } } } } },
      { create: 'CreateVirtualService', input: { meshName: 'shop', virtualServiceName: 'cart.shop.local', spec: { provider: { virtualRouter: { virtualRouterName: 'cart_shop' } } } } },
      { create: 'CreateVirtualService', input: { meshName: 'shop', virtualServiceName: 'stock.shop', spec: { provider: { virtualNode: { virtualNodeName: 'cart_shop' } } } } },
      {
        create: 'CreateGatewayRoute',
        input: { meshName: 'shop', virtualGatewayName: 'gw_shop', gatewayRouteName: 'cart_shop', spec: { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'cart.shop.local' } } } } } },
      },
    ]);
  });

  test('a mesh has its own service discovery, under the name that its kind gives it', () => {
    expect(readOne(object('Mesh', 'm', { awsName: 'other', egressFilter: { type: 'ALLOW_ALL' }, meshServiceDiscovery: { ipPreference: 'IPv6_ONLY' } })).resources).toEqual([
      { create: 'CreateMesh', input: { meshName: 'other', spec: { egressFilter: { type: 'ALLOW_ALL' }, serviceDiscovery: { ipPreference: 'IPv6_ONLY' } } } },
    ]);
  });

  test('objects may come in one list, or in several files, which may repeat their mesh', () => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(MESH), JSON.parse(object('VirtualNode', 'a', {}))] });
    const read = readFiles([{ file: 'a.json', text: list }, { file: 'b.yaml', text: documents(MESH, object('VirtualNode', 'b', {})) }]);
    expect(read.resources.map(({ input }) => [input['meshName'], input['virtualNodeName']])).toEqual([['shop', undefined], ['shop', 'a_shop'], ['shop', 'b_shop']]);
    expect(mistakesOf(() => readFiles([{ file: 'a.yaml', text: MESH }, { file: 'b.yaml', text: MESH.replace('"namespaceSelector"', '"egressFilter":{"type":"DROP_ALL"},"namespaceSelector"') }]))).toEqual(['b.yaml: "CreateMesh shop": must be created once only']);
  });

  test('names are looked up by namespace', () => {
    const service = object('VirtualService', 's', { provider: { virtualNode: { virtualNodeRef: { name: 'a', namespace: 'y' } } } });
    const read = readOne(documents(MESH, object('VirtualNode', 'a', { awsName: 'of-x' }, { namespace: 'x' }), object('VirtualNode', 'a', { awsName: 'of-y' }, { namespace: 'y' }), service));
    expect(inputsOf(read, 'CreateVirtualService')[0]?.['spec']).toEqual({ provider: { virtualNode: { virtualNodeName: 'of-y' } } });
  });

  test('fields without a value are left out', () => {
    expect(inputsOf(readOne(documents(MESH, object('VirtualNode', 'a', { logging: null, listeners: null }))), 'CreateVirtualNode')).toEqual([{ meshName: 'shop', virtualNodeName: 'a_shop', spec: {} }]);
  });

  test('the namespace of what names none is told beside', () => {
    const bare = '{ apiVersion: appmesh.k8s.aws/v1beta2, kind: VirtualNode, metadata: { name: a }, spec: {} }';
    expect(inputsOf(readOne(documents(MESH, bare)), 'CreateVirtualNode')).toMatchObject([{ virtualNodeName: 'a_default' }]);
    expect(inputsOf(readOne(documents(MESH, bare), { namespace: 'x' }), 'CreateVirtualNode')).toMatchObject([{ virtualNodeName: 'a_x' }]);
  });
});

describe('the mesh of an object', () => {
  const node = object('VirtualNode', 'a', {});
  const other = object('Mesh', 'other', { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['x'] }, { key: 'mesh', operator: 'DoesNotExist' }] } });
  const meshOf = (text: string, names = {}): unknown => inputsOf(readOne(text, { names }), 'CreateVirtualNode')[0]?.['meshName'];
  const namespace = (labels: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });

  test.each([
    ['the one that it names', documents(MESH, other, object('VirtualNode', 'a', { meshRef: { name: 'other' } })), 'other'],
    ['the only one of the files', documents(other, node), 'other'],
    ['the one that selects its namespace', documents(MESH, other, namespace({ mesh: 'shop' }), node), 'shop'],
    ['the one whose expressions select its namespace', documents(MESH, other, namespace({ team: 'y' }), node), 'other'],
  ])('is %s', (_, text, expected) => {
    expect(meshOf(text)).toBe(expected);
  });

  test('or that of --mesh, which is then made as it is named', () => {
    expect(readOne(node, { names: { meshName: 'given' } }).resources[0]).toEqual({ create: 'CreateMesh', input: { meshName: 'given' } });
    expect(meshOf(documents(MESH, other, node), { meshName: 'given' })).toBe('given');
    expect(mistakesOf(() => meshOf(node))).toEqual(['stack.yaml:1: metadata.namespace: "shop": must belong to one mesh, and in the files there is none: give it by --mesh NAME']);
    expect(mistakesOf(() => meshOf(documents(MESH, other, node)))).toEqual([expect.stringContaining('in the files there are shop, other: give it by --mesh NAME') as string]);
  });
});

describe('the gateway of a gateway route', () => {
  const gateway = (name: string, spec: object): string => object('VirtualGateway', name, { listeners: LISTENERS, ...spec });
  const route = (spec: object = {}, labels = {}): string => object('GatewayRoute', 'r', { httpRoute: { match: { prefix: '/' } }, ...spec }, { labels });
  const gatewayOf = (text: string, names = {}): unknown => inputsOf(readOne(documents(MESH, text), { names }), 'CreateGatewayRoute')[0]?.['virtualGatewayName'];
  const two = documents(gateway('in', { gatewayRouteSelector: { matchLabels: { side: 'in' } } }), gateway('out', { gatewayRouteSelector: { matchExpressions: [{ key: 'side', operator: 'In', values: ['out'] }, { key: 'side', operator: 'Exists' }] } }));

  test.each([
    ['the one that it names', documents(two, route({ virtualGatewayRef: { name: 'far', namespace: 'edge' } })), 'far_edge'],
    ['the only one', documents(gateway('gw', {}), route()), 'gw_shop'],
    ['the one whose selector fits its labels', documents(two, route({}, { side: 'out' })), 'out_shop'],
  ])('is %s', (_, text, expected) => {
    expect(gatewayOf(text)).toBe(expected);
  });

  test('or that of the flag', () => {
    expect(gatewayOf(route(), { virtualGatewayName: 'given' })).toBe('given');
    expect(mistakesOf(() => gatewayOf(documents(two, route({}, { side: 'none' }))))).toEqual([expect.stringContaining('must belong to one virtual gateway, and in the files there are in, out: give it by --virtual-gateway-name NAME') as string]);
  });
});

describe('backend groups', () => {
  const group = object('BackendGroup', 'colours', { virtualservices: [{ name: 'red' }, { name: 'blue', namespace: 'sea' }] });
  const services = documents(object('VirtualService', 'red', {}), object('VirtualService', 'green', { awsName: 'green.local' }));
  const backendsOf = (spec: object): unknown => inputsOf(readOne(documents(MESH, group, services, object('VirtualNode', 'a', spec))), 'CreateVirtualNode')[0]?.['spec'];
  const backend = (name: string): object => ({ virtualService: { virtualServiceName: name } });

  test('name the services of a group, or of a whole namespace, beside the backends of a node', () => {
    expect(backendsOf({ backends: [{ virtualService: { virtualServiceRef: { name: 'x' } } }], backendGroups: [{ name: 'colours' }] })).toEqual({ backends: [backend('x.shop'), backend('red.shop'), backend('blue.sea')] });
    expect(backendsOf({ backendGroups: [{ name: '*', namespace: 'shop' }] })).toEqual({ backends: [backend('red.shop'), backend('green.local')] });
    const elsewhere = documents(MESH, object('BackendGroup', 'colours', { virtualservices: [{ name: 'red' }] }, { namespace: 'sea' }), object('VirtualNode', 'a', { backendGroups: [{ name: 'colours', namespace: 'sea' }] }));
    expect(inputsOf(readOne(elsewhere), 'CreateVirtualNode')[0]?.['spec']).toEqual({ backends: [backend('red.sea')] });
    expect(mistakesOf(() => backendsOf({ backendGroups: [{ name: 'none' }] }))).toEqual([expect.stringContaining('"none": must name a BackendGroup of the files') as string]);
  });

  test.each([
    ['reference', { virtualServiceRef: { name: 'blue', namespace: 'sea' } }, 'blue.sea', 'red.shop'],
    ['ARN', { virtualServiceARN: 'arn:aws:appmesh:us-east-1:111122223333:mesh/shop/virtualService/red.shop' }, 'red.shop', 'blue.sea'],
  ])('give nothing that the node names itself by %s: its client policy holds', (_form, service, name, rest) => {
    const clientPolicy = { tls: { validation: { trust: { sds: { secretName: 'ca' } } } } };
    const spec = { backends: [{ virtualService: { ...service, clientPolicy } }], backendGroups: [{ name: 'colours' }] };
    expect(backendsOf(spec)).toEqual({ backends: [{ virtualService: { virtualServiceName: name, clientPolicy } }, backend(rest)] });
  });
});

describe('what manifests leave open or have wrong', () => {
  test('placeholders are filled in, and those that nobody gave are asked for; those of other kinds are not looked at', () => {
    const text = documents(MESH, object('VirtualNode', '${NAME}', { serviceDiscovery: { dns: { hostname: 'x.${DOMAIN}' } } }), '{ apiVersion: v1, kind: Service, metadata: { name: "${OTHER}" } }');
    expect(inputsOf(readOne(text, { params: { NAME: 'a', DOMAIN: 'b' } }), 'CreateVirtualNode')).toEqual([{ meshName: 'shop', virtualNodeName: 'a_shop', spec: { serviceDiscovery: { dns: { hostname: 'x.b' } } } }]);
    expect(mistakesOf(() => readOne(text, { params: { NAME: 'a' } }))).toEqual(['stack.yaml:3: spec.serviceDiscovery.dns.hostname: "x.${DOMAIN}": has the placeholder ${DOMAIN}: give it by --param DOMAIN=VALUE, or fill it in before']);
  });

  test('fields that nobody knows are left out, as the API server prunes them, and told', () => {
    const read = readOne(documents(MESH, object('VirtualNode', 'a', { listeners: LISTENERS, backendDefaults: { clientPolicy: { tls: { mode: 'STRICT', validation: { trust: { sds: { secretName: 'x' } } } } } } })));
    expect(read.leftOut).toEqual({ 'unknown field VirtualNode spec.backendDefaults.clientPolicy.tls.mode': 1 });
    expect(inputsOf(read, 'CreateVirtualNode')).toEqual([{ meshName: 'shop', virtualNodeName: 'a_shop', spec: { listeners: LISTENERS, backendDefaults: { clientPolicy: { tls: { validation: { trust: { sds: { secretName: 'x' } } } } } } } }]);
  });

  test('mistakes are told with file, line and path', () => {
    const wrong = documents(MESH, object('VirtualNode', 'a', { listeners: [{ portMapping: { port: 'x', protocol: 'http' } }], backends: [{ virtualService: { virtualServiceRef: 'b' } }, { virtualService: { virtualServiceARN: 3 } }] }), object('VirtualRouter', 'r', { routes: [{}] }));
    expect(mistakesOf(() => readOne(wrong))).toEqual([
      'stack.yaml:3: spec.listeners[0].portMapping.port: "x": must be a number',
      'stack.yaml:3: spec.backends[0].virtualService.virtualServiceRef: "b": must be { name, namespace }',
      'stack.yaml:3: spec.backends[1].virtualService.virtualServiceARN: 3: must be an ARN',
      'stack.yaml:5: spec.routes[0].name: missing: must be a name',
    ]);
    expect(mistakesOf(() => readOne('{ apiVersion: appmesh.k8s.aws/v1beta1, kind: Mesh, metadata: {} }'))).toEqual([
      'stack.yaml:1: apiVersion: "appmesh.k8s.aws/v1beta1": must be appmesh.k8s.aws/v1beta2: appmesh.k8s.aws/v1beta1 is of a controller before 1.0.0',
      'stack.yaml:1: metadata.name: missing: must be a name',
    ]);
  });
});
