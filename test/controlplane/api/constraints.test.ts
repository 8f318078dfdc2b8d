import { errorOf, gatewayRouteSpec, naming, nodeSpec, prepare, routeSpec, sender, targets, type Json, type Send } from './calls.ts';
import { makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;
const MESH = 'm';

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
  send = sender(server.client);
  await prepare(send, MESH);
  await send('CreateRoute', { ...naming('route', MESH, 'r'), spec: routeSpec(['blue', 1]) });
  await send('CreateGatewayRoute', { ...naming('gatewayRoute', MESH, 'r'), spec: gatewayRouteSpec('service.local') });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

/** Puts a raw body, as no SDK would: wrong types and missing members reach the server. */
async function put(path: string, body: Json): Promise<{ readonly status: number; readonly type: string | null; readonly message: string }> {
  const answer = await fetch(`${server.url}/v20190125/${path}`, { method: 'PUT', body: JSON.stringify(body) });
  return {
    status: answer.status,
    type: answer.headers.get('x-amzn-errortype'),
    message: ((await answer.json()) as { message?: string }).message ?? '',
  };
}

const paths = {
  node: `meshes/${MESH}/virtualNodes/green`,
  route: `meshes/${MESH}/virtualRouter/router/routes/r`,
  gateway: `meshes/${MESH}/virtualGateways/gateway`,
  gatewayRoute: `meshes/${MESH}/virtualGateway/gateway/gatewayRoutes/r`,
  mesh: `meshes/${MESH}`,
  router: `meshes/${MESH}/virtualRouters/router`,
  service: `meshes/${MESH}/virtualServices/service.local`,
};
type Target = keyof typeof paths;

const base = nodeSpec('n.local') as { listeners: [Json] };
const node = (extra: Json): Json => ({ ...base, ...extra });
const listening = (extra: Json, protocol: unknown = 'http2', number: unknown = 80): Json =>
  node({ listeners: [{ portMapping: { port: number, protocol }, ...extra }] });
const health = (extra: Json): Json => ({
  healthCheck: { protocol: 'http2', path: '/', healthyThreshold: 2, unhealthyThreshold: 2, timeoutMillis: 2000, intervalMillis: 5000, ...extra },
});
const http = (extra: Json, match: Json = { prefix: '/' }): Json => ({ httpRoute: { match, action: targets(['blue', 1]), ...extra } });
const weighted = (...items: unknown[]): Json => ({ httpRoute: { match: { prefix: '/' }, action: { weightedTargets: items } } });
const header = (extra: Json): Json => http({}, { prefix: '/', headers: [{ name: 'h', ...extra }] });
const grpc = (match: Json): Json => ({ grpcRoute: { match, action: targets(['blue', 1]) } });
const second = { value: 1, unit: 's' };
const outlier = (extra: Json): Json =>
  listening({ outlierDetection: { maxServerErrors: 5, interval: second, baseEjectionDuration: second, maxEjectionPercent: 50, ...extra } });
const gatewayHttp = (match: Json, rewrite?: Json): Json => ({
  httpRoute: { match, action: { target: { virtualService: { virtualServiceName: 'service.local' } }, rewrite } },
});
const tls = (tlsMember: Json): Json => node({ backendDefaults: { clientPolicy: { tls: tlsMember } } });
const trust = { validation: { trust: { file: { certificateChain: '/ca' } } } };
const long = (length: number): string => 'x'.repeat(length);

/** Target, spec, the path that the message names, the rule it tells. */
const VIOLATIONS: readonly (readonly [Target, unknown, string, string])[] = [
  // types
  ['node', 'text', 'spec', 'must be an object'],
  ['node', [], 'spec', 'must be an object'],
  ['node', null, 'spec', 'is required'],
  ['node', node({ listeners: {} }), 'spec.listeners', 'must be a list'],
  ['node', node({ listeners: [null] }), 'spec.listeners[0]', 'must not be null'],
  ['node', node({ listeners: [5] }), 'spec.listeners[0]', 'must be an object'],
  ['node', listening({}, 'http2', '80'), 'spec.listeners[0].portMapping.port', 'must be a whole number'],
  ['node', listening({}, 'http2', 80.5), 'spec.listeners[0].portMapping.port', 'must be a whole number'],
  ['node', listening({}, 'http2', 1e300), 'spec.listeners[0].portMapping.port', 'must be a whole number'],
  ['node', listening({}, 7), 'spec.listeners[0].portMapping.protocol', 'must be a string'],
  ['node', tls({ ...trust, enforce: 'true' }), 'spec.backendDefaults.clientPolicy.tls.enforce', 'must be true or false'],
  ['node', node({ serviceDiscovery: { dns: { hostname: 'a\u0000b' } } }), 'spec.serviceDiscovery.dns.hostname', 'must be Unicode text without NUL'],
  ['route', grpc({ serviceName: '\ud800' }), 'spec.grpcRoute.match.serviceName', 'must be Unicode text without NUL'],
  // required
  ['node', node({ listeners: [{}] }), 'spec.listeners[0].portMapping', 'is required'],
  ['route', weighted({ virtualNode: 'blue' }), 'spec.httpRoute.action.weightedTargets[0].weight', 'is required'],
  ['route', { httpRoute: { match: { prefix: '/' } } }, 'spec.httpRoute.action', 'is required'],
  ['mesh', { egressFilter: {} }, 'spec.egressFilter.type', 'is required'],
  ['node', tls({}), 'spec.backendDefaults.clientPolicy.tls.validation', 'is required'],
  // range
  ['node', listening({}, 'http2', 0), 'spec.listeners[0].portMapping.port', 'must be between 1 and 65535'],
  ['node', listening({}, 'http2', 65536), 'spec.listeners[0].portMapping.port', 'must be between 1 and 65535'],
  ['route', weighted({ virtualNode: 'blue', weight: 101 }), 'spec.httpRoute.action.weightedTargets[0].weight', 'must be between 0 and 100'],
  ['route', weighted({ virtualNode: 'blue', weight: -1 }), 'spec.httpRoute.action.weightedTargets[0].weight', 'must be between 0 and 100'],
  ['route', { ...http({}), priority: 1001 }, 'spec.priority', 'must be between 0 and 1000'],
  ['node', listening(health({ healthyThreshold: 1 })), 'spec.listeners[0].healthCheck.healthyThreshold', 'must be between 2 and 10'],
  ['node', listening(health({ timeoutMillis: 1999 })), 'spec.listeners[0].healthCheck.timeoutMillis', 'must be between 2000 and 60000'],
  ['node', listening(health({ intervalMillis: 4999 })), 'spec.listeners[0].healthCheck.intervalMillis', 'must be between 5000 and 300000'],
  ['node', outlier({ maxEjectionPercent: 101 }), 'spec.listeners[0].outlierDetection.maxEjectionPercent', 'must be between 0 and 100'],
  [
    'node',
    listening({ connectionPool: { http2: { maxRequests: 0 } } }),
    'spec.listeners[0].connectionPool.http2.maxRequests',
    'must be between 1 and 2147483647',
  ],
  [
    'node',
    listening({ connectionPool: { http2: { maxRequests: 2 ** 31 } } }),
    'spec.listeners[0].connectionPool.http2.maxRequests',
    'must be between 1 and 2147483647',
  ],
  ['route', http({ retryPolicy: { perRetryTimeout: second, maxRetries: -1 } }), 'spec.httpRoute.retryPolicy.maxRetries', 'must be at least 0'],
  // length
  ['route', weighted(), 'spec.httpRoute.action.weightedTargets', 'must have a length of between 1 and 10, and has 0'],
  [
    'route',
    weighted(...Array.from({ length: 11 }, () => ({ virtualNode: 'blue', weight: 1 }))),
    'spec.httpRoute.action.weightedTargets',
    'must have a length of between 1 and 10, and has 11',
  ],
  ['route', header({ name: long(51) }), 'spec.httpRoute.match.headers[0].name', 'must have a length of between 1 and 50, and has 51'],
  ['route', header({ match: { exact: '' } }), 'spec.httpRoute.match.headers[0].match.exact', 'must have a length of between 1 and 255'],
  [
    'service',
    { provider: { virtualNode: { virtualNodeName: '' } } },
    'spec.provider.virtualNode.virtualNodeName',
    'must have a length of between 1 and 255',
  ],
  [
    'node',
    node({ logging: { accessLog: { file: { path: long(256) } } } }),
    'spec.logging.accessLog.file.path',
    'must have a length of between 1 and 255',
  ],
  [
    'node',
    tls({ validation: { trust: { acm: { certificateAuthorityArns: [] } } } }),
    'spec.backendDefaults.clientPolicy.tls.validation.trust.acm.certificateAuthorityArns',
    'must have a length of between 1 and 3',
  ],
  ['gatewayRoute', gatewayHttp({ hostname: { exact: long(254) } }), 'spec.httpRoute.match.hostname.exact', 'must have a length of between 1 and 253'],
  // pattern
  [
    'node',
    node({ serviceDiscovery: { awsCloudMap: { namespaceName: 'n', serviceName: 's', attributes: [{ key: 'a b', value: 'v' }] } } }),
    'spec.serviceDiscovery.awsCloudMap.attributes[0].key',
    'must match ^[',
  ],
  [
    'node',
    node({ serviceDiscovery: { awsCloudMap: { namespaceName: 'n', serviceName: 's', attributes: [{ key: 'a', value: ' v' }] } } }),
    'spec.serviceDiscovery.awsCloudMap.attributes[0].value',
    'must match ^(',
  ],
  // enum
  ['mesh', { egressFilter: { type: 'SOME' } }, 'spec.egressFilter.type', 'must be one of ALLOW_ALL, DROP_ALL'],
  ['node', listening({}, 'HTTP2'), 'spec.listeners[0].portMapping.protocol', 'must be one of http, tcp, http2, grpc'],
  [
    'gateway',
    { listeners: [{ portMapping: { port: 1, protocol: 'tcp' } }] },
    'spec.listeners[0].portMapping.protocol',
    'must be one of http, http2, grpc',
  ],
  ['route', http({}, { prefix: '/', method: 'get' }), 'spec.httpRoute.match.method', 'must be one of GET, HEAD'],
  ['route', http({ timeout: { idle: { value: 1, unit: 'm' } } }), 'spec.httpRoute.timeout.idle.unit', 'must be one of s, ms'],
  [
    'route',
    { grpcRoute: { match: {}, action: targets(['blue', 1]), retryPolicy: { perRetryTimeout: second, maxRetries: 1, grpcRetryEvents: ['aborted'] } } },
    'spec.grpcRoute.retryPolicy.grpcRetryEvents[0]',
    'must be one of cancelled',
  ],
  // uniqueItems
  ['node', tls({ ...trust, ports: [443, 80, 443] }), 'spec.backendDefaults.clientPolicy.tls.ports', 'must have each item once, and has 443 twice'],
  // unions
  ['node', node({ serviceDiscovery: {} }), 'spec.serviceDiscovery', 'must have exactly one of dns, awsCloudMap, and has none'],
  [
    'node',
    node({ serviceDiscovery: { dns: { hostname: 'a' }, awsCloudMap: { namespaceName: 'a', serviceName: 'b' } } }),
    'spec.serviceDiscovery',
    'and has dns, awsCloudMap',
  ],
  [
    'service',
    { provider: { virtualNode: { virtualNodeName: 'blue' }, virtualRouter: { virtualRouterName: 'router' } } },
    'spec.provider',
    'must have exactly one of',
  ],
  ['service', { provider: { lambda: {} } }, 'spec.provider', 'and has none'],
  ['route', header({ match: { exact: 'a', prefix: 'b' } }), 'spec.httpRoute.match.headers[0].match', 'must have exactly one of'],
  // what the documentation says
  ['route', {}, 'spec', 'must have exactly one of httpRoute, http2Route, grpcRoute, tcpRoute, and has none'],
  ['route', { ...http({}), ...grpc({}) }, 'spec', 'and has httpRoute, grpcRoute'],
  [
    'route',
    weighted({ virtualNode: 'blue', weight: 0 }, { virtualNode: 'green', weight: 0 }),
    'spec.httpRoute.action.weightedTargets',
    'at least one target with a weight greater than 0',
  ],
  ['route', { tcpRoute: { action: targets(['blue', 0]) } }, 'spec.tcpRoute.action.weightedTargets', 'at least one target with a weight'],
  ['route', http({}, { prefix: 'x' }), 'spec.httpRoute.match.prefix', 'must start with /'],
  ['route', http({}, { prefix: '/', path: { exact: '/' } }), 'spec.httpRoute.match', 'must have at most one of prefix, path'],
  ['route', http({}, { path: {} }), 'spec.httpRoute.match.path', 'must have exactly one of exact, regex'],
  ['route', http({}, { path: { regex: '(' } }), 'spec.httpRoute.match.path.regex', 'must be a regular expression'],
  ['route', http({}, { path: { regex: '/(?!a)' } }), 'spec.httpRoute.match.path.regex', 'must not look ahead'],
  ['route', header({ match: { regex: '(a)\\1' } }), 'spec.httpRoute.match.headers[0].match.regex', 'must not refer back'],
  ['route', header({ match: { range: { start: 2, end: 1 } } }), 'spec.httpRoute.match.headers[0].match.range.end', 'must be at least the start, 2'],
  ['route', header({ name: 'a b' }), 'spec.httpRoute.match.headers[0].name', 'must be the name of an HTTP header'],
  ['route', grpc({ methodName: 'M' }), 'spec.grpcRoute.match.serviceName', 'is required when there is a methodName'],
  ['route', http({}, { prefix: '/', queryParameters: [{ name: '' }] }), 'spec.httpRoute.match.queryParameters[0].name', 'must have a length of'],
  ['route', http({ retryPolicy: { perRetryTimeout: {}, maxRetries: 1 } }), 'spec.httpRoute.retryPolicy.perRetryTimeout.unit', 'is required'],
  [
    'route',
    http({ retryPolicy: { perRetryTimeout: second, maxRetries: 1, httpRetryEvents: ['teapot'] } }),
    'spec.httpRoute.retryPolicy.httpRetryEvents[0]',
    'must be one of server-error',
  ],
  ['route', http({ timeout: { idle: { value: 1e15, unit: 's' } } }), 'spec.httpRoute.timeout.idle.value', 'must be at most'],
  ['node', { serviceDiscovery: { dns: { hostname: 'n' } } }, 'spec.serviceDiscovery', "Service Discovery can't be set without a listener."],
  ['node', { listeners: base.listeners }, 'spec.serviceDiscovery', 'is required when there is a listener'],
  [
    'node',
    node({ listeners: [...base.listeners, ...base.listeners] }),
    'spec.listeners[1].portMapping.port',
    'must be the port of one listener only',
  ],
  ['node', node({ serviceDiscovery: { dns: { hostname: '' } } }), 'spec.serviceDiscovery.dns.hostname', 'must have a length of'],
  [
    'node',
    listening(health({ protocol: 'grpc' }), 'http'),
    'spec.listeners[0].healthCheck.protocol',
    'GRPC HealthCheck requires listener type of HTTP2 or GRPC.',
  ],
  ['node', listening(health({ port: 81 })), 'spec.listeners[0].healthCheck.port', "must be the listener's port, 80"],
  ['node', listening(health({ path: undefined })), 'spec.listeners[0].healthCheck.path', 'must start with /'],
  [
    'node',
    listening({ connectionPool: { http: { maxConnections: 1 } } }),
    'spec.listeners[0].connectionPool',
    "must be for the listener's protocol, http2, and is for http",
  ],
  ['node', listening({ timeout: { tcp: { idle: second } } }), 'spec.listeners[0].timeout', "must be for the listener's protocol, http2"],
  ['node', outlier({ interval: { value: 0, unit: 's' } }), 'spec.listeners[0].outlierDetection.interval.value', 'must be greater than 0'],
  [
    'node',
    node({ backends: [{ virtualService: { virtualServiceName: 'a' } }, { virtualService: { virtualServiceName: 'a', clientPolicy: {} } }] }),
    'spec.backends[1]',
    'must not differ from an earlier backend',
  ],
  [
    'node',
    tls({ validation: { trust: { sds: { secretName: '' } } } }),
    'spec.backendDefaults.clientPolicy.tls.validation.trust.sds.secretName',
    'must have a length of',
  ],
  ['router', { listeners: [...base.listeners, ...base.listeners] }, 'spec.listeners[1].portMapping.port', 'must be the port of one listener only'],
  ['gateway', { listeners: [] }, 'spec.listeners', 'must have at least one listener'],
  [
    'gateway',
    { listeners: [{ portMapping: { port: 80, protocol: 'http' }, ...health({ protocol: 'grpc' }) }] },
    'spec.listeners[0].healthCheck.protocol',
    'GRPC HealthCheck requires listener type of HTTP2 or GRPC.',
  ],
  ['gatewayRoute', { priority: 1 }, 'spec', 'must have exactly one of httpRoute, http2Route, grpcRoute, and has none'],
  ['gatewayRoute', gatewayHttp({ prefix: '/', hostname: {} }), 'spec.httpRoute.match.hostname', 'must have exactly one of exact, suffix'],
  ['gatewayRoute', gatewayHttp({ prefix: '/' }, { prefix: { value: 'x' } }), 'spec.httpRoute.action.rewrite.prefix.value', 'must start with /'],
  [
    'gatewayRoute',
    gatewayHttp({ prefix: '/' }, { prefix: { value: '/x' }, path: { exact: '/y' } }),
    'spec.httpRoute.action.rewrite',
    'must have at most one of prefix, path',
  ],
];

test.each(VIOLATIONS.map((violation, index) => [index, ...violation] as const))(
  '%i: %s %j is refused at %s: %s',
  async (_, target, spec, path, rule) => {
    const { status, type, message } = await put(paths[target], { spec });
    expect({ status, type, message }).toEqual({ status: 400, type: 'BadRequestException', message: expect.stringContaining(`'${path}'`) as string });
    expect(message).toContain(rule);
  },
);

/** What is allowed though it looks odd: App Mesh took it. */
const ALLOWED: readonly (readonly [Target, Json])[] = [
  ['route', weighted({ virtualNode: 'blue', weight: 100 }, { virtualNode: 'green', weight: 100 })],
  ['route', weighted({ virtualNode: 'blue', weight: 0 }, { virtualNode: 'green', weight: 1 })],
  ['route', http({}, {})],
  [
    'route',
    http(
      {},
      {
        path: { regex: '(?i)/[[:alpha:]]+(?P<rest>.*)' },
        method: 'GET',
        scheme: 'https',
        headers: [{ name: ':authority', invert: true }],
        queryParameters: [{ name: 'q', match: {} }],
      },
    ),
  ],
  [
    'route',
    http({
      retryPolicy: { perRetryTimeout: { value: 0, unit: 'ms' }, maxRetries: 0, tcpRetryEvents: ['connection-error'] },
      timeout: { idle: { value: 0, unit: 's' } },
    }),
  ],
  ['route', header({ match: { range: { start: -5, end: 5 } } })],
  ['route', { tcpRoute: { action: targets(['blue', 1]), match: { port: 80 }, timeout: { idle: second } } }],
  ['node', {}],
  ['node', { listeners: [] }],
  ['node', listening(health({ protocol: 'tcp', path: 'ignored' }), 'tcp')],
  ['node', node({ listeners: [...base.listeners, { portMapping: { port: 81, protocol: 'grpc' } }] })],
  ['router', {}],
  [
    'gatewayRoute',
    gatewayHttp(
      { prefix: '/x/', port: 80, hostname: { suffix: '.example.com' } },
      { prefix: { defaultPrefix: 'DISABLED' }, hostname: { defaultTargetHostname: 'DISABLED' } },
    ),
  ],
  ['service', {}],
  ['mesh', {}],
];

test.each(ALLOWED.map((allowed, index) => [index, ...allowed] as const))(
  '%i: %s %j is taken, and described as it was given',
  async (_, target, spec) => {
    expect(await put(paths[target], { spec })).toMatchObject({ status: 200 });
    const described = (await (await fetch(`${server.url}/v20190125/${paths[target]}`)).json()) as Json;
    if (target !== 'node') expect(described['spec']).toEqual(spec);
  },
);

test.each<[string, string, Json, string]>([
  ['a name with a slash', 'CreateMesh', { meshName: 'a/b' }, '\'meshName\' with value "a/b": must be 1 to 255 printable ASCII'],
  ['a name with a space', 'CreateVirtualNode', { meshName: MESH, virtualNodeName: 'a b', spec: {} }, "'virtualNodeName'"],
  ['a name that clients take out of a path', 'CreateVirtualNode', { meshName: MESH, virtualNodeName: '..', spec: {} }, 'and not . or ..'],
  ['a name that is no segment of a path', 'CreateMesh', { meshName: '.' }, 'and not . or ..'],
  ['a name that is not ASCII', 'CreateVirtualService', { meshName: MESH, virtualServiceName: 'é', spec: {} }, "'virtualServiceName'"],
  ['a service that would be every domain', 'CreateVirtualService', { meshName: MESH, virtualServiceName: '*.local', spec: {} }, 'must not have a *'],
  ['a name too long', 'CreateMesh', { meshName: long(256) }, "'meshName'"],
  ['a name too long to describe', 'DescribeVirtualNode', { meshName: MESH, virtualNodeName: long(256) }, 'must have a length of between 1 and 255'],
  ['a client token too long', 'CreateMesh', { meshName: 'x', clientToken: long(37) }, "'clientToken'"],
  [
    'an owner that is no account',
    'DescribeMesh',
    { meshName: MESH, meshOwner: '1' },
    '\'meshOwner\' with value "1": must have a length of exactly 12',
  ],
  ['a limit of 0', 'ListMeshes', { limit: 0 }, "'limit' with value 0: must be between 1 and 100"],
  ['a limit of 101', 'ListVirtualNodes', { meshName: MESH, limit: 101 }, "'limit' with value 101"],
  ['a limit of 51 tags', 'ListTagsForResource', { resourceArn: 'arn', limit: 51 }, "'limit' with value 51: must be between 1 and 50"],
  [
    '51 tags',
    'CreateMesh',
    { meshName: 'x', tags: Array.from({ length: 51 }, (_, index) => ({ key: String(index), value: '' })) },
    "'tags' with value a list of 51",
  ],
  ['a tag key too long', 'CreateMesh', { meshName: 'x', tags: [{ key: long(129), value: '' }] }, "'tags[0].key'"],
  [
    'a tag twice',
    'CreateMesh',
    {
      meshName: 'x',
      tags: [
        { key: 'k', value: '' },
        { key: 'k', value: 'v' },
      ],
    },
    '\'tags[1].key\' with value "k": must be given once only',
  ],
  ['a tag of AWS', 'CreateMesh', { meshName: 'x', tags: [{ key: 'AWS:x', value: '' }] }, 'must not start with aws:'],
  ['a strange next token', 'ListMeshes', { nextToken: 'abc' }, "'nextToken': must be"],
])('refused: %s', async (_, operation, input, message) => {
  const error = await errorOf(send(operation, input));
  expect(error).toMatchObject({ name: 'BadRequestException', status: 400 });
  expect(error.message).toContain(message);
});

test('a request tells all its violations at once, and of very many the first ten', async () => {
  const { message } = await put(paths.node, { spec: listening(health({ healthyThreshold: 1, unhealthyThreshold: 99 }), 'h', 0) });
  for (const path of ['healthyThreshold', 'unhealthyThreshold', 'portMapping.port', 'portMapping.protocol']) expect(message).toContain(`.${path}'`);
  const { message: many } = await put(paths.node, { spec: node({ listeners: Array.from({ length: 25 }, () => ({})) }) });
  expect(many).toMatch(/listeners\[9\].*; and 15 more$/);
  expect(many).not.toContain('listeners[10]');
});
