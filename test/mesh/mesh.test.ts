import { awaitActive } from '../../src/mesh/await-active.ts';
import { changeRoute } from '../../src/mesh/change-route.ts';
import { openMeshClient, type MeshClient } from '../../src/mesh/client.ts';
import { sameSpec } from '../../src/mesh/compare-specs.ts';
import { ensureResource } from '../../src/mesh/ensure.ts';
import { applyWeights, targetsOf, withTargets } from '../../src/canary/weights.ts';
import type { RouteSpec } from '../../src/contracts/rollout.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';
import { functions } from '../handlers/functions.ts';
import { errorBody, resourceBody, startScriptedServer, type Answer, type Asked, type ScriptedServer } from './scripted-server.ts';

process.env['AWS_REGION'] = 'us-east-1';
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';

let server: ScriptedServer;
let mesh: MeshClient;
const serve = async (answer: (asked: Asked, count: number) => Answer): Promise<void> => {
  server = await startScriptedServer(answer);
  mesh = openMeshClient(server.url);
};
afterEach(async () => {
  mesh.close();
  await server.close();
});

const ok = (body: unknown): Answer => ({ status: 200, body });
const no = (status: number, code: string): Answer => ({ status, body: errorBody(code) });
const node = { create: 'CreateVirtualNode' as const, input: { meshName: 'm', virtualNodeName: 'n', spec: { listeners: [{ portMapping: { port: 80, protocol: 'http2' } }] } } };
const target = { mesh: 'm', virtualRouter: 'r', route: 'r' };
const noWait = () => Promise.resolve();
const unguarded = { wait: noWait, guard: noWait };

test('a server that cannot be reached is a fault that passes', async () => {
  await serve(() => ok({}));
  const url = server.url;
  await server.close();
  process.env['AWS_ENDPOINT_URL_APP_MESH'] = url;
  await expect(functions['AwaitActive']!(node, { functionName: 'AwaitActive', getRemainingTimeInMillis: () => 30_000 })).rejects.toMatchObject({ name: 'TransientFault' });
});

describe('awaiting ACTIVE', () => {
  test('throws ResourceNotActive until the server says ACTIVE, and then answers', async () => {
    await serve((_, count) => ok(resourceBody({}, { status: count <= 3 ? 'INACTIVE' : 'ACTIVE', version: 4 })));
    for (let attempt = 1; attempt <= 3; attempt += 1) await expect(awaitActive(mesh, node)).rejects.toMatchObject({ name: 'ResourceNotActive', message: 'CreateVirtualNode m/n is INACTIVE' });
    expect(await awaitActive(mesh, node)).toEqual({ status: 'ACTIVE', version: 4 });
  });

  test('of what is not there, or is deleted, is another error', async () => {
    await serve((_, count) => (count === 1 ? no(404, 'NotFoundException') : ok(resourceBody({}, { status: 'DELETED' }))));
    await expect(awaitActive(mesh, node)).rejects.toMatchObject({ name: 'ResourceMissing' });
    await expect(awaitActive(mesh, node)).rejects.toMatchObject({ name: 'ResourceMissing' });
  });

  test.each([
    ['throttled', 429, 'TooManyRequestsException'],
    ['a server error', 500, 'InternalServerErrorException'],
    ['not available', 503, 'ServiceUnavailableException'],
  ])('the handler names faults that pass: %s', async (_, status, code) => {
    await serve(() => no(status, code));
    process.env['AWS_ENDPOINT_URL_APP_MESH'] = server.url;
    await expect(functions['AwaitActive']!(node, { functionName: 'AwaitActive', getRemainingTimeInMillis: () => 30_000 })).rejects.toMatchObject({
      name: 'TransientFault',
      message: `${code}: ${code} it is`,
    });
  });
});

