import { KINDS, resourcePath } from '../../../src/controlplane/api/kinds.ts';
import type { Kind, MeshChange } from '../../../src/controlplane/model/resources.ts';
import { errorOf, naming, nodeSpec, prepare, routeSpec, sender, SPECS, type Json, type Send } from './calls.ts';
import { ACCOUNT, makeFolder, REGION, startMeshServer, type MeshServer } from './mesh-server.ts';

const NOW = Date.UTC(2026, 9, 1, 12, 0, 0, 123);
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;
let now = NOW;

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file, { clock: () => now });
  send = sender(server.client);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

let meshes = 0;
async function freshMesh(): Promise<string> {
  meshes += 1;
  await prepare(send, `mesh-${meshes}`);
  return `mesh-${meshes}`;
}

describe.each(Object.keys(KINDS) as Kind[])('every resource: %s', (kind) => {
  const { noun, plural, collection } = KINDS[kind];
  const [first, second] = SPECS[kind];
  let mesh: string;
  let id: Record<string, string>;
  const bare = (output: Json): Json => output[kind] as Json;
  const create = (input: Json = {}): Promise<Json> => send(`Create${noun}`, { ...id, spec: first, ...input });

  beforeEach(async () => {
    now = NOW;
    mesh = await freshMesh();
    id = naming(kind, mesh, `a-${kind}-${meshes}`);
  });

  test('is created at version 1, ACTIVE, with uid, ARN, times and owners', async () => {
    const { name, parent } = { name: id[KINDS[kind].nameMember]!, parent: id[KINDS[kind].parentMember ?? ''] };
    const created = bare(await create());
    expect(created).toEqual({
      ...id,
      spec: first,
      status: { status: 'ACTIVE' },
      metadata: {
        arn: `arn:aws:appmesh:${REGION}:${ACCOUNT}:${resourcePath({ kind, mesh: id['meshName']!, name, ...(parent === undefined ? {} : { parent }) })}`,
        uid: expect.stringMatching(UUID) as string,
        version: 1,
        createdAt: new Date(NOW),
        lastUpdatedAt: new Date(NOW),
        meshOwner: ACCOUNT,
        resourceOwner: ACCOUNT,
      },
    });
    expect(bare(await send(`Describe${noun}`, id))).toEqual(created);
  });

  test('is replaced whole by an update, one version higher', async () => {
    const created = bare(await create());
    now = NOW + 1500;
    const updated = bare(await send(`Update${noun}`, { ...id, spec: second }));
    expect(updated).toEqual({ ...created, spec: second, metadata: { ...(created['metadata'] as Json), version: 2, lastUpdatedAt: new Date(now) } });
    expect(bare(await send(`Describe${noun}`, id))).toEqual(updated);
  });

  test('is answered as DELETED by its delete, and is then gone', async () => {
    const created = bare(await create());
    expect(bare(await send(`Delete${noun}`, id))).toEqual({ ...created, status: { status: 'DELETED' } });
    for (const verb of ['Describe', 'Delete'])
      expect(await errorOf(send(`${verb}${noun}`, id))).toMatchObject({ name: 'NotFoundException', status: 404 });
    expect(await errorOf(send(`Update${noun}`, { ...id, spec: second }))).toMatchObject({ name: 'NotFoundException' });
  });

  test('starts anew at version 1 with another uid when created again', async () => {
    const before = bare(await create())['metadata'] as Json;
    await send(`Update${noun}`, { ...id, spec: second });
    await send(`Delete${noun}`, id);
    const after = bare(await create())['metadata'] as Json;
    expect(after['version']).toBe(1);
    expect(after['uid']).not.toBe(before['uid']);
  });

  test('conflicts with another of its name', async () => {
    await create();
    expect(await errorOf(create())).toMatchObject({
      name: 'ConflictException',
      status: 409,
      message: expect.stringContaining('already exists') as string,
    });
  });

  test('is in its list once, with the members of a reference', async () => {
    const created = bare(await create());
    const listed = (await send(`List${plural}`, { ...id, limit: 100 }))[collection] as Json[];
    const mine = listed.filter(({ arn }) => arn === (created['metadata'] as Json)['arn']);
    expect(mine).toEqual([{ ...id, ...(created['metadata'] as Json) }].map(({ uid: _, ...ref }) => ref as Json));
  });

  test('is not found under another owner', async () => {
    await create();
    if (kind === 'mesh')
      expect(await errorOf(send('DescribeMesh', { ...id, meshOwner: '999999999999' }))).toMatchObject({ name: 'NotFoundException' });
    else
      expect(await errorOf(send(`Describe${noun}`, { ...id, meshOwner: '999999999999' }))).toMatchObject({
        message: `Mesh with name ${mesh} is not present for account 999999999999`,
      });
    expect(bare(await send(`Describe${noun}`, { ...id, meshOwner: ACCOUNT }))).toBeDefined();
  });

  test('keeps tags apart from its version', async () => {
    const { metadata } = bare(await create({ tags: [{ key: 'team', value: 'a' }] })) as { metadata: Json };
    const resourceArn = metadata['arn'];
    await send('TagResource', {
      resourceArn,
      tags: [
        { key: 'zone', value: '' },
        { key: 'team', value: 'b' },
        { key: 'age', value: '1' },
      ],
    });
    await send('UntagResource', { resourceArn, tagKeys: ['age', 'never'] });
    expect(await send('ListTagsForResource', { resourceArn })).toEqual({
      tags: [
        { key: 'team', value: 'b' },
        { key: 'zone', value: '' },
      ],
    });
    await send(`Update${noun}`, { ...id, spec: second });
    expect((await send('ListTagsForResource', { resourceArn }))['tags']).toHaveLength(2);
    expect((bare(await send(`Describe${noun}`, id))['metadata'] as Json)['version']).toBe(2);
  });

  test('is answered as before for the same client token, and conflicts for another request with it', async () => {
    const clientToken = `token-${kind}-${meshes}`;
    const created = await create({ clientToken });
    now = NOW + 5000;
    expect(await create({ clientToken })).toEqual(created);
    const update = { ...id, spec: second, clientToken: `${clientToken}-u` };
    const updated = await send(`Update${noun}`, update);
    await send(`Update${noun}`, { ...id, spec: first });
    expect(await send(`Update${noun}`, update)).toEqual(updated);
    expect((bare(await send(`Describe${noun}`, id))['metadata'] as Json)['version']).toBe(3);
    expect(await errorOf(create({ clientToken, tags: [{ key: 'k', value: 'v' }] }))).toMatchObject({
      name: 'ConflictException',
      message: expect.stringContaining(clientToken) as string,
    });
  });

  test('tells its changes to listeners, after they can be read', async () => {
    const changes: (MeshChange & { version: unknown })[] = [];
    const { reader } = server.api;
    const stop = reader.onChange((change) =>
      changes.push({ ...change, version: kind === 'mesh' ? reader.view(change.mesh)?.mesh.metadata.version : undefined }),
    );
    await create();
    await send(`Update${noun}`, { ...id, spec: second });
    const { arn } = bare(await send(`Describe${noun}`, id))['metadata'] as Json as { arn: string };
    await send('TagResource', { resourceArn: arn, tags: [{ key: 'a', value: 'b' }] });
    await send(`Delete${noun}`, id);
    stop();
    await create();
    const common = { mesh: id['meshName'], kind, name: id[KINDS[kind].nameMember] };
    expect(changes).toMatchObject(
      ['created', 'updated', 'deleted'].map((change, index) => ({
        ...common,
        change,
        ...(kind === 'mesh' ? { version: [1, 2, undefined][index] } : {}),
      })),
    );
  });
});

