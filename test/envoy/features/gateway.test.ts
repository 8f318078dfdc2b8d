import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench, type EnvoyBench } from '../../support/envoy-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, startHttpUpstream, type AskOptions, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

type GatewayRoute = NonNullable<MeshSpecs['gatewayRoutes']>[string];
type HttpGatewayRoute = NonNullable<GatewayRoute['httpRoute']>;

const to = (virtualServiceName: string, match: HttpGatewayRoute['match'], rewrite?: NonNullable<HttpGatewayRoute['action']>['rewrite'], priority?: number): GatewayRoute => ({
  ...(priority === undefined ? {} : { priority }),
  httpRoute: { match, action: { target: { virtualService: { virtualServiceName } }, ...(rewrite === undefined ? {} : { rewrite }) } },
});

const target = (virtualNode: string) => ({ action: { weightedTargets: [{ virtualNode, weight: 1 }] } });

/** An expression, or a prefix that is rewritten by one, of more than Envoy takes unless it is told to. */
const LONG = 'long'.repeat(50);

const meshFor = (port: number, a: number, b: number): MeshSpecs => ({
  name: 'm',
  virtualNodes: Object.fromEntries(['a', 'b'].map((name) => [name, { listeners: [{ portMapping: { port: 8080, protocol: 'http' as const } }] }])),
  virtualRouters: { r: { listeners: [{ portMapping: { port: 8080, protocol: 'http' } }] } },
  routes: {
    'r/all': { httpRoute: { match: { prefix: '/' }, ...target('a') } },
    'r/users': { httpRoute: { match: { prefix: '/users' }, ...target('b') } },
    'r/pictures': { httpRoute: { match: { path: { regex: '/img/.*\\.png' } }, ...target('b') } },
  },
  virtualServices: {
    'routed.local': { provider: { virtualRouter: { virtualRouterName: 'r' } } },
    'b.local': { provider: { virtualNode: { virtualNodeName: 'b' } } },
    'nobody.local': {},
  },
  virtualGateways: { gw: { listeners: [{ portMapping: { port, protocol: 'http' } }] } },
  gatewayRoutes: {
    'gw/rest': to('routed.local', { prefix: '/' }),
    'gw/api': to('routed.local', { prefix: '/api/' }),
    'gw/chapter': to('routed.local', { prefix: '/chapter' }),
    'gw/moved': to('routed.local', { prefix: '/old/' }, { prefix: { value: '/users/' } }),
    'gw/kept': to('routed.local', { prefix: '/kept/' }, { prefix: { defaultPrefix: 'DISABLED' }, hostname: { defaultTargetHostname: 'DISABLED' } }),
    'gw/exact': to('routed.local', { path: { exact: '/status' } }, { path: { exact: '/users/status' } }),
    'gw/regex': to('b.local', { path: { regex: '/v[0-9]+/.*' } }),
    'gw/long-regex': to('b.local', { path: { regex: `/(${LONG}|.{1000})` } }),
    'gw/long-prefix': to('routed.local', { prefix: `/${LONG}/` }),
    'gw/host': to('b.local', { prefix: '/', hostname: { exact: 'b.example.com' } }),
    'gw/suffix': to('b.local', { prefix: '/', hostname: { suffix: '.b.example.com' } }),
    'gw/conditions': to('b.local', {
      prefix: '/conditions',
      method: 'POST',
      headers: [{ name: 'x-kind', match: { exact: 'b' } }, { name: 'x-not', invert: true }],
      queryParameters: [{ name: 'q', match: { exact: '1' } }],
    }),
    'gw/nobody': to('nobody.local', { prefix: '/nobody/' }),
    'gw/urgent': to('b.local', { prefix: '/', headers: [{ name: 'x-urgent', match: { range: { start: 1, end: 5 } } }] }, undefined, 1),
    'gw/later': to('routed.local', { path: { exact: '/urgent' } }, undefined, 2),
  },
  endpoints: { a: [{ ip: '127.0.0.1', port: a }], b: [{ ip: '127.0.0.1', port: b }] },
});

/** What is asked; who answers, and what the answering server was asked. */
type Case = readonly [title: string, options: AskOptions, by: 'a' | 'b' | 404, url?: string, host?: string];