describe('ensuring', () => {
  test('creates what is not there, and hands the input over whole', async () => {
    await serve(({ method }) => (method === 'GET' ? no(404, 'NotFoundException') : ok(resourceBody({}))));
    const withTags = { ...node, input: { ...node.input, tags: [{ key: 'team', value: 'a' }] } };
    expect(await ensureResource(mesh, withTags)).toEqual({ create: 'CreateVirtualNode', name: 'm/n', change: 'created', version: 1 });
    expect(server.asked.at(-1)?.body).toMatchObject({ virtualNodeName: 'n', spec: node.input.spec, tags: [{ key: 'team', value: 'a' }] });
  });

  test('updates what differs, unless someone else wrote meanwhile', async () => {
    await serve(({ method }) => (method === 'GET' ? ok(resourceBody({ listeners: [] }, { version: 7 })) : no(409, 'ConflictException')));
    await expect(ensureResource(mesh, node)).rejects.toMatchObject({ name: 'ResourceChanged' });
    expect(server.asked.at(-1)?.headers['x-meshshift-if-version']).toBe('7');
  });

  test('adds a tag that is missing, and calls that a change', async () => {
    await serve(({ method, path }) => (path.startsWith('/v20190125/tag') ? ok(method === 'GET' ? { tags: [{ key: 'team', value: 'b' }, { key: 'other', value: 'x' }] } : {}) : ok(resourceBody(node.input.spec))));
    expect(await ensureResource(mesh, { ...node, input: { ...node.input, tags: [{ key: 'team', value: 'a' }] } })).toMatchObject({ change: 'updated' });
    expect(server.asked.at(-1)).toMatchObject({ method: 'PUT', body: { tags: [{ key: 'team', value: 'a' }] } });
  });

  test('takes what App Mesh fills in for no difference', () => {
    const healthCheck = { protocol: 'http', path: '/', healthyThreshold: 2, unhealthyThreshold: 2, intervalMillis: 5000, timeoutMillis: 2000 };
    const spec = (check: object, backends: string[]) => ({
      listeners: [{ healthCheck: check, portMapping: { protocol: 'http', port: 80 } }],
      backends: backends.map((virtualServiceName) => ({ virtualService: { virtualServiceName } })),
    });
    expect(sameSpec(spec(healthCheck, ['a', 'a', 'b']), spec({ ...healthCheck, port: 80 }, ['a', 'b']))).toBe(true);
    expect(sameSpec(spec({ ...healthCheck, port: 81 }, ['a']), spec({ ...healthCheck, port: 80 }, ['a']))).toBe(false);
    expect(sameSpec(spec(healthCheck, ['a']), spec(healthCheck, ['a', 'b']))).toBe(false);
    expect(sameSpec({ a: undefined }, {})).toBe(true);
    expect(sameSpec({}, { toString: 'own' })).toBe(false);
    expect(sameSpec({}, { egressFilter: { type: 'ALLOW_ALL' } })).toBe(false);
  });

  test('keeps the weights of an existing route, also when its type changes', async () => {
    const live = { httpRoute: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: 'a', weight: 60 }, { virtualNode: 'b', weight: 40 }] } } };
    await serve(({ method }) => ok(resourceBody(method === 'GET' ? live : {}, { version: method === 'GET' ? 1 : 2 })));
    const spec = { http2Route: { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: 'a', weight: 100 }] } } };
    expect(await ensureResource(mesh, { create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: 'r', spec } })).toMatchObject({ change: 'updated' });
    expect(server.asked.at(-1)?.body).toMatchObject({ spec: { http2Route: { match: { prefix: '/' }, action: live.httpRoute.action } } });
  });

  test('gives the targets of an existing route the ports that are asked for them, and leaves their weights', async () => {
    const route = (...weightedTargets: readonly object[]) => ({ httpRoute: { match: { prefix: '/' }, action: { weightedTargets } } });
    await serve(({ method }) => ok(resourceBody(method === 'GET' ? route({ virtualNode: 'a', weight: 60 }, { virtualNode: 'b', weight: 40, port: 82 }) : {}, { version: method === 'GET' ? 1 : 2 })));
    const spec = route({ virtualNode: 'a', weight: 100, port: 81 });
    expect(await ensureResource(mesh, { create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: 'r', spec } })).toMatchObject({ change: 'updated' });
    expect(server.asked.at(-1)?.body).toMatchObject({ spec: route({ virtualNode: 'a', weight: 60, port: 81 }, { virtualNode: 'b', weight: 40, port: 82 }) });
  });
});

