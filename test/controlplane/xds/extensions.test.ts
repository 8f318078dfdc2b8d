import { LATENCY_BOUNDS_MS } from '../../../src/contracts/latency.ts';
import { startTestControlPlane, type TestControlPlane } from '../../support/control-plane.ts';
import { buildWalkthrough, MESH } from '../../support/walkthrough.ts';
import { openAdsClient } from '../../support/ads-client.ts';
import { eventually } from '../../support/eventually.ts';

let plane: TestControlPlane;

beforeAll(async () => {
  plane = await startTestControlPlane();
  await buildWalkthrough(plane.client);
});
afterAll(() => plane.dispose());

async function ask(method: string, path: string, body?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${plane.url}/meshshift/v1/${path}`, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: await response.json() };
}

const endpoints = [
  { ip: '127.0.0.1', port: 9001 },
  { ip: '::1', port: 9002 },
];

describe('endpoints', () => {
  test('are put, read, replaced and removed', async () => {
    const path = `endpoints/${MESH}/svcNode1`;
    expect(await ask('PUT', path, JSON.stringify(endpoints))).toEqual({ status: 200, body: endpoints });
    expect(await ask('GET', path)).toEqual({ status: 200, body: endpoints });
    expect(await ask('PUT', path, '[]')).toEqual({ status: 200, body: [] });
    expect(await ask('DELETE', path)).toEqual({ status: 200, body: [] });
    expect(await ask('GET', path)).toMatchObject({ status: 404, body: { code: 'NotFoundException' } });
    expect(await ask('DELETE', path)).toMatchObject({ status: 404 });
  });

  test('outlive the control plane, also of a node that is not in the mesh yet', async () => {
    await ask('PUT', `endpoints/${MESH}/to%20come`, JSON.stringify(endpoints));
    await plane.stop();
    plane = await startTestControlPlane({ folder: plane.folder });
    expect(await ask('GET', `endpoints/${MESH}/to%20come`)).toEqual({ status: 200, body: endpoints });
  });

  test.each([
    ['no JSON', '{', 'the body is not JSON'],
    ['no list', '{"ip":"127.0.0.1","port":1}', "'the body': must be a list of {ip, port}"],
    ['a host name', '[{"ip":"localhost","port":1}]', "'[0].ip': must be an IPv4 or IPv6 address"],
    ['port 0', '[{"ip":"127.0.0.1","port":0}]', "'[0].port': must be from 1 to 65535"],
    ['port 65536', '[{"ip":"127.0.0.1","port":1},{"ip":"127.0.0.1","port":65536}]', "'[1].port': must be from 1 to 65535"],
    ['a port in text', '[{"ip":"127.0.0.1","port":"80"}]', "'[0].port': must be a whole number"],
    ['half a port', '[{"ip":"127.0.0.1","port":1.5}]', "'[0].port': must be a whole number"],
    ['an unknown field', '[{"ip":"127.0.0.1","port":1,"weight":2}]', "'[0]': has unknown fields: weight"],
    ['an entry that is no object', '[7]', "'[0]': must be an object with ip and port"],
    ['the same address twice', '[{"ip":"127.0.0.1","port":1},{"ip":"127.0.0.1","port":1}]', '127.0.0.1 1 is in it twice'],
    ['1,001 addresses', JSON.stringify(Array.from({ length: 1_001 }, (_, index) => ({ ip: '127.0.0.1', port: index + 1 }))), 'at most 1000 entries'],
  ])('refuse %s, and change nothing', async (_title, body, message) => {
    await ask('PUT', `endpoints/${MESH}/svcNode2`, JSON.stringify(endpoints));
    expect(await ask('PUT', `endpoints/${MESH}/svcNode2`, body)).toEqual({
      status: 400,
      body: { code: 'BadRequestException', message: expect.stringContaining(message) as string },
    });
    expect(await ask('GET', `endpoints/${MESH}/svcNode2`)).toEqual({ status: 200, body: endpoints });
  });

  test('refuse a body beyond all measure', async () => {
    expect((await ask('PUT', `endpoints/${MESH}/svcNode2`, ' '.repeat(300_000))).status).toBe(413);
  });

  test('are what proxies are given, whatever the node’s DNS name', async () => {
    const client = openAdsClient(plane.xdsPort);
    const stream = client.open(`mesh/${MESH}/virtualNode/svcNode2`);
    const name = 'cds_egress_pgMesh_svcNode1_http2_80';
    stream.request('cluster');
    const clusterNow = async () => (await stream.accept('cluster')).resources.find((cluster) => cluster['name'] === name);
    expect(await clusterNow()).toMatchObject({ type: 'LOGICAL_DNS' });
    await ask('PUT', `endpoints/${MESH}/svcNode1`, JSON.stringify(endpoints));
    expect((await clusterNow())?.['type']).toBe('EDS');
    stream.request('endpoint', { names: [name] });
    expect(JSON.stringify((await stream.accept('endpoint')).resources)).toContain('"port_value":9002');
    await ask('DELETE', `endpoints/${MESH}/svcNode1`);
    expect(await clusterNow()).toMatchObject({ type: 'LOGICAL_DNS' });
    client.close();
    await eventually(async () => ((await ask('GET', `propagation/${MESH}`)).body as { proxies: unknown[] }).proxies.length === 0 || undefined, 'it left');
  });
});

describe('telemetry and propagation', () => {
  test('telemetry of a node that nobody called is empty', async () => {
    const { status, body } = await ask('GET', `telemetry/${MESH}/svcNode1?since=0`);
    expect([status, body]).toEqual([200, { mesh: MESH, virtualNode: 'svcNode1', buckets: [], now: expect.any(Number) as number, lastReportAt: null, lastLatencyAt: null, latencyBoundsMs: LATENCY_BOUNDS_MS }]);
  });

  test.each(['x', '-1', '1e3', ''])('since=%s is refused', async (since) => {
    expect(await ask('GET', `telemetry/${MESH}/svcNode1?since=${since}`)).toMatchObject({ status: 400, body: { message: expect.stringContaining("'since'") as string } });
  });

  test('propagation of an unknown mesh is not found', async () => {
    expect(await ask('GET', 'propagation/absent')).toMatchObject({ status: 404, body: { message: 'Mesh with name absent is not present' } });
  });

  test('propagation lists every resource with its version', async () => {
    const { body } = (await ask('GET', `propagation/${MESH}`)) as { body: { proxies: unknown[]; resources: object[] } };
    expect(body.resources).toContainEqual({ kind: 'route', name: 'svcNode1', parent: 'svcNode1', version: 2, acked: 0, pending: 0, rejected: 0 });
    expect(body.resources.length).toBe(8);
  });

  test('propagation of one route tells of it alone, and names it whole', async () => {
    const route = { kind: 'route', name: 'svcNode1', parent: 'svcNode1', version: 2, acked: 0, pending: 0, rejected: 0 };
    expect(await ask('GET', `propagation/${MESH}?virtualRouter=svcNode1&route=svcNode1`)).toMatchObject({ status: 200, body: { proxies: [], resources: [route] } });
    expect(await ask('GET', `propagation/${MESH}?virtualRouter=svcNode1&route=absent`)).toMatchObject({ status: 200, body: { resources: [] } });
    expect(await ask('GET', `propagation/${MESH}?route=svcNode1`)).toMatchObject({ status: 400 });
  });

  test.each([
    ['POST', `endpoints/${MESH}/a`, 405],
    ['GET', 'endpoints/only-mesh', 404],
    ['GET', `endpoints/${MESH}/a/b`, 404],
    ['GET', `endpoints/${MESH}/%ff`, 400],
    ['GET', `endpoints/${MESH}/a%2Fb`, 400],
    ['PUT', `telemetry/${MESH}/a`, 405],
  ])('%s %s → %i', async (method, path, status) => {
    expect((await ask(method, path)).status).toBe(status);
  });
});
