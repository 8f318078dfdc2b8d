import { CreateMeshCommand, CreateRouteCommand, CreateVirtualNodeCommand, CreateVirtualRouterCommand, DescribeRouteCommand } from '@aws-sdk/client-app-mesh';
import { EFFECTS } from '../../src/canary/actions.ts';
import { ACTIONS, PHASES, type Action, type Phase, type Rollout } from '../../src/contracts/rollout.ts';
import { runMain } from '../cli/run-main.ts';
import { eventually } from '../support/eventually.ts';
import { openWorld, type World } from './world.ts';

/** Each cell of the table of actions by the command, over HTTP, against executions that run: a route, a definition and a rollout of its own for each. */
const CELLS = ACTIONS.flatMap((action) => PHASES.map((phase) => ({ action, phase, effect: EFFECTS[action][phase], name: `${action}-${phase}`.toLowerCase() })));
type Cell = (typeof CELLS)[number];

const LONG = '4h';
/** How a rollout comes to a phase and stays there. */
const HELD: Readonly<Record<Phase, object>> = {
  Pending: { bake: LONG },
  Progressing: { bake: LONG },
  Paused: { bake: LONG },
  Promoting: { afterPromotion: { bake: LONG } },
  RollingBack: { bake: LONG, rollBack: { weight: 1, interval: '1h' } },
  Succeeded: {},
  RolledBack: { bake: LONG },
  Failed: { stable: 'elsewhere' },
};
/** What is done to it on the way there. */
const DONE: Readonly<Partial<Record<Phase, Action>>> = { Paused: 'pause', RollingBack: 'abort', RolledBack: 'abort' };

let world: World;
const ids = new Map<string, string>();
/** Of rollouts that are kept in Pending: lets one go on. */
const release = new Map<string, () => void>();

const listeners = [{ portMapping: { port: 80, protocol: 'http' as const } }];
const nodeSpec = (hostname: string) => ({ listeners, serviceDiscovery: { dns: { hostname } } });

async function begin({ phase, name }: Cell): Promise<void> {
  const spec = { httpRoute: { match: { prefix: `/${name}` }, action: { weightedTargets: [{ virtualNode: 'v0', weight: 100 }] } } };
  await world.mesh.send(new CreateRouteCommand({ meshName: 'm', virtualRouterName: 'r', routeName: name, spec }));
  const definition = { name, image: { repository: name }, target: { mesh: 'm', virtualRouter: 'r', route: name }, canary: { virtualNode: `${name}-{{tag}}`, hostname: '{{tag}}.local' }, steps: [25, 50], bake: '1s', analysis: { noTraffic: 'advance' }, deadline: '12h', ...HELD[phase] };
  const { status, body } = await world.api('PUT', `/canaries/${name}`, definition);
  if (status !== 200) throw new Error(JSON.stringify(body));
  ids.set(name, ((await world.api('POST', '/rollouts', { definition: name, image: { tag: 'v1' } })).body as { id: string }).id);
}

const idOf = ({ name }: Cell): string => ids.get(name)!;
const cli = (action: string, id: string) => runMain(['rollout', action, id, '--reason', 'because'], { AWS_ENDPOINT_URL: world.url, USER: 'ada' });
const stands = (id: string, holds: (rollout: Rollout) => boolean, what: string): Promise<Rollout> =>
  eventually(async () => {
    const rollout = await world.rollout(id);
    return 'phase' in rollout && holds(rollout) ? rollout : undefined;
  }, `${id}: ${what}`, 30_000);
const isBaking = ({ bake, step }: Rollout): boolean => bake !== null && step === 0;

