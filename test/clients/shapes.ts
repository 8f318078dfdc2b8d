import type { Json } from '../controlplane/api/calls.ts';

/** One resource as its user gives it; `now` is what describe shows where that is more than was given. */
export interface Shape {
  readonly operation: string;
  readonly input: Json;
  readonly now?: Json;
}

/** A mesh of a kind that its users have, and which of its proxies are to take it. */
export interface ShapedMesh {
  readonly mesh: string;
  readonly proxies: readonly string[];
  readonly shapes: readonly Shape[];
}

type Protocol = 'http' | 'http2' | 'grpc' | 'tcp';

const port = (number: number, protocol: Protocol = 'http', rest: Json = {}): Json => ({ ...rest, portMapping: { port: number, protocol } });
const dns = (hostname: string, rest: Json = {}): Json => ({ dns: { hostname, ...rest } });
const cloudMap = (serviceName: string, rest: Json = {}): Json => ({ awsCloudMap: { namespaceName: 'apps.internal', serviceName, ...rest } });
const backends = (...names: readonly string[]): Json[] => names.map((virtualServiceName) => ({ virtualService: { virtualServiceName } }));
const to = (...weights: readonly (readonly [string, number, number?])[]): Json => ({
  action: { weightedTargets: weights.map(([virtualNode, weight, target]) => ({ virtualNode, weight, ...(target === undefined ? {} : { port: target }) })) },
});
const stdout = { accessLog: { file: { path: '/dev/stdout' } } };
const ms = (value: number): Json => ({ unit: 'ms', value });
const s = (value: number): Json => ({ unit: 's', value });
const check = (protocol: Protocol, rest: Json = {}): Json => ({ protocol, healthyThreshold: 2, unhealthyThreshold: 3, intervalMillis: 5_000, timeoutMillis: 2_000, ...rest });

const node = (virtualNodeName: string, spec: Json, now?: Json): Shape => ({ operation: 'CreateVirtualNode', input: { virtualNodeName, spec }, ...(now === undefined ? {} : { now }) });
const router = (virtualRouterName: string, ...listeners: readonly Json[]): Shape => ({ operation: 'CreateVirtualRouter', input: { virtualRouterName, spec: { listeners } } });
const route = (virtualRouterName: string, routeName: string, spec: Json): Shape => ({ operation: 'CreateRoute', input: { virtualRouterName, routeName, spec } });
const byNode = (virtualServiceName: string, virtualNodeName: string): Shape => ({ operation: 'CreateVirtualService', input: { virtualServiceName, spec: { provider: { virtualNode: { virtualNodeName } } } } });
const byRouter = (virtualServiceName: string, virtualRouterName: string): Shape => ({ operation: 'CreateVirtualService', input: { virtualServiceName, spec: { provider: { virtualRouter: { virtualRouterName } } } } });
const gateway = (virtualGatewayName: string, spec: Json): Shape => ({ operation: 'CreateVirtualGateway', input: { virtualGatewayName, spec } });
const gatewayRoute = (virtualGatewayName: string, gatewayRouteName: string, spec: Json): Shape => ({ operation: 'CreateGatewayRoute', input: { virtualGatewayName, gatewayRouteName, spec } });
const toService = (virtualServiceName: string, rest: Json = {}): Json => ({ action: { target: { virtualService: { virtualServiceName } }, ...rest } });
const mesh = (spec?: Json): Shape => ({ operation: 'CreateMesh', input: spec === undefined ? {} : { spec }, ...(spec === undefined ? { now: {} } : {}) });

/** Files that proxies have. */
export interface Files {
  readonly authority: string;
  readonly leaf: { readonly certificateChain: string; readonly privateKey: string };
}