const CASES: readonly Case[] = [
  ['the default route takes what no other does', { path: '/other' }, 'a', '/other', 'routed.local'],
  ['the routes of the service apply behind the gateway', { path: '/users/7?x=1' }, 'b', '/users/7?x=1', 'routed.local'],
  ['a prefix is rewritten to /', { path: '/api/x?y=1' }, 'a', '/x?y=1', 'routed.local'],
  ['a rewritten path meets the routes of the service', { path: '/api/users/7' }, 'b', '/users/7'],
  ['a rewritten path meets a regular expression of the service', { path: '/api/img/a.png' }, 'b', '/img/a.png'],
  ['/x is part of /x/', { path: '/api' }, 'a', '/'],
  ['a prefix without a slash leaves no double one', { path: '/chapter/one' }, 'a', '/one'],
  ['a prefix without a slash stands for itself', { path: '/chapter' }, 'a', '/'],
  ['a prefix is rewritten to another', { path: '/old/7' }, 'b', '/users/7'],
  ['a rewrite that is disabled leaves path and host', { path: '/kept/x', host: 'outside.example.com' }, 'a', '/kept/x', 'outside.example.com'],
  ['a path is rewritten whole', { path: '/status?z=1' }, 'b', '/users/status?z=1'],
  ['a path matches whole', { path: '/status/1' }, 'a', '/status/1'],
  ['a path matches by regular expression', { path: '/v12/x' }, 'b', '/v12/x', 'b.local'],
  ['a path matches by an expression of any length', { path: `/${'x'.repeat(1000)}` }, 'b'],
  ['a prefix of any length is rewritten', { path: `/${LONG}/users/7` }, 'b', '/users/7'],
  ['a host name matches', { host: 'b.example.com' }, 'b', '/', 'b.local'],
  ['a host name matches in any case and with a port', { host: 'B.Example.com:8080' }, 'b'],
  ['the ending of a host name matches', { host: 'x.b.example.com' }, 'b'],
  ['another host name does not', { host: 'c.example.com' }, 'a'],
  ['a route for a host comes before the default one of all hosts', { host: 'b.example.com', path: '/api/x' }, 'b', '/api/x'],
  ['all conditions hold', { path: '/conditions?q=1', method: 'POST', headers: { 'x-kind': 'b' } }, 'b'],
  ['the method does not', { path: '/conditions?q=1', headers: { 'x-kind': 'b' } }, 'a'],
  ['the header does not', { path: '/conditions?q=1', method: 'POST', headers: { 'x-kind': 'c' } }, 'a'],
  ['the inverted header does not', { path: '/conditions?q=1', method: 'POST', headers: { 'x-kind': 'b', 'x-not': '1' } }, 'a'],
  ['the query does not', { path: '/conditions?q=2', method: 'POST', headers: { 'x-kind': 'b' } }, 'a'],
  ['priority comes before length', { path: '/urgent', headers: { 'x-urgent': '4' } }, 'b'],
  ['the end of a range is not in it', { path: '/urgent', headers: { 'x-urgent': '5' } }, 'a'],
  ['dots in a path do not get around a route', { path: '/other/../users/7' }, 'b', '/users/7'],
  ['nor do they when they are encoded', { path: '/other/%2e%2E/users/7' }, 'b', '/users/7'],
  ['nor does a doubled slash', { path: '//users/7' }, 'b', '/users/7'],
  ['a service that nobody provides answers 404', { path: '/nobody/x' }, 404],
];

describeWith('Envoy 1.40', envoyBinary !== undefined, 'a virtual gateway', () => {
  let upstreams: Record<'a' | 'b', HttpUpstream>;
  let bench: EnvoyBench;
  let port: number;

  beforeAll(async () => {
    upstreams = { a: await startHttpUpstream('a'), b: await startHttpUpstream('b') };
    port = await freePort();
    bench = await startEnvoyBench(meshFor(port, upstreams.a.port, upstreams.b.port), { kind: 'virtualGateway', name: 'gw' });
    await bench.accepted();
  });

  afterAll(async () => {
    await bench.stop();
    await Promise.all(Object.values(upstreams).map((one) => one.stop()));
  });

  test.each(CASES.map(([title, options, by, url, host]) => ({ title, options, by, url, host })))('$title', async ({ options, by, url, host }) => {
    const answer = await ask(port, options);
    if (by === 404) {
      expect(answer.status).toBe(404);
      return;
    }
    expect(answer).toEqual({ status: 200, by });
    const seen = upstreams[by].seen.at(-1);
    if (url !== undefined) expect(seen?.url).toBe(url);
    if (host !== undefined) expect(seen?.host).toBe(host);
  });

  test('its requests are counted where dashboards of App Mesh look', async () => {
    expect(await bench.stat('http.ingress.downstream_rq_total')).toBeGreaterThan(0);
  });

  test('a gateway route that changes takes effect', async () => {
    bench.mesh.set('gatewayRoute', 'gw/nobody', to('b.local', { prefix: '/nobody/' }));
    await bench.accepted();
    // Its threads take it over one by one.
    const answer = await eventually(async () => ((await ask(port, { path: '/nobody/x' })).status === 200 ? ask(port, { path: '/nobody/x' }) : undefined), 'it is served');
    expect(answer.by).toBe('b');
  });
});
