import { jest } from '@jest/globals';
import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

// An unhealthy host shows after two checks of the least interval that App Mesh allows.
jest.setTimeout(45_000);

type HttpRoute = NonNullable<NonNullable<MeshSpecs['routes']>[string]['httpRoute']>;

type NodeName = 'a' | 'b' | 'sick' | 'failing';
const to = (virtualNode: NodeName) => ({ action: { weightedTargets: [{ virtualNode, weight: 1 }] } });
const s = (value: number) => ({ value, unit: 's' as const });
const ms = (value: number) => ({ value, unit: 'ms' as const });

const route = (path: string, virtualNode: NodeName, rest: Partial<HttpRoute> = {}, match: Partial<NonNullable<HttpRoute['match']>> = {}) => ({
  httpRoute: { match: { prefix: path, ...match }, ...to(virtualNode), ...rest },
});
const NO_RETRY = { retryPolicy: { perRetryTimeout: s(5), maxRetries: 0, httpRetryEvents: ['client-error'] } };

const ROUTES: MeshSpecs['routes'] = {
  'r/rest': route('/', 'a', NO_RETRY),
  'r/header': route('/', 'b', NO_RETRY, { headers: [{ name: 'x-version', match: { regex: '2(\\.[0-9]+)?' } }] }),
  'r/inverted': route('/inverted', 'b', NO_RETRY, { headers: [{ name: 'x-old', invert: true, match: { prefix: 'yes' } }] }),
  'r/query': route('/query', 'b', NO_RETRY, { queryParameters: [{ name: 'beta' }] }),
  'r/method': route('/method', 'b', NO_RETRY, { method: 'DELETE' }),
  'r/scheme': route('/scheme', 'b', NO_RETRY, { scheme: 'https' }),
  'r/path': { httpRoute: { match: { path: { exact: '/path' } }, ...to('b'), ...NO_RETRY } },
  'r/port': route('/port', 'b', NO_RETRY, { port: 81 }),
  'r/retried': route('/retried', 'a', { retryPolicy: { perRetryTimeout: s(5), maxRetries: 2, httpRetryEvents: ['server-error'] } }),
  'r/conflict': route('/conflict', 'a', { retryPolicy: { perRetryTimeout: s(5), maxRetries: 1, httpRetryEvents: ['client-error'] } }),
  'r/slow': route('/slow', 'a', { ...NO_RETRY, timeout: { perRequest: ms(300) } }),
  'r/try': route('/try', 'a', { retryPolicy: { perRetryTimeout: ms(200), maxRetries: 1, httpRetryEvents: ['gateway-error'] }, timeout: { perRequest: s(10) } }),
  'r/sick': route('/sick', 'sick', NO_RETRY),
  'r/failing': route('/failing', 'failing', NO_RETRY),
  'r/urgent': { ...route('/path', 'a', NO_RETRY, { headers: [{ name: 'x-urgent' }] }), priority: 0 },
};

const listener = { portMapping: { port: 80, protocol: 'http' as const } };
const check = { protocol: 'http' as const, path: '/health', timeoutMillis: 2_000, intervalMillis: 5_000, healthyThreshold: 2, unhealthyThreshold: 2 };

