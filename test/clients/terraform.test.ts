import { sender, type Json, type Send } from '../controlplane/api/calls.ts';
import { makeFolder, startMeshServer, type MeshServer } from '../controlplane/api/mesh-server.ts';
import { create, destroy, read, update, wanted, type TerraformResource } from './terraform.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;

const meshName = 'tf-acc-test';
const listener = (protocol: string, more: Json = {}, port = 8080): Json => ({ portMapping: { port, protocol }, ...more });
const node = (...listeners: Json[]): Json => ({
  listeners,
  backends: [{ virtualService: { virtualServiceName: 'servicea.simpleapp.local' } }],
  serviceDiscovery: { dns: { hostname: 'serviceb.simpleapp.local' } },
});
const trustFile = { trust: { file: { certificateChain: '/cert_chain.pem' } } };
const backend = (tls: Json): Json => ({ ...node(listener('http')), backends: [{ virtualService: { virtualServiceName: 'servicea.simpleapp.local', clientPolicy: { tls } } }] });
const health = { protocol: 'http2', path: '/ping', healthyThreshold: 3, unhealthyThreshold: 5, timeoutMillis: 2000, intervalMillis: 5000 };
const ejection = { maxServerErrors: 5, maxEjectionPercent: 50, interval: { unit: 's', value: 10 }, baseEjectionDuration: { unit: 'ms', value: 250_000 } };
const toFoo = { action: { weightedTargets: [{ virtualNode: 'foo', weight: 100 }] } };
const toBoth = { action: { weightedTargets: [{ virtualNode: 'foo', weight: 99, port: 8080 }, { virtualNode: 'bar', weight: 0 }] } };
const retry = { httpRetryEvents: ['server-error'], maxRetries: 0, perRetryTimeout: { unit: 's', value: 15 } };
const headers = [{ name: 'X-Testing1', invert: true }, { name: 'X-Testing2', match: { range: { start: 2, end: 7 } } }];
const toService = { target: { virtualService: { virtualServiceName: 'tf-0' } } };
const disabled = { hostname: { defaultTargetHostname: 'DISABLED' }, prefix: { defaultPrefix: 'DISABLED' } };

/** Blocks as the provider's own acceptance tests have them, which App Mesh took: before and after an update. */
const BLOCKS: Readonly<Record<string, readonly (readonly [string, Json, Json])[]>> = {
  Mesh: [
    ['none', {}, { egressFilter: { type: 'ALLOW_ALL' } }],
    ['a preference', { serviceDiscovery: { ipPreference: 'IPv6_PREFERRED' } }, { egressFilter: { type: 'DROP_ALL' } }],
  ],
  VirtualNode: [
    ['none', {}, node(listener('http'))],
    ['backend defaults', { backendDefaults: { clientPolicy: { tls: { ports: [8443], validation: trustFile } } } }, { backendDefaults: { clientPolicy: { tls: { ports: [443, 8443], certificate: { file: { certificateChain: '/c.pem', privateKey: 'tell-nobody' } }, validation: { trust: { sds: { secretName: 'restricted' } }, subjectAlternativeNames: { match: { exact: ['def.example.com'] } } } } } } }],
    ['a client policy', backend({ ports: [8443], validation: trustFile }), backend({ enforce: false, validation: trustFile })],
    ['Cloud Map', { ...node(listener('http')), serviceDiscovery: { awsCloudMap: { namespaceName: 'ns', serviceName: 'sn', attributes: [{ key: 'a', value: 'b' }] } } }, node(listener('http'))],
    ['connection pools', node(listener('tcp', { connectionPool: { tcp: { maxConnections: 4 } } })), node(listener('http', { connectionPool: { http: { maxConnections: 8, maxPendingRequests: 16 } } }))],
    ['health checks', node(listener('grpc', { healthCheck: health })), node(listener('http', { healthCheck: { ...health, protocol: 'tcp', path: '', port: 8081 } }, 8081))],
    ['outlier detection', node(listener('tcp', { outlierDetection: ejection })), node(listener('http', { outlierDetection: { ...ejection, maxServerErrors: 6 } }))],
    ['timeouts', node(listener('tcp', { timeout: { tcp: { idle: { unit: 'ms', value: 250_000 } } } })), node(listener('http', { timeout: { http: { idle: { unit: 's', value: 10 }, perRequest: { unit: 's', value: 0 } } } }))],
    ['several listeners', node(listener('http'), listener('http2', {}, 8081)), node(listener('grpc', {}, 8081), listener('http'))],
    ['TLS', node(listener('http', { tls: { mode: 'PERMISSIVE', certificate: { file: { certificateChain: '/c.pem', privateKey: '/k.pem' } } } })), node(listener('http', { tls: { mode: 'STRICT', certificate: { sds: { secretName: 'very-secret' } }, validation: { ...trustFile, subjectAlternativeNames: { match: { exact: ['xyz.example.com', 'abc.example.com'] } } } } }))],
    ['logging', { ...node(listener('http')), logging: { accessLog: { file: { path: '/dev/stdout', format: { text: '[%START_TIME%]' } } } } }, { ...node(listener('http')), logging: { accessLog: { file: { path: '/tmp/log', format: { json: [{ key: 'k1', value: 'v1' }, { key: 'k2', value: '%RESPONSE_CODE%' }] } } } } }],
  ],
  VirtualRouter: [
    ['a listener', { listeners: [listener('http')] }, { listeners: [listener('tcp', {}, 8081)] }],
    ['several listeners', { listeners: [listener('http'), listener('grpc', {}, 8081)] }, { listeners: [listener('http')] }],
  ],
  VirtualService: [['none', {}, { provider: { virtualNode: { virtualNodeName: 'foo' } } }], ['a router', { provider: { virtualRouter: { virtualRouterName: 'router' } } }, { provider: { virtualNode: { virtualNodeName: 'bar' } } }]],
  Route: [
    ['http', { httpRoute: { match: { prefix: '/' }, ...toFoo } }, { priority: 42, httpRoute: { match: { prefix: '/path', port: 8080 }, ...toBoth } }],
    ['http2', { http2Route: { match: { prefix: '/', method: 'POST', scheme: 'http', headers: [{ name: 'X-Testing1' }] }, retryPolicy: retry, ...toFoo } }, { http2Route: { match: { prefix: '/path', method: 'PUT', scheme: 'https', headers }, ...toBoth } }],
    ['a timeout of 0', { httpRoute: { match: { prefix: '/' }, timeout: { idle: { unit: 'ms', value: 0 } }, ...toFoo } }, { httpRoute: { match: { prefix: '/' }, timeout: { idle: { unit: 's', value: 10 }, perRequest: { unit: 's', value: 5 } }, ...toFoo } }],
    ['paths', { httpRoute: { match: { path: { exact: '/test' }, queryParameters: [{ name: 'q', match: { exact: 'xact' } }, { name: 'p' }] }, ...toFoo } }, { httpRoute: { match: { path: { regex: '^/foo' } }, ...toFoo } }],
    ['grpc', { grpcRoute: { match: { metadata: [{ name: 'X-Testing1' }] }, retryPolicy: { ...retry, grpcRetryEvents: ['deadline-exceeded', 'cancelled'], tcpRetryEvents: ['connection-error'] }, ...toFoo } }, { grpcRoute: { match: { serviceName: 'test.local', methodName: 'test', metadata: headers }, ...toBoth } }],
    ['an empty match', { grpcRoute: { match: {}, ...toFoo } }, { grpcRoute: { match: { port: 8080 }, ...toFoo } }],
    ['tcp', { tcpRoute: { ...toFoo } }, { tcpRoute: { match: { port: 8080 }, timeout: { idle: { unit: 'ms', value: 250_000 } }, ...toBoth } }],
  ],
  VirtualGateway: [
    ['a listener', { listeners: [listener('http')] }, { listeners: [listener('http2', { connectionPool: { http2: { maxRequests: 1 } } })], backendDefaults: { clientPolicy: { tls: { validation: trustFile } } } }],
    ['a health check', { listeners: [listener('http', { healthCheck: { ...health, protocol: 'http', port: 8080 } })] }, { listeners: [listener('http2', { healthCheck: health })], logging: { accessLog: { file: { path: '/dev/stdout' } } } }],
  ],
  GatewayRoute: [
    ['grpc', { grpcRoute: { match: { serviceName: 'test1' }, action: toService } }, { grpcRoute: { match: { serviceName: 'test2', port: 8080 }, action: toService } }],
    ['http', { httpRoute: { match: { prefix: '/' }, action: toService } }, { httpRoute: { match: { prefix: '/users', port: 8080, headers: [{ name: 'X-Testing1', match: { exact: 'a' } }] }, action: { ...toService, rewrite: disabled } } }],
    ['a host', { http2Route: { match: { hostname: { exact: 'test.example.com' } }, action: toService } }, { http2Route: { match: { hostname: { suffix: '.example.com' }, path: { regex: '.*' } }, action: { ...toService, rewrite: { path: { exact: '/new' } } } } }],
  ],
};

