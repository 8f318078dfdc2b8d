import { silent } from '../../../src/contracts/log.ts';
import { startXds, type Xds } from '../../../src/controlplane/start-xds.ts';
import { propagationOf, routePropagationOf, type Propagation } from '../../../src/controlplane/xds/propagation.ts';
import type { ProtoJson } from '../../../src/controlplane/translate/types.ts';
import { openAdsClient, type AdsClient, type AdsClientStream, type Response } from '../../support/ads-client.ts';
import { eventually } from '../../support/eventually.ts';
import { manualTimers, type ManualTimers } from '../../support/manual-timers.ts';
import { editableMesh, type EditableMesh } from '../../support/mesh.ts';

const NODE = 'mesh/m/virtualNode/caller';
const LISTEN: ProtoJson = { id: NODE, user_agent_name: 'envoy', metadata: { 'meshshift.listen': { 'svc.local': 18_080 } } };
const cluster = (node: string): string => `cds_egress_m_${node}_http2_80`;
const ROUTES = 'rds_loopback_http2_18080';
const LISTENER = 'lds_loopback_127.0.0.1_18080';

const http2 = [{ portMapping: { port: 80, protocol: 'http2' as const } }];
const node = { listeners: http2, serviceDiscovery: { dns: { hostname: 'x.internal' } } };
const route = (weights: Readonly<Record<string, number>>, prefix = '/') => ({
  http2Route: { match: { prefix }, action: { weightedTargets: Object.entries(weights).map(([virtualNode, weight]) => ({ virtualNode, weight })) } },
});
const at = (port: number) => [{ ip: '127.0.0.1', port }];

let mesh: EditableMesh;
let timers: ManualTimers;
let xds: Xds;
let client: AdsClient;
let warnings: object[];

beforeEach(async () => {
  mesh = editableMesh({
    name: 'm',
    virtualNodes: { caller: { backends: [{ virtualService: { virtualServiceName: 'svc.local' } }] }, a: node, b: node, c: node, aside: node },
    virtualRouters: { r: { listeners: http2 } },
    routes: { 'r/one': route({ a: 75, b: 25 }) },
    virtualServices: { 'svc.local': { provider: { virtualRouter: { virtualRouterName: 'r' } } } },
    endpoints: { a: at(1), b: at(2), c: at(3) },
  });
  timers = manualTimers();
  warnings = [];
  xds = await startXds({
    reader: mesh.reader,
    endpoints: mesh.endpoints,
    // Load reports then wait for 200 ms, whatever the time.
    clock: () => 0,
    log: (level, message, fields) => {
      if (level === 'warn') warnings.push({ message, ...fields });
      silent(level, message, fields);
    },
    xds: { host: '127.0.0.1', port: 0 },
    after: timers.after,
  });
  client = openAdsClient(xds.port);
});

afterEach(() => {
  client.close();
  xds.close();
});

/** Everything said so far has arrived at both ends. */
const settled = (): Promise<void> => client.settled('mesh/m/virtualNode/aside');

const propagation = (): Propagation => propagationOf(mesh.view(), xds.connected(), xds.publisher);
const stateOf = (nodeId = NODE) => propagation().proxies.find((proxy) => proxy.nodeId === nodeId);
function counted(kind: string, name: string) {
  const found = propagation().resources.find((one) => one.kind === kind && one.name === name);
  // Asked for alone, a route is told of the same.
  if (kind === 'route' && found?.parent !== undefined) expect(routePropagationOf(mesh.view(), xds.connected(), xds.publisher, found.parent, name).resources).toEqual([found]);
  return found;
}

/** Goes through the first configuration as Envoy does, and ends with everything accepted. */
async function connect(): Promise<AdsClientStream> {
  const stream = client.open(LISTEN);
  stream.request('cluster');
  const clusters = await stream.accept('cluster');
  stream.request('endpoint', { names: clusters.names });
  await stream.accept('endpoint');
  stream.request('listener');
  await stream.accept('listener');
  stream.request('route', { names: [ROUTES] });
  await stream.accept('route');
  await eventually(() => stateOf()?.state === 'acked' || undefined, 'all accepted');
  return stream;
}