describeWith('Envoy 1.40', envoyBinary !== undefined, 'routes and resilience', () => {
  let a: HttpUpstream;
  let b: HttpUpstream;
  let bench: EnvoyBench;
  let port: number;

  beforeAll(async () => {
    [a, b] = await Promise.all([startHttpUpstream('a'), startHttpUpstream('b')]);
    port = await freePort();
    const [atA, atB] = [{ ip: '127.0.0.1', port: a.port }, { ip: '127.0.0.1', port: b.port }];
    const plain = { listeners: [listener] };
    const mesh: MeshSpecs = {
      name: 'm',
      virtualNodes: {
        caller: { backends: [{ virtualService: { virtualServiceName: 'svc.local' } }] },
        a: plain,
        b: plain,
        sick: { listeners: [{ ...listener, healthCheck: check }] },
        failing: { listeners: [{ ...listener, outlierDetection: { maxServerErrors: 2, interval: ms(100), baseEjectionDuration: s(300), maxEjectionPercent: 50 } }] },
      },
      virtualRouters: { r: { listeners: [listener] } },
      routes: ROUTES,
      virtualServices: { 'svc.local': { provider: { virtualRouter: { virtualRouterName: 'r' } } } },
      endpoints: { a: [atA], b: [atB], sick: [atA, atB], failing: [atA, atB] },
    };
    // From the start, so that the first check of the sick one fails.
    b.answer = ({ url }) => (url === '/health' || url.startsWith('/failing') ? 500 : 200);
    bench = await startEnvoyBench(mesh, { kind: 'virtualNode', name: 'caller', listen: { 'svc.local': port } });
    await bench.accepted();
  });

  afterEach(() => {
    a.answer = () => 200;
  });

  afterAll(async () => {
    await bench.stop();
    await Promise.all([a.stop(), b.stop()]);
  });

  const seenBy = (upstream: HttpUpstream, path: string): number => upstream.seen.filter(({ url }) => url === path).length;

  test.each([
    { title: 'a header by regular expression', asked: { headers: { 'x-version': '2.1' } }, by: 'b' },
    { title: 'not by a part of it', asked: { headers: { 'x-version': '2.1x' } }, by: 'a' },
    { title: 'an inverted header of another value', asked: { path: '/inverted', headers: { 'x-old': 'no' } }, by: 'b' },
    { title: 'not an inverted header that is absent', asked: { path: '/inverted' }, by: 'a' },
    { title: 'an inverted header that is there', asked: { path: '/inverted', headers: { 'x-old': 'yes!' } }, by: 'a' },
    { title: 'a query parameter', asked: { path: '/query?beta=1' }, by: 'b' },
    { title: 'no query parameter', asked: { path: '/query' }, by: 'a' },
    { title: 'a method', asked: { path: '/method', method: 'DELETE' }, by: 'b' },
    { title: 'another method', asked: { path: '/method' }, by: 'a' },
    { title: 'another scheme', asked: { path: '/scheme' }, by: 'a' },
    { title: 'an exact path', asked: { path: '/path?x' }, by: 'b' },
    { title: 'more than the exact path', asked: { path: '/path/x' }, by: 'a' },
    { title: 'another port', asked: { path: '/port' }, by: 'a' },
    { title: 'priority before an exact path', asked: { path: '/path', headers: { 'x-urgent': '' } }, by: 'a' },
  ])('matches $title: $by', async ({ asked, by }) => {
    expect(await ask(port, asked)).toEqual({ status: 200, by });
  });

  test('a server error is retried, and the upstream sees it', async () => {
    let failures = 2;
    a.answer = () => (failures-- > 0 ? 503 : 200);
    expect(await ask(port, { path: '/retried' })).toEqual({ status: 200, by: 'a' });
    expect(seenBy(a, '/retried')).toBe(3);
  });

  test('no more often than the policy says, and nothing it does not name', async () => {
    a.answer = ({ url }) => (url === '/conflict' ? 409 : 500);
    expect((await ask(port, { path: '/conflict' })).status).toBe(409);
    expect(seenBy(a, '/conflict')).toBe(2);
    expect((await ask(port, { path: '/conflict-not' })).status).toBe(500);
    expect(seenBy(a, '/conflict-not')).toBe(1);
  });

  test('a request that takes too long is answered 504', async () => {
    a.answer = () => undefined;
    expect((await ask(port, { path: '/slow' })).status).toBe(504);
  });

  test('a try that takes too long is retried', async () => {
    let tries = 0;
    a.answer = () => (++tries === 1 ? undefined : 200);
    expect((await ask(port, { path: '/try' })).status).toBe(200);
    expect(seenBy(a, '/try')).toBe(2);
  });

  test('a host that answers with errors is ejected', async () => {
    await eventually(async () => {
      await ask(port, { path: '/failing' });
      return (await bench.stat('cluster.cds_egress_m_failing_http_80.outlier_detection.ejections_active')) === 1 || undefined;
    }, 'b is ejected');
    const before = seenBy(b, '/failing');
    for (let index = 0; index < 10; index++) expect(await ask(port, { path: '/failing' })).toEqual({ status: 200, by: 'a' });
    expect(seenBy(b, '/failing')).toBe(before);
  });

  test('a host that fails its health checks gets no traffic', async () => {
    await eventually(
      async () => (await bench.stat('cluster.cds_egress_m_sick_http_80.membership_healthy')) === 1 || undefined,
      'one host is healthy',
      30_000,
    );
    for (let index = 0; index < 10; index++) expect(await ask(port, { path: '/sick' })).toEqual({ status: 200, by: 'a' });
    expect(seenBy(b, '/sick')).toBe(0);
    expect(seenBy(b, '/health')).toBeGreaterThan(0);
  });
});
