import { silent } from '../../../src/contracts/log.ts';
import { KINDS } from '../../../src/controlplane/api/kinds.ts';
import { openMeshApi } from '../../../src/controlplane/api/mesh-api.ts';
import type { Kind, MeshChange } from '../../../src/controlplane/model/resources.ts';
import { openLibsqlStore } from '../../../src/store/libsql.ts';
import { createInTurn } from '../../../src/store/in-turn.ts';
import type { DocumentStore } from '../../../src/store/port.ts';
import { errorOf, naming, nodeSpec, prepare, routeSpec, sender, SPECS, type Json, type Send } from './calls.ts';
import { ACCOUNT, makeFolder, REGION, startMeshServer, type MeshServer } from './mesh-server.ts';

const HOUR = 3600_000;
let folder: Awaited<ReturnType<typeof makeFolder>>;
const servers: MeshServer[] = [];

const start = async (options: Parameters<typeof startMeshServer>[1] = {}): Promise<MeshServer & { readonly send: Send }> => {
  const server = await startMeshServer(folder.file, options);
  servers.push(server);
  return { ...server, send: sender(server.client) };
};
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await folder.remove();
});
const stop = (server: MeshServer): Promise<void> =>
  servers
    .splice(
      servers.findIndex(({ url }) => url === server.url),
      1,
    )[0]!
    .close();

const KIND_NAMES = Object.keys(KINDS) as Kind[];

async function readEverything(send: Send): Promise<Json> {
  const answers: Record<string, unknown> = {};
  for (const kind of KIND_NAMES) {
    const { noun, plural, collection, nameMember } = KINDS[kind];
    const listed = (await send(`List${plural}`, naming(kind, 'm', '')))[collection] as Json[];
    answers[plural] = listed;
    for (const item of listed) {
      const id = naming(kind, 'm', String(item[nameMember]));
      answers[`${noun} ${String(item[nameMember])}`] = [
        (await send(`Describe${noun}`, id))[kind],
        await send('ListTagsForResource', { resourceArn: item['arn'] }),
      ];
    }
  }
  return answers;
}

test('a restart answers everything as before, and what refers to what is known again', async () => {
  const before = await start();
  await prepare(before.send, 'm');
  for (const kind of KIND_NAMES) {
    const id = naming(kind, 'm', `a-${kind}`);
    await before.send(`Create${KINDS[kind].noun}`, { ...id, spec: SPECS[kind][0], tags: [{ key: 'k', value: kind }] });
    await before.send(`Update${KINDS[kind].noun}`, { ...id, spec: SPECS[kind][1] });
  }
  await before.send('CreateVirtualNode', { ...naming('virtualNode', 'm', 'gone'), spec: {} });
  await before.send('DeleteVirtualNode', naming('virtualNode', 'm', 'gone'));
  const answers = await readEverything(before.send);
  await stop(before);

  const after = await start();
  expect(await readEverything(after.send)).toEqual(answers);
  for (const [operation, kind, name] of [
    ['DeleteVirtualNode', 'virtualNode', 'blue'],
    ['DeleteVirtualRouter', 'virtualRouter', 'router'],
    ['DeleteVirtualService', 'virtualService', 'service.local'],
    ['DeleteMesh', 'mesh', 'm'],
  ] as const) {
    expect(await errorOf(after.send(operation, naming(kind, 'm', name)))).toMatchObject({ name: 'ResourceInUseException' });
  }
  const { route } = (await after.send('UpdateRoute', { ...naming('route', 'm', 'a-route'), spec: SPECS.route[0] })) as {
    route: { metadata: { version: number } };
  };
  expect(route.metadata.version).toBe(3);
});

test('client tokens hold across a restart and past the turn of a period, and are dropped when they are old', async () => {
  // The store drops by the real time what is expired: this clock is ahead of it.
  const begun = (Math.ceil(Date.now() / (12 * HOUR)) + 1) * 12 * HOUR;
  let now = begun;
  const clock = (): number => now;
  const create = { meshName: 'm', clientToken: 'the-token' };
  const first = await start({ clock });
  const created = await first.send('CreateMesh', create);
  await stop(first);

  const second = await start({ clock });
  expect(await second.send('CreateMesh', create)).toEqual(created);
  now += 13 * HOUR;
  expect(await second.send('CreateMesh', create)).toEqual(created);
  await stop(second);

  const third = await start({ clock });
  expect(await third.send('CreateMesh', create)).toEqual(created);
  expect(await errorOf(third.send('CreateMesh', { ...create, meshName: 'other' }))).toMatchObject({
    name: 'ConflictException',
    message: expect.stringContaining('the-token') as string,
  });
  await third.send('CreateMesh', { meshName: 'n', clientToken: 'younger' });
  now += 24 * HOUR;
  expect(await errorOf(third.send('CreateMesh', create))).toMatchObject({ name: 'ConflictException', message: 'Mesh with name m already exists' });
  await stop(third);

  await stop(await start({ clock }));
  const store = openLibsqlStore(folder.file);
  const periods = await store.query('token#');
  expect(periods).toHaveLength(1);
  expect(await store.query(`token#${String(begun / (12 * HOUR)).padStart(8, '0')}`)).toEqual([]);
  await store.close();
});