describe('changing weights', () => {
  const rest = { match: { prefix: '/x', port: 80 }, retryPolicy: { maxRetries: 1, perRetryTimeout: { unit: 'ms', value: 5 } }, timeout: { idle: { unit: 's', value: 1 } } };
  const routes: [string, Record<string, unknown>][] = [
    ['httpRoute', rest],
    ['http2Route', rest],
    ['grpcRoute', { ...rest, match: { serviceName: 's', methodName: 'm', metadata: [{ name: 'k', invert: true }] } }],
    ['tcpRoute', { timeout: { idle: { unit: 's', value: 1 } }, match: { port: 80 } }],
  ];
  const specOf = (type: string, fields: Record<string, unknown>, weights: Record<string, number>): RouteSpec =>
    ({ priority: 3, [type]: { ...fields, action: { weightedTargets: Object.entries(weights).map(([virtualNode, weight]) => ({ virtualNode, weight, port: 80 })) } } });
  const shift = (spec: RouteSpec) => withTargets(spec, applyWeights(targetsOf(spec), { a: 75, c: 25 }, 'a'));

  /** A control plane of one route, and of what its proxies say. */
  const serveRoute = async (spec: RouteSpec, propagation: (count: number) => Answer): Promise<() => RouteSpec> => {
    let stored = { spec, version: 1 };
    await serve(({ method, path, body }, count) => {
      if (path.startsWith('/meshshift/')) return propagation(count);
      if (method === 'PUT') stored = { spec: (body as { spec: RouteSpec }).spec, version: stored.version + 1 };
      return ok(resourceBody(stored.spec, { version: stored.version }));
    });
    return () => stored.spec;
  };
  const proxies = (state: string, version = 2) => ok({ proxies: [{ nodeId: 'p', state, error: 'no cluster c' }], resources: [{ kind: 'route', name: 'r', parent: 'r', version, acked: 0, pending: 0, rejected: 0, [state]: 1 }] });

  test.each(routes)('of a %s leaves everything else as it is', async (type, fields) => {
    const stored = await serveRoute(specOf(type, fields, { a: 100, other: 7 }), () => proxies('acked'));
    const { spec, version } = await changeRoute(mesh, target, shift, unguarded);
    expect(spec).toEqual(specOf(type, fields, { a: 75, other: 7, c: 25 }));
    expect(stored()).toEqual(spec);
    expect(version).toBe(2);
    expect(server.asked.find(({ method }) => method === 'PUT')?.headers['x-meshshift-if-version']).toBe('1');
  });

  test('that are there already writes nothing, and is confirmed all the same', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 75, c: 25 }), () => proxies('acked', 1));
    await changeRoute(mesh, target, shift, unguarded);
    expect(server.asked.filter(({ method }) => method === 'PUT')).toHaveLength(0);
    expect(server.asked.some(({ path }) => path === '/meshshift/v1/propagation/m?virtualRouter=r&route=r')).toBe(true);
  });

  test('waits until every proxy has acknowledged them', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 100 }), (count) => (count < 4 ? proxies('pending') : proxies('acked')));
    const waits: number[] = [];
    await changeRoute(mesh, target, shift, { guard: noWait, wait: (ms) => Promise.resolve(void waits.push(ms)) });
    expect(waits).toEqual([5, 10, 20]);
  });

  test('is not confirmed while an older version is what the proxies have', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 100 }), () => proxies('acked', 1));
    await expect(changeRoute(mesh, target, shift, unguarded)).rejects.toMatchObject({ name: 'NotPropagated' });
  });

  test('gives up after about two seconds, to be tried again', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 100 }), () => proxies('pending'));
    let waited = 0;
    const wait = (ms: number) => Promise.resolve(void (waited += ms));
    await expect(changeRoute(mesh, target, shift, { guard: noWait, wait })).rejects.toMatchObject({ name: 'NotPropagated' });
    expect(waited).toBeGreaterThan(1500);
    expect(waited).toBeLessThan(3000);
  });

  test('a proxy that refuses is told with its reason', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 100 }), () => proxies('rejected'));
    await expect(changeRoute(mesh, target, shift, unguarded)).rejects.toMatchObject({ name: 'ConfigurationRejected', message: expect.stringContaining('p: no cluster c') as string });
  });

  test('a control plane that tells nothing of proxies is enough', async () => {
    await serveRoute(specOf('httpRoute', rest, { a: 100 }), () => no(404, 'NotFoundException'));
    expect((await changeRoute(mesh, target, shift, unguarded)).version).toBe(2);
  });

  test('a guard that refuses keeps the route as it is', async () => {
    const before = specOf('httpRoute', rest, { a: 100 });
    const stored = await serveRoute(before, () => proxies('acked'));
    await expect(changeRoute(mesh, target, shift, { wait: noWait, guard: () => Promise.reject(new Error('lost')) })).rejects.toThrow('lost');
    expect(stored()).toEqual(before);
  });
});

