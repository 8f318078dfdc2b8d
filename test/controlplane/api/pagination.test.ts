import { KINDS } from '../../../src/controlplane/api/kinds.ts';
import { SortedMap } from '../../../src/controlplane/api/state/sorted-map.ts';
import type { Kind } from '../../../src/controlplane/model/resources.ts';
import { errorOf, naming, prepare, seeded, sender, SPECS, type Json, type Send } from './calls.ts';
import { ACCOUNT, makeFolder, REGION, startMeshServer, type MeshServer } from './mesh-server.ts';

const MESH = 'paged';
let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;

beforeEach(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
  send = sender(server.client);
  await prepare(send, MESH);
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

const padded = (index: number): string => `n${String(index).padStart(3, '0')}`;

/** Reads a list page by page; between the pages something may happen. */
async function readAll(
  operation: string,
  input: Json,
  member: string,
  between: (page: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<Json[][]> {
  const pages: Json[][] = [];
  let nextToken: unknown;
  do {
    const answer = await send(operation, { ...input, nextToken });
    pages.push(answer[member] as Json[]);
    nextToken = answer['nextToken'];
    await between(pages.length);
  } while (nextToken !== undefined);
  return pages;
}

const LISTS = (Object.keys(KINDS) as Kind[]).map((kind) => ({ ...KINDS[kind], operation: `List${KINDS[kind].plural}` }));

describe.each(LISTS)('$operation', ({ kind, noun, operation, collection, nameMember }) => {
  const create = (name: string): Promise<Json> => send(`Create${noun}`, { ...naming(kind, MESH, name), spec: SPECS[kind][0] });
  const remove = (name: string): Promise<Json> => send(`Delete${noun}`, naming(kind, MESH, name));
  const scope = naming(kind, MESH, '');
  const names = (pages: Json[][]): unknown[] => pages.flat().map((item) => item[nameMember]);
  const ours = (all: unknown[]): unknown[] => all.filter((name) => /^n\d+$/.test(String(name)));

  test('gives pages of the limit in order, the last without a token', async () => {
    for (let index = 0; index < 7; index += 1) await create(padded(index));
    const pages = await readAll(operation, { ...scope, limit: 3 }, collection);
    expect(pages.slice(0, -1).every(({ length }) => length === 3)).toBe(true);
    expect(pages.at(-1)!.length).toBeGreaterThan(0);
    expect(ours(names(pages))).toEqual(Array.from({ length: 7 }, (_, index) => padded(index)));
    const all = names(pages);
    expect(new Set(all).size).toBe(all.length);
    expect(await send(operation, { ...scope, limit: all.length })).not.toHaveProperty('nextToken');
  });

  test('repeats and hides nothing when resources come and go between the pages', async () => {
    for (let index = 0; index < 40; index += 2) await create(padded(index));
    const pages = await readAll(operation, { ...scope, limit: 4 }, collection, async (page) => {
      if (page > 6) return;
      await remove(padded(2 * (page - 1))); // perhaps the one the cursor stands on
      await create(padded(2 * page - 1)); // before or after it
    });
    const seen = ours(names(pages));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort());
    for (let index = 14; index < 40; index += 2) expect(seen).toContain(padded(index));
  });

  test("refuses another list's token", async () => {
    for (let index = 0; index < 3; index += 1) await create(padded(index));
    const { nextToken } = await send(operation, { ...scope, limit: 1 });
    const other = kind === 'virtualNode' ? 'ListVirtualServices' : 'ListVirtualNodes';
    expect(await errorOf(send(other, { meshName: MESH, nextToken }))).toMatchObject({ name: 'BadRequestException' });
  });
});

test('tags are paged by key', async () => {
  const resourceArn = `arn:aws:appmesh:${REGION}:${ACCOUNT}:mesh/${MESH}`;
  await send('TagResource', { resourceArn, tags: Array.from({ length: 50 }, (_, index) => ({ key: padded(49 - index), value: String(index) })) });
  const pages = await readAll('ListTagsForResource', { resourceArn, limit: 7 }, 'tags', (page) =>
    page === 2 ? send('UntagResource', { resourceArn, tagKeys: [padded(13), padded(0)] }) : Promise.resolve(),
  );
  expect(pages.flat().map(({ key }) => key)).toEqual(Array.from({ length: 50 }, (_, index) => padded(index)));
  expect(pages).toHaveLength(8);
});

test('without a limit a page has 100', async () => {
  for (let index = 0; index < 101; index += 1) await send('CreateVirtualNode', { meshName: MESH, virtualNodeName: padded(index), spec: {} });
  const pages = await readAll('ListVirtualNodes', { meshName: MESH }, 'virtualNodes');
  expect(pages.map(({ length }) => length)).toEqual([100, 3]);
});

test('the routes of a router are its own, though another name starts alike', async () => {
  await send('CreateVirtualRouter', { meshName: MESH, virtualRouterName: 'router!', spec: SPECS.virtualRouter[0] });
  await send('CreateVirtualRouter', { meshName: MESH, virtualRouterName: 'route', spec: SPECS.virtualRouter[0] });
  for (const virtualRouterName of ['router', 'router!', 'route'])
    await send('CreateRoute', { meshName: MESH, virtualRouterName, routeName: `of-${virtualRouterName}`, spec: SPECS.route[0] });
  for (const virtualRouterName of ['router', 'router!', 'route']) {
    expect(await send('ListRoutes', { meshName: MESH, virtualRouterName })).toMatchObject({ routes: [{ routeName: `of-${virtualRouterName}` }] });
  }
});

test.each([1, 2, 3])('the sorted map does as a map does, and old ones stay as they were (seed %i)', (seed) => {
  const random = seeded(seed);
  const model = new Map<string, number>();
  let map = SortedMap.empty<number>();
  const kept: { readonly map: SortedMap<number>; readonly entries: (readonly [string, number])[] }[] = [];
  const sorted = (): (readonly [string, number])[] => [...model].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let step = 0; step < 6000; step += 1) {
    const key = `k${Math.floor(random() * 900)}`;
    if (random() < (step < 3000 ? 0.75 : 0.3)) {
      model.set(key, step);
      map = map.with(key, step);
    } else {
      model.delete(key);
      map = map.without(key);
    }
    expect([map.size, map.get(key), map.has(key)]).toEqual([model.size, model.get(key), model.has(key)]);
    if (step % 500 === 0) kept.push({ map, entries: sorted() });
  }
  for (const { map: old, entries } of kept) expect([...old]).toEqual(entries);
  const after = `k${Math.floor(random() * 900)}`;
  expect([...map.entriesAfter(after)]).toEqual(sorted().filter(([key]) => key > after));
  expect([...SortedMap.from(model)]).toEqual(sorted());
});
