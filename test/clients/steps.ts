import type { Json } from '../controlplane/api/calls.ts';

export interface Step {
  readonly operation: string;
  readonly input: Json;
  /** Lists all, by the client's own paginator, with pages of this size. */
  readonly pageSize?: number;
  /** Of the resource that is answered. */
  readonly spec?: Json;
}

const meshName = 'shop';
const listener = { portMapping: { port: 8080, protocol: 'http' } };
const ARN = 'arn:aws:appmesh:eu-central-1:123456789012:mesh/shop';
const file = { certificateChain: '/keys/chain.pem', privateKey: '/keys/key.pem' };

/** Specs with a member of each of the model's unions, so that a client has to write and read all of them; and what an update makes of them. */
const NODE = {
  listeners: [
    {
      ...listener,
      connectionPool: { http: { maxConnections: 8, maxPendingRequests: 16 } },
      healthCheck: { protocol: 'http', path: '/ping', healthyThreshold: 2, unhealthyThreshold: 3, intervalMillis: 5000, timeoutMillis: 2000, port: 8080 },
      outlierDetection: { maxServerErrors: 5, interval: { unit: 's', value: 10 }, baseEjectionDuration: { unit: 'ms', value: 250 }, maxEjectionPercent: 0 },
      timeout: { http: { idle: { unit: 's', value: 0 }, perRequest: { unit: 'ms', value: 1500 } } },
      tls: {
        mode: 'PERMISSIVE',
        certificate: { sds: { secretName: 'server' } },
        validation: { trust: { file: { certificateChain: '/keys/ca.pem' } }, subjectAlternativeNames: { match: { exact: ['b.shop.local', 'a.shop.local'] } } },
      },
    },
  ],
  backends: [{ virtualService: { virtualServiceName: 'db.shop.local', clientPolicy: { tls: { enforce: false, ports: [8443, 443], certificate: { file }, validation: { trust: { sds: { secretName: 'ca' } } } } } } }],
  backendDefaults: { clientPolicy: { tls: { validation: { trust: { acm: { certificateAuthorityArns: ['arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/a'] } } } } } },
  serviceDiscovery: { awsCloudMap: { namespaceName: 'shop.local', serviceName: 'api', attributes: [{ key: 'stack', value: 'blue' }], ipPreference: 'IPv4_PREFERRED' } },
  logging: { accessLog: { file: { path: '/dev/stdout', format: { json: [{ key: 'took', value: '%DURATION%' }] } } } },
};
const NODE_AFTER = {
  listeners: [{ portMapping: { port: 9000, protocol: 'grpc' }, connectionPool: { grpc: { maxRequests: 5 } }, timeout: { grpc: { perRequest: { unit: 's', value: 1 } } } }],
  backends: [],
  serviceDiscovery: { dns: { hostname: 'api.shop.local', responseType: 'ENDPOINTS' } },
  logging: { accessLog: { file: { path: '/tmp/log', format: { text: '%RESPONSE_CODE%\n' } } } },
};
const ROUTE = {
  priority: 10,
  httpRoute: {
    match: {
      prefix: '/',
      method: 'GET',
      scheme: 'http',
      port: 8080,
      headers: [
        { name: 'a', invert: false, match: { exact: 'x' } },
        { name: 'b', invert: true, match: { range: { start: -5, end: 5 } } },
        { name: 'c', match: { regex: '^v[0-9]+$' } },
        { name: 'd' },
      ],
      queryParameters: [{ name: 'q', match: { exact: '1' } }],
    },
    action: { weightedTargets: [{ virtualNode: 'api', weight: 90, port: 8080 }, { virtualNode: 'api2', weight: 0 }] },
    retryPolicy: { maxRetries: 0, perRetryTimeout: { unit: 's', value: 2 }, httpRetryEvents: ['server-error', 'gateway-error'], tcpRetryEvents: ['connection-error'] },
    timeout: { perRequest: { unit: 's', value: 15 } },
  },
};
const ROUTE_AFTER = {
  grpcRoute: {
    match: { serviceName: 'shop.Api', methodName: 'Get', metadata: [{ name: 'user', match: { prefix: 'a' } }, { name: 'kind', match: { suffix: 'b' } }] },
    action: { weightedTargets: [{ virtualNode: 'api2', weight: 1 }] },
    retryPolicy: { maxRetries: 2, perRetryTimeout: { unit: 'ms', value: 100 }, grpcRetryEvents: ['unavailable'] },
  },
};
const toService = { target: { virtualService: { virtualServiceName: 'api.shop.local' } } };

