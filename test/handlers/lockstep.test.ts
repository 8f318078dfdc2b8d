import { DescribeRouteCommand } from '@aws-sdk/client-app-mesh';
import { toCommand } from '../../src/mesh/operations.ts';
import { definition, provision, routeSpec } from './pgmesh.ts';
import { rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.stop());

const { ended, when } = rolloutsOf(() => world);
const group = { steps: [50, 100], lockstep: 'shop' };
const target = { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'zone2' };
const zone2 = { ...routeSpec, priority: 8 };

/** The same service by a route of its own in another zone. */
async function addZone(fields: object): Promise<void> {
  await world.mesh.send(toCommand('CreateRoute', 'create', { meshName: target.mesh, virtualRouterName: target.virtualRouter, routeName: target.route, spec: zone2 }));
  const { status } = await world.api('PUT', '/canaries/svc1-zone2', { ...definition, ...group, name: 'svc1-zone2', target, canary: { virtualNode: 'zone2{{tag}}', hostname: 'zone2{{tag}}.pgMesh.local' }, ...fields });
  expect(status).toBe(200);
}
const start = async (name: string): Promise<string> => ((await world.api('POST', '/rollouts', { definition: name, image: { tag: 'v2' } })).body as { id: string }).id;
const shiftsOf = async (id: string): Promise<number[]> => (await world.rollout(id)).history.filter(({ kind }) => kind === 'shifted').map(({ at }) => at);

test('two zones go up together: the quick one by the signal of the slow one', async () => {
  await provision(world, { ...group, bake: '2s' });
  await addZone({ bake: '30s' });
  const ids = [await start('svc1'), await start('svc1-zone2')];
  for (const id of ids) expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  const [quick, slow] = await Promise.all(ids.map(shiftsOf));
  expect(Math.abs(quick!.at(-1)! - slow!.at(-1)!)).toBeLessThan(1000);
  expect((await world.rollout(ids[0]!)).history).toContainEqual(expect.objectContaining({ kind: 'waiting', reason: `waits for ${ids[1]!} of the group shop, which has not passed 50 % yet` }));
});

test('two zones go back together, to the byte, where one is bad; a group is acted on as one', async () => {
  await provision(world, { ...group, bake: '2s' });
  await addZone({ bake: '600s' });
  const ids = [await start('svc1'), await start('svc1-zone2')];
  await when(ids[0]!, ({ waiting, bake }) => waiting?.for === 'lockstep' && bake !== null, 'a wait for the other zone');
  expect(await world.api('POST', '/groups/shop/actions/pause', { who: 'ada' })).toMatchObject({ status: 202, body: { group: 'shop', rollouts: ids.map((id) => ({ id, accepted: true })) } });
  for (const id of ids) await when(id, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'a pause');
  expect((await world.api('POST', '/groups/shop/actions/retry')).status).toBe(400);
  expect((await world.api('POST', '/groups/nobody/actions/pause')).status).toBe(404);
  world.errorRates.set('zone2v2', 0.5);
  expect((await ended(ids[1]!)).cause).toMatch(/^VerdictFailed: errors: worse/);
  expect((await ended(ids[0]!)).cause).toMatch(new RegExp(`^RolloutAborted: aborted: ${ids[1]!} of the group shop is rolled back: VerdictFailed: errors: worse`));
  const routes = await Promise.all(['svcNode1', 'zone2'].map(async (routeName) => (await world.mesh.send(new DescribeRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName }))).route!.spec));
  expect(routes).toEqual([routeSpec, zone2]);
});