test('a mesh without a spec has an empty one, and an update without one empties it', async () => {
  const meshName = await freshMesh();
  expect(((await send('DescribeMesh', { meshName }))['mesh'] as Json)['spec']).toEqual({});
  await send('UpdateMesh', { meshName, spec: SPECS.mesh[0] });
  expect(((await send('UpdateMesh', { meshName }))['mesh'] as Json)['spec']).toEqual({});
});

test('only the port of a health check is filled in, and duplicate backends are one', async () => {
  const meshName = await freshMesh();
  const healthCheck = { protocol: 'http', path: '/ping', healthyThreshold: 2, unhealthyThreshold: 3, timeoutMillis: 2000, intervalMillis: 5000 };
  const backend = { virtualService: { virtualServiceName: 'x.local' } };
  const spec = {
    listeners: [{ portMapping: { port: 8081, protocol: 'http' }, healthCheck }],
    serviceDiscovery: { dns: { hostname: 'n.local' } },
    backends: [backend, { virtualService: { virtualServiceName: 'y.local' } }, backend],
  };
  const { virtualNode } = (await send('CreateVirtualNode', { meshName, virtualNodeName: 'n', spec })) as { virtualNode: Json };
  expect(virtualNode['spec']).toEqual({
    ...spec,
    listeners: [{ ...spec.listeners[0]!, healthCheck: { ...healthCheck, port: 8081 } }],
    backends: spec.backends.slice(0, 2),
  });
  const gateway = {
    listeners: [{ portMapping: { port: 9000, protocol: 'http2' }, healthCheck: { ...healthCheck, protocol: 'grpc', path: undefined } }],
  };
  const { virtualGateway } = (await send('UpdateVirtualGateway', { meshName, virtualGatewayName: 'gateway', spec: gateway })) as {
    virtualGateway: { spec: { listeners: [{ healthCheck: Json }] } };
  };
  expect(virtualGateway.spec.listeners[0].healthCheck['port']).toBe(9000);
});