/** Meshes of the kinds that are public: containers behind DNS or Cloud Map, Terraform modules, the Kubernetes controller and its defaults, gateways, TLS. */
export const shapedMeshes = ({ authority, leaf }: Files, free: readonly number[]): readonly ShapedMesh[] => [
  {
    mesh: 'containers',
    proxies: ['virtualNode/front-vn', 'virtualNode/teller-blue-vn'],
    shapes: [
      mesh(),
      node('front-vn', { listeners: [port(9080)], backends: backends('teller.demo.local', 'echo.demo.local', 'front.demo.local'), serviceDiscovery: dns('front.demo.local') }),
      node('teller-blue-vn', { listeners: [port(9080, 'http', { healthCheck: check('http', { path: '/ping' }) })], serviceDiscovery: dns('teller.demo.local') }, { listeners: [port(9080, 'http', { healthCheck: check('http', { path: '/ping', port: 9080 }) })], serviceDiscovery: dns('teller.demo.local') }),
      node('teller-red-vn', { listeners: [port(9080)], serviceDiscovery: cloudMap('teller', { attributes: [{ key: 'ECS_TASK_SET_EXTERNAL_ID', value: 'red' }] }), logging: stdout }),
      node('echo-vn', { listeners: [port(2701, 'tcp', { healthCheck: check('tcp', { port: 2701 }) })], serviceDiscovery: dns('echo.demo.local') }),
      router('teller-vr', port(9080)),
      route('teller-vr', 'teller-route', { httpRoute: { match: { prefix: '/' }, ...to(['teller-blue-vn', 1], ['teller-red-vn', 1]) } }),
      route('teller-vr', 'one-user', { priority: 0, httpRoute: { match: { prefix: '/', headers: [{ name: 'canary_fleet', match: { exact: 'true' } }, { name: 'User-Agent', match: { regex: '.*Chrome.*' }, invert: true }] }, ...to(['teller-red-vn', 100]) } }),
      byRouter('teller.demo.local', 'teller-vr'),
      byNode('echo.demo.local', 'echo-vn'),
      byNode('front.demo.local', 'front-vn'),
    ],
  },
  {
    mesh: 'modules',
    proxies: ['virtualNode/node-a'],
    shapes: [
      mesh({ egressFilter: { type: 'DROP_ALL' } }),
      node('node-a', { listeners: [port(443)], backends: backends('service-b', 'service-c', 'redis.apps', 'not-made.yet'), serviceDiscovery: cloudMap('node-a') }),
      ...['v1', 'v2', 'v3'].map((version) => node(`node-b-${version}`, { listeners: [port(80)], serviceDiscovery: cloudMap(`node-b-${version}`, { attributes: [] }) })),
      router('service-b-router', port(80)),
      route('service-b-router', 'thirds', { httpRoute: { match: { prefix: '/' }, ...to(['node-b-v1', 33], ['node-b-v2', 33], ['node-b-v3', 33]) } }),
      route('service-b-router', 'pictures', {
        httpRoute: {
          match: { prefix: '/gallery' },
          ...to(['node-b-v1', 100], ['node-b-v2', 0]),
          retryPolicy: { httpRetryEvents: ['server-error', 'gateway-error', 'client-error', 'stream-error'], tcpRetryEvents: ['connection-error'], maxRetries: 5, perRetryTimeout: s(15) },
          timeout: { idle: s(0), perRequest: s(0) },
        },
      }),
      byRouter('service-b', 'service-b-router'),
      node('service-c', {}),
      byNode('service-c', 'service-c'),
      node('redis', { listeners: [port(6379, 'tcp', { timeout: { tcp: { idle: s(300) } }, connectionPool: { tcp: { maxConnections: 100 } } })], serviceDiscovery: dns('redis.apps', { responseType: 'ENDPOINTS', ipPreference: 'IPv4_ONLY' }) }),
      router('redis', port(6379, 'tcp')),
      route('redis', 'redis', { tcpRoute: { ...to(['redis', 100]) } }),
      byRouter('redis.apps', 'redis'),
    ],
  },
  {
    mesh: 'kubernetes',
    proxies: ['virtualNode/dj_prod', 'virtualNode/metal-v1_prod', 'virtualGateway/ingress-gw_prod'],
    shapes: [
      mesh({ serviceDiscovery: { ipPreference: 'IPv4_PREFERRED' } }),
      node('dj_prod', { listeners: [port(9080)], backends: backends('metal.prod.svc.cluster.local', 'jazz.prod.svc.cluster.local'), serviceDiscovery: dns('dj.prod.svc.cluster.local') }),
      node('metal-v1_prod', {
        listeners: [
          port(9080, 'http', {
            healthCheck: check('http', { path: '/ping', port: 9080 }),
            connectionPool: { http: { maxConnections: 100, maxPendingRequests: 50 } },
            outlierDetection: { maxServerErrors: 5, interval: s(10), baseEjectionDuration: s(10), maxEjectionPercent: 50 },
            timeout: { http: { perRequest: s(60), idle: s(60) } },
          }),
        ],
        backends: [],
        serviceDiscovery: dns('metal-v1.prod.svc.cluster.local'),
        logging: { accessLog: { file: { path: '/dev/stdout', format: { text: '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%" %RESPONSE_CODE%\n' } } } },
      }),
      node('jazz-v1_prod', { listeners: [port(50051, 'grpc', { healthCheck: check('grpc', { port: 50051 }), connectionPool: { grpc: { maxRequests: 50 } }, timeout: { grpc: { idle: s(0), perRequest: ms(1_500) } } })], serviceDiscovery: dns('jazz-v1.prod.svc.cluster.local') }),
      router('metal_prod', port(9080)),
      route('metal_prod', 'metal-route', { priority: 1, httpRoute: { match: { prefix: '/' }, ...to(['metal-v1_prod', 100]) } }),
      route('metal_prod', 'exact', { priority: 0, httpRoute: { match: { path: { exact: '/ping' }, method: 'GET', scheme: 'http', queryParameters: [{ name: 'v', match: { exact: '2' } }, { name: 'any' }] }, ...to(['metal-v1_prod', 1]) } }),
      byRouter('metal.prod.svc.cluster.local', 'metal_prod'),
      router('jazz_prod', port(50051, 'grpc')),
      route('jazz_prod', 'unary', { grpcRoute: { match: { serviceName: 'prod.Jazz', methodName: 'Play' }, ...to(['jazz-v1_prod', 1]), retryPolicy: { grpcRetryEvents: ['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'], maxRetries: 3, perRetryTimeout: ms(2_000) } } }),
      route('jazz_prod', 'rest', { grpcRoute: { match: { metadata: [{ name: 'tenant', match: { prefix: 'a' } }, { name: 'shard', match: { range: { start: 0, end: 8 } }, invert: false }] }, ...to(['jazz-v1_prod', 1]) } }),
      byRouter('jazz.prod.svc.cluster.local', 'jazz_prod'),
      gateway('ingress-gw_prod', { listeners: [port(free[0] ?? 0, 'http', { healthCheck: check('http', { path: '/ready', port: free[0] }), connectionPool: { http: { maxConnections: 5 } } })], logging: stdout }),
      gatewayRoute('ingress-gw_prod', 'prefix', { httpRoute: { match: { prefix: '/metal/' }, ...toService('metal.prod.svc.cluster.local') } }),
      gatewayRoute('ingress-gw_prod', 'kept', { priority: 3, httpRoute: { match: { prefix: '/kept', hostname: { suffix: '.Example.com' } }, ...toService('metal.prod.svc.cluster.local', { rewrite: { prefix: { defaultPrefix: 'DISABLED' }, hostname: { defaultTargetHostname: 'DISABLED' } } }) } }),
      gatewayRoute('ingress-gw_prod', 'host', { httpRoute: { match: { hostname: { exact: 'WWW.example.com' } }, ...toService('metal.prod.svc.cluster.local') } }),
    ],
  },
  {
    mesh: 'tls',
    proxies: ['virtualNode/strict', 'virtualGateway/edge'],
    shapes: [
      mesh({}),
      node('strict', {
        listeners: [port(8443, 'http2', { tls: { mode: 'STRICT', certificate: { file: leaf }, validation: { trust: { file: { certificateChain: authority } }, subjectAlternativeNames: { match: { exact: ['edge.tls.local'] } } } } })],
        backends: [{ virtualService: { virtualServiceName: 'open.tls.local', clientPolicy: { tls: { enforce: false, ports: [8080], validation: { trust: { file: { certificateChain: authority } } } } } } }],
        backendDefaults: { clientPolicy: { tls: { enforce: true, certificate: { file: leaf }, validation: { trust: { file: { certificateChain: authority } } } } } },
        serviceDiscovery: dns('strict.tls.local'),
      }),
      node('open', { listeners: [port(8080, 'http', { tls: { mode: 'PERMISSIVE', certificate: { file: leaf } } })], serviceDiscovery: dns('open.tls.local') }),
      node('off', { listeners: [port(8080, 'http', { tls: { mode: 'DISABLED', certificate: { file: leaf } } })], serviceDiscovery: dns('off.tls.local') }),
      byNode('strict.tls.local', 'strict'),
      byNode('open.tls.local', 'open'),
      gateway('edge', {
        listeners: [port(free[1] ?? 0, 'http2', { tls: { mode: 'STRICT', certificate: { file: leaf } }, connectionPool: { http2: { maxRequests: 9 } } })],
        backendDefaults: { clientPolicy: { tls: { certificate: { file: leaf }, validation: { trust: { file: { certificateChain: authority } }, subjectAlternativeNames: { match: { exact: ['strict.tls.local'] } } } } } },
        logging: { accessLog: { file: { path: '/dev/stdout', format: { json: [{ key: 'start', value: '%START_TIME%' }, { key: 'code', value: '%RESPONSE_CODE%' }] } } } },
      }),
      gatewayRoute('edge', 'all', { http2Route: { match: { prefix: '/' }, ...toService('strict.tls.local') } }),
      gatewayRoute('edge', 'moved', { http2Route: { match: { path: { exact: '/old' } }, ...toService('strict.tls.local', { rewrite: { path: { exact: '/new' } } }) } }),
    ],
  },
  {
    mesh: 'listeners',
    proxies: ['virtualNode/app', 'virtualGateway/two'],
    shapes: [
      mesh({ egressFilter: { type: 'ALLOW_ALL' } }),
      node('app', { listeners: [port(5050), port(6060, 'grpc')], backends: backends('app'), serviceDiscovery: dns('my-application.local') }),
      router('app', port(3030), port(4040, 'grpc')),
      route('app', 'http', { httpRoute: { match: { port: 3030 }, ...to(['app', 1, 5050]) } }),
      route('app', 'grpc', { grpcRoute: { match: { port: 4040 }, ...to(['app', 1, 6060]) } }),
      byRouter('app', 'app'),
      { operation: 'CreateVirtualService', input: { virtualServiceName: 'nobody', spec: {} } },
      gateway('two', { listeners: [port(free[2] ?? 0), port(free[3] ?? 0, 'grpc')] }),
      gatewayRoute('two', 'http', { httpRoute: { match: { port: free[2] }, action: { target: { virtualService: { virtualServiceName: 'app' }, port: 3030 } } } }),
      gatewayRoute('two', 'grpc', { grpcRoute: { match: { port: free[3], serviceName: 'a.B' }, action: { target: { virtualService: { virtualServiceName: 'app' }, port: 4040 }, rewrite: { hostname: { defaultTargetHostname: 'ENABLED' } } } } }),
      gatewayRoute('two', 'nobody', { priority: 1_000, httpRoute: { match: { port: free[2], prefix: '/nobody', headers: [{ name: 'x-a' }] }, ...toService('nobody') } }),
    ],
  },
];