const lastClusters = (stream: AdsClientStream): readonly string[] => stream.heard.findLast(({ type }) => type === 'cluster')?.names ?? [];

/** Answers like Envoy, and notes what came in which order. */
async function follow(stream: AdsClientStream, count: number): Promise<string[]> {
  const order: string[] = [];
  for (let index = 0; index < count; index++) {
    const response = await stream.next();
    const names = response.type === 'endpoint' ? undefined : response.names;
    order.push(response.type === 'route' ? `route ${Object.keys(weightsIn(response)).join()}` : `${response.type} ${(names ?? response.names).join()}`);
    if (response.type === 'cluster') stream.request('cluster', { nonce: response.nonce });
    if (response.type === 'route') stream.request('route', { names: [ROUTES], nonce: response.nonce });
    if (response.type === 'cluster') stream.request('endpoint', { names: response.names, nonce: stream.heard.findLast(({ type }) => type === 'endpoint')!.nonce });
    if (response.type === 'endpoint') stream.request('endpoint', { names: [...new Set([...response.names, ...lastClusters(stream)])], nonce: response.nonce });
  }
  return order;
}

const weightsIn = ({ resources }: Response): Record<string, number> => {
  const clusters = JSON.stringify(resources).matchAll(/"name":"cds_egress_m_(\w+?)_http2_80","weight":(\d+)/g);
  return Object.fromEntries([...clusters].map(([, name = '', weight]) => [name, Number(weight)]));
};

describe('who may connect', () => {
  test.each([
    ['an id of another form', 'sidecar~10.0.0.1~x', 'is not mesh/NAME/virtualNode/NAME'],
    ['an unknown mesh', 'mesh/other/virtualNode/caller', 'is not there'],
    ['an unknown node', 'mesh/m/virtualNode/absent', 'is not there'],
    ['an unknown virtual gateway', 'mesh/m/virtualGateway/caller', 'is not there'],
  ])('%s ends with status 3', async (_title, id, details) => {
    const stream = client.open(id);
    stream.request('cluster');
    const error = await stream.ended;
    expect([error.code, error.details]).toEqual([3, expect.stringContaining(details)]);
  });

  test('bytes that are no request end the stream with status 3, and nobody else', async () => {
    const good = await connect();
    const stream = client.open(NODE);
    stream.raw(Buffer.from([0xff, 0xff]));
    expect((await stream.ended).code).toBe(3);
    mesh.set('route', 'r/one', route({ a: 1, b: 1 }));
    expect(weightsIn(await good.accept('route'))).toEqual({ a: 1, b: 1 });
  });

  test.each(['arn:aws:appmesh:eu-west-1:123456789012:mesh/m/virtualNode/caller', NODE])('%s is served', async (id) => {
    const stream = client.open(id);
    stream.request('cluster');
    expect((await stream.accept('cluster')).names).toContain(cluster('a'));
  });

  test('a node created later may connect, and one that is deleted is told', async () => {
    mesh.set('virtualNode', 'late', node);
    const stream = client.open('mesh/m/virtualNode/late');
    stream.request('cluster');
    await stream.accept('cluster');
    mesh.set('virtualNode', 'late', undefined);
    expect((await stream.ended).code).toBe(3);
    await eventually(() => xds.connected().length === 0 || undefined, 'the stream is gone');
  });
});