test('a token of a refused request is not used up', async () => {
  const { send } = await start();
  await prepare(send, 'm');
  const input = { ...naming('route', 'm', 'r'), spec: routeSpec(['later', 1]), clientToken: 'again' };
  expect(await errorOf(send('CreateRoute', input))).toMatchObject({ name: 'NotFoundException' });
  await send('CreateVirtualNode', { ...naming('virtualNode', 'm', 'later'), spec: nodeSpec('later') });
  expect(await send('CreateRoute', input)).toMatchObject({ route: { metadata: { version: 1 } } });
});

/** A store that does as asked until it is told to fail, before or after it has written. */
function breakable(store: DocumentStore): DocumentStore & { fail: 'no' | 'before' | 'after' } {
  const apply: DocumentStore['apply'] = async (writes) => {
    const { fail } = broken;
    broken.fail = 'no';
    if (fail === 'before') throw new Error('disk full');
    await store.apply(writes);
    if (fail === 'after') throw new Error('connection lost');
  };
  const broken: DocumentStore & { fail: 'no' | 'before' | 'after' } = { ...store, fail: 'no', apply, applyInTurn: createInTurn(apply) };
  return broken;
}

test.each(['before', 'after'] as const)('a write that fails %s it was made answers 500, and memory holds what the store holds', async (when) => {
  const file = openLibsqlStore(folder.file);
  const store = breakable(file);
  const logged: string[] = [];
  const server = await startMeshServer(`${folder.file}-unused`, { store, log: (level, message) => logged.push(`${level} ${message}`) });
  servers.push(server);
  const send = sender(server.client);
  await prepare(send, 'm');
  store.fail = when;
  const refused = await errorOf(send('CreateVirtualNode', { ...naming('virtualNode', 'm', 'n'), spec: nodeSpec('n') }));
  expect(refused).toMatchObject({ name: 'InternalServerErrorException', status: 500 });
  expect(refused.message).not.toMatch(/disk full|connection lost/);
  expect(logged).toContain('error an App Mesh request failed');
  const nodes = (await send('ListVirtualNodes', { meshName: 'm' }))['virtualNodes'] as Json[];
  expect(nodes.map(({ virtualNodeName }) => virtualNodeName)).toEqual(when === 'after' ? ['blue', 'green', 'n'] : ['blue', 'green']);
  await send('CreateRoute', { ...naming('route', 'm', 'r'), spec: routeSpec(['blue', 1]) });
  await file.close();
});

test("another writer's change is not lost: what was decided without it is decided anew, and refused where it asked for what is no more", async () => {
  const one = await start();
  await prepare(one.send, 'm');
  const changes: MeshChange[] = [];
  const two = await start();
  one.api.reader.onChange((change) => changes.push(change));
  await two.send('UpdateVirtualNode', { ...naming('virtualNode', 'm', 'blue'), spec: nodeSpec('two') });
  expect(await one.send('UpdateVirtualNode', { ...naming('virtualNode', 'm', 'blue'), spec: nodeSpec('one') })).toMatchObject({
    virtualNode: { spec: nodeSpec('one'), metadata: { version: 3 } },
  });
  expect(changes).toEqual([
    { mesh: 'm', kind: 'mesh', name: 'm', change: 'updated' },
    { mesh: 'm', kind: 'virtualNode', name: 'blue', change: 'updated' },
  ]);
  expect(await errorOf(two.send('CreateVirtualNode', { ...naming('virtualNode', 'm', 'green'), spec: nodeSpec('two') }))).toMatchObject({ name: 'ConflictException' });
  await one.send('DeleteVirtualNode', naming('virtualNode', 'm', 'green'));
  expect(await errorOf(two.send('UpdateVirtualNode', { ...naming('virtualNode', 'm', 'green'), spec: nodeSpec('two') }))).toMatchObject({ name: 'NotFoundException' });
});

test('a listener that throws keeps nothing from being answered or told to the others', async () => {
  const { send, api } = await start();
  const told: string[] = [];
  api.reader.onChange(() => {
    throw new Error('broken listener');
  });
  api.reader.onChange(({ name }) => told.push(name));
  await send('CreateMesh', { meshName: 'm' });
  expect(told).toEqual(['m']);
});

test('10,000 nodes: a restart has them all, and a write replaces one of them and shares the rest', async () => {
  const store = openLibsqlStore(folder.file);
  const api = await openMeshApi({ store, region: REGION, accountId: ACCOUNT, clock: () => 0, log: silent });
  expect(api.reader.meshNames()).toEqual([]);
  const first = await start();
  await prepare(first.send, 'm');
  const { value } = (await store.get({ pk: 'mesh#m', sk: 'virtualNode#blue' }))!;
  for (let from = 0; from < 10_000; from += 100) {
    await store.write(
      Array.from({ length: 100 }, (_, index) => ({
        kind: 'put',
        pk: 'mesh#m',
        sk: `virtualNode#n${from + index}`,
        value: { ...(value as Json), name: `n${from + index}` },
      })),
    );
  }
  await stop(first);
  const big = await start();
  expect(big.api.reader.view('m')?.virtualNodes.size).toBe(10_002);
  const before = big.api.reader.view('m')!;
  await big.send('UpdateVirtualNode', { ...naming('virtualNode', 'm', 'n5000'), spec: nodeSpec('moved') });
  const after = big.api.reader.view('m')!;
  expect(after.virtualNodes.get('n5000')?.spec.serviceDiscovery?.dns?.hostname).toBe('moved');
  expect([...after.virtualNodes.values()].filter((node) => before.virtualNodes.get(node.name) !== node)).toHaveLength(1);
  expect(after.routes).toBe(before.routes);
  await store.close();
});