const NAMES: Readonly<Record<string, (name: string) => Json>> = {
  Mesh: (name) => ({ meshName: name }),
  VirtualNode: (name) => ({ meshName, virtualNodeName: name }),
  VirtualRouter: (name) => ({ meshName, virtualRouterName: name }),
  VirtualService: (name) => ({ meshName, virtualServiceName: name }),
  Route: (name) => ({ meshName, virtualRouterName: 'router', routeName: name }),
  VirtualGateway: (name) => ({ meshName, virtualGatewayName: name }),
  GatewayRoute: (name) => ({ meshName, virtualGatewayName: 'gateway', gatewayRouteName: name }),
};

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
  send = sender(server.client);
  const base: readonly (readonly [string, string, Json])[] = [
    ['Mesh', meshName, {}],
    ['VirtualNode', 'foo', { listeners: [listener('http')], serviceDiscovery: { dns: { hostname: 'foo.simpleapp.local' } } }],
    ['VirtualNode', 'bar', { listeners: [listener('http')], serviceDiscovery: { dns: { hostname: 'bar.simpleapp.local' } } }],
    ['VirtualRouter', 'router', { listeners: [listener('http')] }],
    ['VirtualService', 'tf-0', {}],
    ['VirtualGateway', 'gateway', { listeners: [listener('http')] }],
  ];
  for (const [noun, name, spec] of base) await send(`Create${noun}`, { ...NAMES[noun]!(name), spec });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

describe.each(Object.keys(BLOCKS))('Terraform, aws_appmesh_*: %s', (noun) => {
  test.each(BLOCKS[noun]!)('%s: what was applied leaves nothing to do', async (title, before, after) => {
    const resource: TerraformResource = { noun, names: NAMES[noun]!(`tf-acc-${title.replaceAll(' ', '-')}`), spec: before, tags: { key1: 'value1', key2: 'value2' } };
    const created = await create(send, resource);
    expect([created.spec, created.tags]).toEqual([wanted(resource), resource.tags]);
    expect(await read(send, { ...resource, spec: before })).toEqual(created); // an import, by names alone

    const next: TerraformResource = { ...resource, spec: after, tags: { key1: 'value1updated', key3: '' } };
    const updated = await update(send, created, next);
    expect([updated.spec, updated.tags, updated.arn]).toEqual([wanted(next), next.tags, created.arn]);
    expect(await destroy(send, next)).toBe('NotFoundException');
  });
});
