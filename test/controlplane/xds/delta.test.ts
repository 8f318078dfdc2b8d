import { silent } from '../../../src/contracts/log.ts';
import { startXds, type Xds } from '../../../src/controlplane/start-xds.ts';
import type { ProtoJson } from '../../../src/controlplane/translate/types.ts';
import { openDeltaClient, type DeltaClientStream } from '../../support/delta-client.ts';
import { eventually } from '../../support/eventually.ts';
import { manualTimers, type ManualTimers } from '../../support/manual-timers.ts';
import { editableMesh, type EditableMesh } from '../../support/mesh.ts';

const NODE = 'mesh/m/virtualNode/caller';
const LISTEN: ProtoJson = { id: NODE, user_agent_name: 'envoy', metadata: { 'meshshift.listen': { 'svc.local': 18_080 } } };
const ROUTES = 'rds_loopback_http2_18080';
const LISTENER = 'lds_loopback_127.0.0.1_18080';

const http2 = [{ portMapping: { port: 80, protocol: 'http2' as const } }];
const node = { listeners: http2, serviceDiscovery: { dns: { hostname: 'x.internal' } } };
const limited = { ...node, listeners: [{ ...http2[0]!, outlierDetection: { maxServerErrors: 5, interval: { value: 10, unit: 's' as const }, baseEjectionDuration: { value: 10, unit: 's' as const }, maxEjectionPercent: 50 } }] };
const route = (weights: Readonly<Record<string, number>>) => ({
  http2Route: { match: { prefix: '/' }, action: { weightedTargets: Object.entries(weights).map(([virtualNode, weight]) => ({ virtualNode, weight })) } },
});
const at = (port: number) => [{ ip: '127.0.0.1', port }];
const of = (names: Iterable<string>): string[] => [...names].map((name) => /_m_(\w)_http2/.exec(name)?.[1] ?? name).sort();

let mesh: EditableMesh;
let timers: ManualTimers;
let xds: Xds;
let client: ReturnType<typeof openDeltaClient>;

beforeEach(async () => {
  mesh = editableMesh({
    name: 'm',
    virtualNodes: { caller: { backends: [{ virtualService: { virtualServiceName: 'svc.local' } }] }, a: node, b: node, c: node },
    virtualRouters: { r: { listeners: http2 } },
    routes: { 'r/one': route({ a: 75, b: 25 }) },
    virtualServices: { 'svc.local': { provider: { virtualRouter: { virtualRouterName: 'r' } } } },
    endpoints: { a: at(1), b: at(2), c: at(3) },
  });
  timers = manualTimers();
  xds = await startXds({ reader: mesh.reader, endpoints: mesh.endpoints, clock: Date.now, log: silent, xds: { host: '127.0.0.1', port: 0 }, after: timers.after });
  client = openDeltaClient(xds.port);
});
afterEach(() => {
  client.close();
  xds.close();
});

const streamState = () => xds.connected().map(({ stream }) => stream.state.state);
const accepted = () => eventually(() => (streamState().length > 0 && streamState().every((state) => state === 'acked')) || undefined, 'all accepted');
const pause = async (): Promise<void> => {
  await eventually(() => timers.waits().includes(30) || undefined, 'the pause');
  timers.pass(30);
};

async function connect(): Promise<DeltaClientStream> {
  const stream = client.open(LISTEN);
  stream.request('cluster');
  const clusters = await stream.accept('cluster');
  stream.request('endpoint', { subscribe: clusters.names });
  await stream.accept('endpoint');
  stream.request('listener');
  await stream.accept('listener');
  stream.request('route', { subscribe: [ROUTES] });
  await stream.accept('route');
  await accepted();
  return stream;
}

test('a change of weights sends the one route that changed, and nothing else', async () => {
  const stream = await connect();
  const before = stream.heard.length;
  mesh.set('route', 'r/one', route({ a: 50, b: 50 }));
  expect((await stream.accept('route')).names).toEqual([ROUTES]);
  await accepted();
  expect(stream.heard.length).toBe(before + 1);
});

test('one resource among several is sent alone', async () => {
  const stream = await connect();
  mesh.setEndpoints('a', at(99));
  expect(of((await stream.accept('endpoint')).names)).toEqual(['a']);
});

test('new clusters come, with endpoints when they are asked for; then routes; and after a pause the old are removed by name', async () => {
  const stream = await connect();
  mesh.set('route', 'r/one', route({ c: 1 }));
  const clusters = await stream.accept('cluster');
  expect([of(clusters.names), clusters.removed]).toEqual([['c'], []]);
  stream.request('endpoint', { subscribe: clusters.names });
  expect(of((await stream.accept('endpoint')).names)).toEqual(['c']);
  expect((await stream.accept('route')).names).toEqual([ROUTES]);
  await pause();
  const last = await stream.accept('cluster');
  expect([last.names, of(last.removed)]).toEqual([[], ['a', 'b']]);
  stream.request('endpoint', { unsubscribe: last.removed });
  mesh.set('route', 'r/one', route({ a: 1 }));
  const again = await stream.accept('cluster');
  stream.request('endpoint', { subscribe: again.names });
  expect(of((await stream.accept('endpoint')).names)).toEqual(['a']);
});

