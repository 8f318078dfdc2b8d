import { openLibsqlStore } from '../../../src/store/libsql.ts';
import { createInTurn } from '../../../src/store/in-turn.ts';
import type { DocumentStore } from '../../../src/store/port.ts';
import { naming, nodeSpec, prepare, routeSpec, sender, type Send } from './calls.ts';
import { makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let store: DocumentStore;
let server: MeshServer;
let send: Send;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store that takes its time, as a remote one does: other requests come in before and after each of its steps. */
const unhurried = (inner: DocumentStore): DocumentStore => {
  const apply: DocumentStore['apply'] = async (writes) => {
    await turn();
    await inner.apply(writes);
    await turn();
  };
  return {
    close: () => inner.close(),
    get: async (key) => {
      await turn();
      const document = await inner.get(key);
      await turn();
      return document;
    },
    query: (pk, options) => inner.query(pk, options),
    write: (writes) => inner.write(writes),
    apply,
    applyInTurn: createInTurn(apply),
    durable: async () => {
      await turn();
      await inner.durable();
    },
  };
};

beforeAll(async () => {
  folder = await makeFolder();
  store = openLibsqlStore(folder.file);
  server = await startMeshServer(`${folder.file}-unused`, { store: unhurried(store) });
  send = sender(server.client);
});
afterAll(async () => {
  await server.close();
  await store.close();
  await folder.remove();
});

let meshes = 0;
async function freshMesh(): Promise<string> {
  meshes += 1;
  await prepare(send, `mesh-${meshes}`);
  return `mesh-${meshes}`;
}

describe('concurrent writes', () => {
  test('of one resource are one after another: each gets a version of its own', async () => {
    const meshName = await freshMesh();
    await send('CreateRoute', { ...naming('route', meshName, 'r'), spec: routeSpec(['blue', 100]) });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => send('UpdateRoute', { ...naming('route', meshName, 'r'), spec: routeSpec(['blue', index + 1]) })),
    );
    const versions = answers.map(({ route }) => (route as { metadata: { version: number } }).metadata.version);
    expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 2));
    const last = answers[versions.indexOf(51)]!['route'];
    expect((await send('DescribeRoute', naming('route', meshName, 'r')))['route']).toEqual(last);
  });

  test('of one name: one is created, the others conflict', async () => {
    const meshName = await freshMesh();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => send('CreateVirtualNode', { ...naming('virtualNode', meshName, 'same'), spec: {} })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('with one client token: one is done, all are answered alike', async () => {
    const meshName = await freshMesh();
    const input = { ...naming('virtualNode', meshName, 'same'), spec: {}, clientToken: `race-${meshName}` };
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('CreateVirtualNode', input)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  test('of a node and a route to it never leave a route without its node', async () => {
    const meshName = await freshMesh();
    for (let round = 0; round < 20; round += 1) {
      const node = naming('virtualNode', meshName, `n${round}`);
      await send('CreateVirtualNode', { ...node, spec: nodeSpec('n') });
      const both = [
        send('DeleteVirtualNode', node),
        send('CreateRoute', { ...naming('route', meshName, `r${round}`), spec: routeSpec([`n${round}`, 1]) }),
      ];
      const [deleted, created] = await Promise.allSettled(round % 2 === 0 ? both : both.reverse());
      expect([deleted!.status, created!.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
    const view = server.api.reader.view(meshName)!;
    for (const { spec } of view.routes.values()) expect(view.virtualNodes.has(spec.httpRoute!.action!.weightedTargets![0]!.virtualNode!)).toBe(true);
  });

  test('of meshes with one client token: one is done, the others conflict', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => send('CreateMesh', { meshName: `one-token-${index}`, clientToken: 'one-token' })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(server.api.reader.meshNames().filter((name) => name.startsWith('one-token'))).toHaveLength(1);
  });
});