describe('the mesh as a source of counts', () => {
  test('joins both sides by interval, and tells only what both know as final', async () => {
    const side = (now: number, ...buckets: [number, number, number][]) => ok({ mesh: 'm', virtualNode: 'n', now, lastReportAt: now, buckets: buckets.map(([at, ok_, errors]) => ({ at, ok: ok_, errors })) });
    await serve(({ path }) => (path.includes('/c?') ? side(300, [100, 9, 1], [300, 5, 0]) : side(250, [100, 30, 0], [200, 7, 1])));
    expect(await openMeshMetrics(mesh).read({ mesh: 'm', canary: 'c', stable: 's', since: 50 })).toMatchObject({
     requests: {
      now: 250,
      lastReportAt: 300,
      intervals: [
        { at: 100, canary: { total: 10, bad: 1 }, stable: { total: 30, bad: 0 } },
        { at: 200, canary: { total: 0, bad: 0 }, stable: { total: 8, bad: 1 } },
      ],
     },
    });
    expect(server.asked.map(({ path }) => path).sort()).toEqual(['/meshshift/v1/telemetry/m/c?since=50', '/meshshift/v1/telemetry/m/s?since=50']);
  });

  test('that cannot be read is an error', async () => {
    await serve(() => no(500, 'InternalServerErrorException'));
    await expect(openMeshMetrics(mesh).read({ mesh: 'm', canary: 'c', stable: 's', since: 0 })).rejects.toMatchObject({ name: 'TransientFault' });
  });
});

describe('process workloads', () => {
  test('are started with their tag and stopped, and a failure is told with its reason', async () => {
    await serve(({ method }, count) => (method === 'DELETE' ? { status: 404, body: {} } : count === 1 ? ok({}) : { status: 502, body: { message: 'it ended with code 1' } }));
    const workloads = openProcessWorkloads(server.url);
    const version = { mesh: 'm', virtualNode: 'n', hostname: null, rollout: 'r', definition: 'd', settings: { type: 'process' } } as const;
    const workload = { ...version, stable: 's', image: { repository: 'i', tag: 'v2' } };
    await workloads.up(workload);
    expect(server.asked[0]).toMatchObject({ method: 'PUT', path: '/meshshift/local/workloads/m/n', body: { tag: 'v2' } });
    await workloads.down(version);
    await expect(workloads.up(workload)).rejects.toMatchObject({ name: 'WorkloadFailed', message: expect.stringContaining('it ended with code 1') as string });
  });
});