test('a changed cluster is followed by its endpoints, though they are the same and nobody asks', async () => {
  const stream = await connect();
  mesh.set('virtualNode', 'a', limited);
  expect(of((await stream.accept('cluster')).names)).toEqual(['a']);
  expect(of((await stream.accept('endpoint')).names)).toEqual(['a']);
});

test('a cluster that changes again before its first change was answered is followed by its endpoints both times', async () => {
  const stream = await connect();
  mesh.set('virtualNode', 'a', limited);
  const { type, nonce } = await stream.next();
  expect(of((await stream.accept('endpoint')).names)).toEqual(['a']);
  mesh.set('virtualNode', 'a', node);
  stream.request(type, { nonce });
  expect(of((await stream.accept('cluster')).names)).toEqual(['a']);
  expect(of((await stream.accept('endpoint')).names)).toEqual(['a']);
});

test('a name of nothing is answered as removed, so that nobody waits for it', async () => {
  const stream = await connect();
  stream.request('endpoint', { subscribe: ['nothing'] });
  expect(await stream.accept('endpoint')).toMatchObject({ names: [], removed: ['nothing'] });
});

test('a refusal is kept until something newer is accepted, and is not answered by the same again', async () => {
  const stream = await connect();
  mesh.set('route', 'r/one', route({ a: 1, b: 1 }));
  const { nonce } = await stream.next();
  stream.request('route', { nonce, error: 'no' });
  await eventually(() => streamState()[0] === 'rejected' || undefined, 'the refusal is seen');
  expect(stream.heard.at(-1)?.nonce).toBe(nonce);
  mesh.set('route', 'r/one', route({ a: 1, b: 2 }));
  await stream.accept('route');
  await accepted();
});

test('an old nonce says nothing, but the names beside it count', async () => {
  const stream = await connect();
  const old = stream.heard.findLast(({ type }) => type === 'endpoint')!.nonce;
  mesh.setEndpoints('a', at(99));
  const moved = await stream.next();
  stream.request('endpoint', { nonce: old, error: 'about what was before', subscribe: ['late'] });
  stream.request('endpoint', { nonce: moved.nonce });
  expect((await stream.accept('endpoint')).removed).toEqual(['late']);
  expect(xds.connected()[0]?.stream.state).not.toMatchObject({ state: 'rejected' });
});

describe('a client that comes back', () => {
  const initialOf = (stream: DeltaClientStream) => (type: 'cluster' | 'endpoint' | 'listener' | 'route') => stream.held(type);

  function reconnect(initial: ReturnType<typeof initialOf>): DeltaClientStream {
    const stream = client.open(LISTEN);
    stream.request('cluster', { initial: initial('cluster') });
    stream.request('endpoint', { subscribe: Object.keys(initial('endpoint')), initial: initial('endpoint') });
    stream.request('listener', { initial: initial('listener') });
    stream.request('route', { subscribe: [ROUTES], initial: initial('route') });
    return stream;
  }

  test('is sent nothing that it has, but for endpoints', async () => {
    const first = await connect();
    const initial = initialOf(first);
    first.cancel();
    await eventually(() => xds.connected().length === 0 || undefined, 'it is gone');
    const stream = reconnect(initial);
    await stream.accept('endpoint');
    await accepted();
    expect(stream.heard.map(({ type }) => type)).toEqual(['endpoint']);
  });

  test('after the mesh changed gets the new beside what it has, and keeps that until its routes are new', async () => {
    const first = await connect();
    const initial = initialOf(first);
    first.cancel();
    await eventually(() => xds.connected().length === 0 || undefined, 'it is gone');
    mesh.set('route', 'r/one', route({ c: 1 }));
    mesh.set('virtualNode', 'a', undefined);
    const stream = reconnect(initial);
    const clusters = await stream.accept('cluster');
    expect([of(clusters.names), clusters.removed]).toEqual([['c'], []]);
    stream.request('endpoint', { subscribe: clusters.names });
    expect(await stream.accept('endpoint')).toMatchObject({ names: clusters.names, removed: [] });
    await stream.accept('route');
    await pause();
    const last = await stream.accept('cluster');
    expect([last.names, of(last.removed)]).toEqual([[], ['a', 'b']]);
  });
});

test('listeners are removed by name when they are no longer there', async () => {
  const stream = await connect();
  mesh.set('virtualNode', 'caller', {});
  expect(await stream.accept('listener')).toMatchObject({ names: [], removed: [LISTENER] });
});