interface Resource {
  readonly kind: string;
  readonly plural: string;
  readonly names: Json;
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

const resource = (kind: string, names: Json, path: string, before: Json, after: Json, plural = `${kind}s`): Resource => ({ kind, plural, names: { meshName, ...names }, path, before, after });

/** In the order in which they can be made; the second node is a target only. */
const RESOURCES: readonly Resource[] = [
  resource('Mesh', {}, '', { egressFilter: { type: 'ALLOW_ALL' } }, { egressFilter: { type: 'DROP_ALL' }, serviceDiscovery: { ipPreference: 'IPv6_PREFERRED' } }, 'Meshes'),
  resource('VirtualNode', { virtualNodeName: 'api' }, '/virtualNode/api', NODE, NODE_AFTER),
  resource('VirtualNode', { virtualNodeName: 'api2' }, '/virtualNode/api2', {}, { listeners: [] }),
  resource('VirtualRouter', { virtualRouterName: 'api' }, '/virtualRouter/api', { listeners: [listener] }, { listeners: [{ portMapping: { port: 9000, protocol: 'grpc' } }] }),
  resource('Route', { virtualRouterName: 'api', routeName: 'all' }, '/virtualRouter/api/route/all', ROUTE, ROUTE_AFTER),
  resource('VirtualService', { virtualServiceName: 'api.shop.local' }, '/virtualService/api.shop.local', { provider: { virtualNode: { virtualNodeName: 'api' } } }, { provider: { virtualRouter: { virtualRouterName: 'api' } } }),
  resource(
    'VirtualGateway',
    { virtualGatewayName: 'edge' },
    '/virtualGateway/edge',
    { listeners: [{ ...listener, tls: { mode: 'STRICT', certificate: { acm: { certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/a' } } } }] },
    { listeners: [{ portMapping: { port: 80, protocol: 'http2' }, connectionPool: { http2: { maxRequests: 9 } } }], logging: { accessLog: { file: { path: '/dev/stdout' } } } },
  ),
  resource(
    'GatewayRoute',
    { virtualGatewayName: 'edge', gatewayRouteName: 'all' },
    '/virtualGateway/edge/gatewayRoute/all',
    { httpRoute: { match: { prefix: '/a/', hostname: { suffix: '.shop.com' } }, action: { ...toService, rewrite: { prefix: { defaultPrefix: 'DISABLED' }, hostname: { defaultTargetHostname: 'DISABLED' } } } } },
    { grpcRoute: { match: { serviceName: 'shop.Api', metadata: [{ name: 'n', match: { range: { start: 0, end: 9 } } }] }, action: toService } },
  ),
];

const step = (operation: string, input: Json, spec?: Json): Step => ({ operation, input, ...(spec === undefined ? {} : { spec }) });

/** What a list asks for: the mesh, and the router or gateway. */
const placeOf = ({ kind, names }: Resource): Json => {
  const { meshName: mesh, virtualRouterName, virtualGatewayName } = names;
  if (kind === 'Mesh') return {};
  return { meshName: mesh, ...(kind === 'Route' ? { virtualRouterName } : {}), ...(kind === 'GatewayRoute' ? { virtualGatewayName } : {}) };
};

const REFUSED: readonly Step[] = [
  step('CreateMesh', { meshName }),
  step('DescribeRoute', { meshName, virtualRouterName: 'api', routeName: 'none' }),
  step('UpdateMesh', { meshName, spec: { egressFilter: { type: 'SOME' } } }),
  step('DeleteMesh', { meshName }),
  step('TagResource', { resourceArn: ARN, tags: Array.from({ length: 50 }, (_, index) => ({ key: `key${index}`, value: '' })) }),
];

/** All 38 operations on all kinds of resource, from an empty server to an empty server, and errors between. */
export const STEPS: readonly Step[] = [
  ...RESOURCES.map(({ kind, names, before }) => step(`Create${kind}`, { ...names, spec: before, tags: [{ key: 'made by', value: kind }] }, before)),
  ...RESOURCES.map(({ kind, names, before }) => step(`Describe${kind}`, names, before)),
  ...RESOURCES.map((each) => step(`List${each.plural}`, placeOf(each))),
  ...RESOURCES.map((each) => ({ ...step(`List${each.plural}`, placeOf(each)), pageSize: 1 })),
  ...REFUSED,
  ...RESOURCES.map(({ kind, names, after }) => step(`Update${kind}`, { ...names, spec: after }, after)),
  ...RESOURCES.map(({ path }) => step('TagResource', { resourceArn: `${ARN}${path}`, tags: [{ key: 'a=b c/ü', value: 'é +' }] })),
  ...RESOURCES.map(({ path }) => ({ ...step('ListTagsForResource', { resourceArn: `${ARN}${path}` }), pageSize: 1 })),
  ...RESOURCES.map(({ path }) => step('UntagResource', { resourceArn: `${ARN}${path}`, tagKeys: ['made by'] })),
  ...RESOURCES.map(({ path }) => step('ListTagsForResource', { resourceArn: `${ARN}${path}` })),
  ...[...RESOURCES].sort((one, other) => deletionOrder(one) - deletionOrder(other)).map(({ kind, names, after }) => step(`Delete${kind}`, names, after)),
  step('ListMeshes', {}),
];

function deletionOrder({ kind }: Resource): number {
  return ['GatewayRoute', 'VirtualGateway', 'VirtualService', 'Route', 'VirtualRouter', 'VirtualNode', 'Mesh'].indexOf(kind);
}