describe('state of the world', () => {
  test('what does not concern a proxy is not sent to it, and what did not change is not sent again', async () => {
    const stream = await connect();
    const before = stream.heard.length;
    const snapshotOf = () => xds.connected().find((one) => one.stream.nodeId === NODE)?.stream.target;
    const snapshot = snapshotOf();
    mesh.set('virtualNode', 'aside', { ...node, serviceDiscovery: { dns: { hostname: 'other.internal' } } });
    await settled();
    expect(snapshotOf()).toBe(snapshot);
    mesh.set('route', 'r/one', route({ a: 75, b: 25 }));
    await settled();
    expect(stream.heard.length).toBe(before);
    expect(counted('route', 'one')).toMatchObject({ version: 2, acked: 1, pending: 0, rejected: 0 });
  });

  test('equal content has the equal version on every stream, whatever came between', async () => {
    const stream = await connect();
    const versions = [stream.heard.find(({ type }) => type === 'route')?.version];
    mesh.set('route', 'r/one', route({ a: 1, b: 9 }));
    versions.push((await stream.accept('route')).version);
    mesh.set('route', 'r/one', route({ a: 75, b: 25 }));
    versions.push((await stream.accept('route')).version);
    expect(versions[2]).toBe(versions[0]);
    expect(versions[1]).not.toBe(versions[0]);
    expect((await connect()).heard.find(({ type }) => type === 'route')?.version).toBe(versions[0]);
  });

  test('a request with an old nonce says nothing', async () => {
    const stream = await connect();
    const old = stream.heard.findLast(({ type }) => type === 'route');
    mesh.set('route', 'r/one', route({ a: 1, b: 9 }));
    const { nonce } = await stream.next();
    stream.request('route', { names: [ROUTES], nonce: old?.nonce ?? '', error: 'about what was before' });
    await settled();
    expect(stateOf()?.state).toBe('pending');
    stream.request('route', { names: [ROUTES], nonce });
    await eventually(() => stateOf()?.state === 'acked' || undefined, 'accepted by its own nonce');
    expect(warnings).toEqual([]);
  });

  test('endpoints asked for again with the same nonce are answered, though nothing changed', async () => {
    const stream = await connect();
    const last = stream.heard.findLast(({ type }) => type === 'endpoint');
    const names = [cluster('a'), cluster('b')];
    stream.request('endpoint', { names, nonce: last?.nonce ?? '' });
    const again = await stream.accept('endpoint', names);
    expect([again.version, again.names]).toEqual([last?.version, names]);
    expect(again.nonce).not.toBe(last?.nonce);
  });

  test('a changed cluster is followed by its endpoints, though they are the same', async () => {
    const stream = await connect();
    mesh.set('virtualNode', 'a', { ...node, listeners: [{ ...http2[0]!, outlierDetection: { maxServerErrors: 5, interval: { value: 10, unit: 's' }, baseEjectionDuration: { value: 10, unit: 's' }, maxEjectionPercent: 50 } }] });
    expect((await stream.accept('cluster')).names).toEqual([cluster('a'), cluster('b')]);
    expect((await stream.accept('endpoint', [cluster('a'), cluster('b')])).names).toEqual([cluster('a'), cluster('b')]);
  });

  test('a name added to a subscription is answered, one that is dropped is not', async () => {
    const stream = client.open({ id: NODE, user_agent_name: 'gRPC Node Pure JS' });
    stream.request('cluster', { names: [cluster('a')] });
    expect((await stream.accept('cluster', [cluster('a')])).names).toEqual([cluster('a')]);
    const { nonce } = stream.heard[0]!;
    stream.request('cluster', { names: [cluster('a'), cluster('b')], nonce });
    expect((await stream.accept('cluster', [cluster('a'), cluster('b')])).names).toEqual([cluster('a'), cluster('b')]);
    stream.request('cluster', { names: [cluster('b')], nonce: stream.heard[1]!.nonce });
    await settled();
    expect(stream.heard.length).toBe(2);
  });

  test('a client that does not answer is sent one response of a type, and then the newest', async () => {
    const stream = await connect();
    for (const b of [1, 2, 3, 4]) {
      mesh.set('route', 'r/one', route({ a: 1, b }));
      await settled();
    }
    const first = await stream.accept('route');
    expect(weightsIn(first)).toEqual({ a: 1, b: 1 });
    expect(weightsIn(await stream.accept('route'))).toEqual({ a: 1, b: 4 });
    await settled();
    expect(stream.heard.at(-1)).toMatchObject({ type: 'route' });
    await eventually(() => timers.waits().every((wait) => wait <= 1_000) || undefined, 'nothing waits');
  });
});