test('unknown members are ignored, in a union as well', async () => {
  const meshName = await freshMesh();
  const answer = await fetch(`${server.url}/v20190125/meshes/${meshName}/virtualNodes`, {
    method: 'PUT',
    body: JSON.stringify({
      virtualNodeName: 'n',
      extra: 1,
      meshOwner: '999999999999',
      spec: { ...nodeSpec('n'), new: {}, serviceDiscovery: { dns: { hostname: 'n', ttl: 3 }, consul: {} } },
    }),
  });
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as Json)['spec']).toEqual(nodeSpec('n'));
});

test('times are epoch seconds with their milliseconds, and the answer is the bare object', async () => {
  now = NOW;
  const meshName = await freshMesh();
  const raw = (await (await fetch(`${server.url}/v20190125/meshes/${meshName}`)).json()) as { meshName: string; metadata: { createdAt: number } };
  expect([raw.meshName, raw.metadata.createdAt]).toEqual([meshName, NOW / 1000]);
});

describe('x-meshshift-if-version', () => {
  const update = (mesh: string, version: string, method = 'PUT'): Promise<Response> =>
    fetch(`${server.url}/v20190125/meshes/${mesh}/virtualRouter/router/routes/r`, {
      method,
      headers: { 'x-meshshift-if-version': version },
      ...(method === 'PUT' ? { body: JSON.stringify({ spec: routeSpec(['blue', 50], ['green', 50]) }) } : {}),
    });

  test('makes an update or delete conditional', async () => {
    const meshName = await freshMesh();
    await send('CreateRoute', { ...naming('route', meshName, 'r'), spec: routeSpec(['blue', 100]) });
    expect((await update(meshName, '1')).status).toBe(200);
    const refused = await update(meshName, '1');
    expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([409, 'ConflictException']);
    expect(((await refused.json()) as { message: string }).message).toMatch(/version 2, not 1/);
    expect((await update(meshName, '1', 'DELETE')).status).toBe(409);
    expect((await update(meshName, '2', 'DELETE')).status).toBe(200);
  });

  test.each(['0', '-1', 'abc', '1.5', '', '99999999999999999'])('refuses %p', async (version) => {
    expect((await update('mesh-1', version)).status).toBe(400);
  });
});

test('a view does not change under its reader', async () => {
  const meshName = await freshMesh();
  const before = server.api.reader.view(meshName)!;
  const names = [...before.virtualNodes.keys()];
  await send('DeleteVirtualNode', naming('virtualNode', meshName, 'blue'));
  await send('CreateVirtualNode', { ...naming('virtualNode', meshName, 'red'), spec: {} });
  expect([...before.virtualNodes.keys()]).toEqual(names);
  expect([...server.api.reader.view(meshName)!.virtualNodes.keys()]).toEqual(['green', 'red']);
  expect(server.api.reader.meshNames()).toContain(meshName);
});