/** Brings a cell's rollout to its phase. */
async function bring(cell: Cell): Promise<void> {
  const { phase } = cell;
  // The others come to their phases side by side; one that is held in Pending is begun only now, as a function has its time.
  if (phase === 'Pending') await begin(cell);
  const id = idOf(cell);
  const by = DONE[phase];
  if (by !== undefined) {
    await stands(id, isBaking, 'bakes');
    await world.api('POST', `/rollouts/${id}/actions/${by}`, { who: 'test' });
  }
  const isSettled = ({ bake }: Rollout): boolean => bake !== null || !['Progressing', 'Paused', 'Promoting'].includes(phase);
  await stands(id, (rollout) => (phase === 'Pending' ? release.has(id) : rollout.phase === phase && isSettled(rollout)), phase);
}

beforeAll(async () => {
  world = await openWorld();
  world.traffic = 0;
  world.faults.set('EnsureCanary', async (payload) => {
    const { id } = payload as { id: string };
    if (id.includes('-pending-')) await new Promise<void>((resolve) => void release.set(id, resolve));
    return undefined;
  });
  await world.mesh.send(new CreateMeshCommand({ meshName: 'm' }));
  await world.mesh.send(new CreateVirtualNodeCommand({ meshName: 'm', virtualNodeName: 'v0', spec: nodeSpec('v0.local') }));
  await world.mesh.send(new CreateVirtualRouterCommand({ meshName: 'm', virtualRouterName: 'r', spec: { listeners } }));
  for (const cell of CELLS) if (cell.phase !== 'Pending') await begin(cell);
}, 60_000);
afterAll(() => world.stop());

const entries = ({ history }: Rollout, kind: string) => history.filter((entry) => entry.kind === kind).map(({ who, reason }) => ({ who, reason }));
const inPhase = (phase: Phase) => (rollout: Rollout): boolean => rollout.phase === phase;

/** What a taken action comes to; one on a rollout that is Pending comes to it once that goes on. */
const TAKEN: Readonly<Record<Action, (id: string, phase: Phase) => Promise<unknown>>> = {
  approve: (id) => stands(id, ({ approvals }) => approvals.some(({ who }) => who === 'ada'), 'is approved'),
  pause: (id) => stands(id, inPhase('Paused'), 'is paused'),
  resume: (id) => stands(id, (rollout) => rollout.phase === 'Progressing' && isBaking(rollout), 'goes on'),
  advance: (id, phase) => stands(id, ({ phase: now, step }) => (phase === 'Promoting' ? now === 'Succeeded' : step === (phase === 'Pending' ? 0 : 1)), 'is at its next step'),
  promote: (id) => stands(id, inPhase('Succeeded'), 'is promoted'),
  abort: (id) => stands(id, inPhase('RolledBack'), 'is rolled back'),
  retry: (id) => stands(`${id.slice(0, -1)}2`, ({ attempt, trigger }) => attempt === 2 && trigger.startsWith('retry by ada'), 'is tried again'),
  undo: async (id) => {
    const { target } = await stands(id, inPhase('RolledBack'), 'is undone');
    const { route } = await world.mesh.send(new DescribeRouteCommand({ meshName: 'm', virtualRouterName: 'r', routeName: target.route }));
    expect(route!.spec!.httpRoute!.action!.weightedTargets).toMatchObject([{ virtualNode: 'v0', weight: 100 }]);
  },
};

test.each(CELLS.map((cell) => [cell.action, cell.phase, cell.effect, cell] as const))('%s in %s: %s', async (action, phase, effect, cell) => {
  await bring(cell);
  const id = idOf(cell);
  const before = await world.rollout(id);
  const { code, stderr } = await cli(action, id);
  if (effect === 'refuse') {
    expect(code).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`${action} is refused: the rollout ${id} is ${phase}`));
    expect(await world.rollout(id)).toEqual(before);
    return;
  }
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  if (effect === 'already') {
    expect(await world.rollout(id)).toEqual(before);
    return;
  }
  release.get(id)?.();
  await TAKEN[action](id, phase);
  expect(entries(await world.rollout(id), action)).toContainEqual({ who: 'ada', reason: expect.stringContaining('because') as string });
  expect(world.events.some(({ type, detail }) => type === 'Rollout Action Taken' && detail['id'] === id && detail['who'] === 'ada')).toBe(action !== 'undo');
}, 60_000);