describe('refusals', () => {
  test('are kept with the client’s words, shown, logged, and gone once something newer is accepted', async () => {
    const stream = await connect();
    mesh.set('route', 'r/one', route({ a: 1, b: 9 }));
    const { nonce } = await stream.next();
    stream.request('route', { names: [ROUTES], nonce, error: 'regex is bad' });
    await eventually(() => stateOf()?.state === 'rejected' || undefined, 'the refusal is seen');
    expect(stateOf()).toEqual({ nodeId: NODE, kind: 'envoy', state: 'rejected', error: 'route: regex is bad' });
    expect(counted('route', 'one')).toMatchObject({ version: 2, acked: 0, rejected: 1 });
    expect(warnings).toEqual([{ message: 'a proxy refused its configuration', node: NODE, type: 'route', error: 'regex is bad' }]);
    stream.request('route', { names: [ROUTES], nonce, error: 'regex is bad' });
    await settled();
    expect(stream.heard.at(-1)?.nonce).toBe(nonce);
    mesh.set('route', 'r/one', route({ a: 2, b: 8 }));
    await stream.accept('route');
    await eventually(() => stateOf()?.state === 'acked' || undefined, 'mended');
  });

  test('of clusters keep the routes as they were, as long as the new ones would name one of them', async () => {
    const stream = await connect();
    mesh.set('route', 'r/one', route({ c: 1 }));
    const { nonce } = await stream.next();
    stream.request('cluster', { nonce, error: 'c is bad' });
    await settled();
    timers.pass(60_000);
    await settled();
    expect(stream.heard.at(-1)?.type).toBe('cluster');
    expect(stateOf()?.state).toBe('rejected');
  });

  test('of routes leave the clusters that the old routes need', async () => {
    const stream = await connect();
    mesh.set('route', 'r/one', route({ c: 1 }));
    await follow(stream, 2);
    const routes = await stream.next();
    stream.request('route', { names: [ROUTES], nonce: routes.nonce, error: 'no' });
    await settled();
    timers.pass(60_000);
    await settled();
    expect(stream.heard.findLast(({ type }) => type === 'cluster')?.names).toEqual([cluster('a'), cluster('b'), cluster('c')]);
  });
});

describe('a mesh that cannot be published', () => {
  test('is shown as rejected, with the reason; the last good configuration stays, and a good one mends it', async () => {
    const stream = await connect();
    const before = stream.heard.length;
    mesh.set('route', 'r/one', route({ a: 1 }, 7 as unknown as string));
    await settled();
    expect(stream.heard.length).toBe(before);
    expect(stateOf()).toMatchObject({ state: 'rejected', error: expect.stringMatching(/^mesh m, virtualNode caller: .*prefix/) as string });
    expect(counted('route', 'one')).toMatchObject({ version: 2, rejected: 1 });
    mesh.set('route', 'r/one', route({ a: 1, b: 3 }));
    expect(counted('route', 'one')).toMatchObject({ version: 3, acked: 0 });
    await stream.accept('route');
    await eventually(() => stateOf()?.state === 'acked' || undefined, 'mended');
  });

  test('counts as pending for a proxy as long as its configuration holds an older version', async () => {
    await connect();
    mesh.set('route', 'r/one', route({ a: 1, b: 3 }));
    expect(counted('route', 'one')).toEqual({ kind: 'route', name: 'one', parent: 'r', version: 2, acked: 0, pending: 1, rejected: 0 });
  });
});

