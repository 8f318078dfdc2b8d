import { cohortRoute, cohortRouteName } from '../../src/canary/cohort.ts';
import type { RouteSpec } from '../../src/contracts/rollout.ts';
import type { MeshSpecs } from '../support/mesh.ts';
import { translated } from '../support/goldens.ts';

const LISTENERS = [{ portMapping: { port: 80, protocol: 'http' as const } }];
const node = (hostname: string) => ({ listeners: LISTENERS, serviceDiscovery: { dns: { hostname } } });
const route = (prefix: string, virtualNode: string, priority: number | undefined): RouteSpec => ({
  ...(priority === undefined ? {} : { priority }),
  httpRoute: { match: { prefix }, action: { weightedTargets: [{ virtualNode, weight: 100 }] } },
});

/** The routes of a caller's proxy in the order in which they are tried. */
function triedBy(routes: Readonly<Record<string, RouteSpec>>): string[] {
  const mesh = {
    name: 'm',
    virtualNodes: { caller: { ...node('caller'), backends: [{ virtualService: { virtualServiceName: 's' } }] }, old: node('old'), new: node('new'), other: node('other') },
    virtualRouters: { r: { listeners: LISTENERS } },
    routes: Object.fromEntries(Object.entries(routes).map(([name, spec]) => [`r/${name}`, spec])),
    virtualServices: { s: { provider: { virtualRouter: { virtualRouterName: 'r' } } } },
  } as unknown as MeshSpecs;
  const text = JSON.stringify([...translated(mesh, { mesh: 'm', kind: 'virtualNode', name: 'caller', client: 'envoy' }).route.values()]);
  const places = Object.keys(routes).map((name) => ({ name, place: text.indexOf(`"name":"${name}"`) }));
  expect(places.every(({ place }) => place >= 0)).toBe(true);
  return places.sort((a, b) => a.place - b.place).map(({ name }) => name);
}

test.each([
  ['no priority', undefined, undefined],
  ['one priority', 7, 7],
  ['the highest priority', 0, 0],
  ['a priority above the weighted one', 6, 7],
])('a cohort of a route takes nothing of a route for a longer path: %s', (_, api, main) => {
  const weighted = route('/', 'old', main);
  const cohort = cohortRoute(weighted, { header: { name: 'x-beta', value: 'yes' } }, 'new', 'old');
  expect(triedBy({ main: weighted, [cohortRouteName('main')]: cohort, api: route('/api', 'other', api) })).toEqual(['api', 'main-cohort', 'main']);
});