describe('make before break', () => {
  test('old and new clusters, their endpoints, then routes, a pause, and only then the old ones go', async () => {
    const stream = await connect();
    mesh.set('route', 'r/one', route({ c: 1 }));
    const [a, b, c] = ['a', 'b', 'c'].map(cluster);
    expect(await follow(stream, 3)).toEqual([`cluster ${a},${b},${c}`, `endpoint ${a},${b},${c}`, 'route c']);
    await eventually(() => timers.waits().includes(30) || undefined, 'the pause');
    expect(stateOf()?.state).toBe('acked');
    await settled();
    expect(stream.heard.at(-1)?.type).toBe('route');
    timers.pass(30);
    expect(await follow(stream, 1)).toEqual([`cluster ${c}`]);
  });

  test('routes wait for the endpoints of a new cluster to be accepted, but not for ever', async () => {
    const [slow, quick] = [await connect(), await connect()];
    mesh.set('route', 'r/one', route({ a: 1, c: 1 }));
    await slow.accept('cluster');
    await follow(quick, 3);
    await settled();
    expect(slow.heard.findLast(({ type }) => type === 'route')).toMatchObject({ nonce: '4' });
    expect(propagation().proxies.filter(({ nodeId }) => nodeId === NODE).map(({ state }) => state).sort()).toEqual(['acked', 'pending']);
    timers.pass(5_000);
    expect(weightsIn(await slow.accept('route'))).toEqual({ a: 1, c: 1 });
  });

  test('a change of weights is one push of routes, and waits for nothing', async () => {
    const stream = await connect();
    const before = stream.heard.length;
    mesh.set('route', 'r/one', route({ a: 50, b: 50 }));
    expect(weightsIn(await stream.accept('route'))).toEqual({ a: 50, b: 50 });
    await eventually(() => stateOf()?.state === 'acked' || undefined, 'accepted');
    await settled();
    expect(stream.heard.length).toBe(before + 1);
    await eventually(() => timers.waits().every((wait) => wait > 30 && wait !== 5_000) || undefined, 'nothing waits');
  });

  test('a change on its way gives way to a newer one', async () => {
    const stream = await connect();
    mesh.set('route', 'r/one', route({ c: 1 }));
    await settled();
    mesh.set('route', 'r/one', route({ a: 1, b: 1 }));
    await settled();
    expect(await follow(stream, 2)).toEqual([`cluster ${['a', 'b', 'c'].map(cluster).join()}`, 'route a,b']);
    await eventually(() => timers.waits().includes(30) || undefined, 'the pause');
    timers.pass(30);
    await eventually(() => stream.heard.at(-1)?.type === 'cluster' || undefined, 'c is gone');
    expect(stream.heard.at(-1)?.names).toEqual([cluster('a'), cluster('b')]);
  });

  test('a registered endpoint that moves is sent at once', async () => {
    const stream = await connect();
    mesh.setEndpoints('a', at(99));
    const { resources } = await stream.accept('endpoint', [cluster('a'), cluster('b')]);
    expect(JSON.stringify(resources)).toContain('"port_value":99');
  });

  test('a gRPC client is not deprived of a cluster that it still asks for', async () => {
    const stream = client.open({ id: NODE, user_agent_name: 'gRPC Node Pure JS' });
    stream.request('listener', { names: ['svc.local'] });
    await stream.accept('listener');
    stream.request('route', { names: ['rds_egress_http2_80'] });
    await stream.accept('route');
    const old = [cluster('a'), cluster('b')];
    stream.request('cluster', { names: old });
    await stream.accept('cluster');
    mesh.set('route', 'r/one', route({ c: 1 }));
    await stream.accept('route');
    await eventually(() => timers.waits().includes(30) || undefined, 'the pause');
    timers.pass(30);
    await settled();
    expect(stream.heard.at(-1)?.type).toBe('route');
    const nonce = stream.heard.findLast(({ type }) => type === 'cluster')!.nonce;
    stream.request('cluster', { names: [...old, cluster('c')], nonce });
    expect((await stream.accept('cluster', [...old, cluster('c')])).names).toEqual([...old, cluster('c')]);
  });
});

test('listeners are what the node’s metadata asks for', async () => {
  const stream = await connect();
  expect(stream.heard.find(({ type }) => type === 'listener')?.names).toEqual([LISTENER]);
});
