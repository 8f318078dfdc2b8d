import { rolloutEvent, type RolloutEventType } from '../../src/contracts/events.ts';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { runMain } from '../cli/run-main.ts';
import { provision } from './pgmesh.ts';
import { rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

let world: World;
const { begin, act, baking, when, ended } = rolloutsOf(() => world);
const cli = (...args: string[]) => runMain(['rollout', ...args], { AWS_ENDPOINT_URL: world.url, USER: 'ada' });
const listed = async (...args: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await cli('list', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { rollouts: Rollout[] }).rollouts.map(({ image }) => image.tag);
};

/** Four rollouts, the first of which is paused, resumed and promoted, and the others rolled back, aborted and refused. */
beforeAll(async () => {
  world = await openWorld();
  await provision(world, { steps: [25, 100], bake: '600s' });
  const v1 = await begin('v1');
  await baking(v1);
  await act(v1, 'pause', { who: 'ada', reason: 'lunch break' });
  await when(v1, ({ phase, bake }) => phase === 'Paused' && bake !== null, 'a pause');
  await act(v1, 'resume', { who: 'bob', reason: 'back again' });
  await when(v1, ({ phase, bake }) => phase === 'Progressing' && bake !== null, 'it goes on');
  await act(v1, 'promote', { who: 'ada', reason: 'all looks fine' });
  await ended(v1);
  world.errorRates.set('svcNode1v2', 0.5);
  await ended(await begin('v2'));
  const v3 = await begin('v3');
  await baking(v3);
  await cli('abort', v3, '--reason', 'wrong build');
  await ended(v3);
  await world.api('PUT', '/canaries/svc1', { ...((await world.api('GET', '/canaries/svc1')).body as object), stable: 'elsewhere' });
  await ended(await begin('v4'));
}, 60_000);
afterAll(() => world.stop());

const rolloutOf = async (tag: string): Promise<Rollout> => {
  const { rollouts } = (await world.api('GET', `/rollouts?tag=${tag}`)).body as { rollouts: Rollout[] };
  return world.rollout(rollouts[0]!.id);
};
const told = async (tag: string) => {
  const { id } = await rolloutOf(tag);
  return world.events.filter(({ detail }) => detail['id'] === id);
};

describe('events on the bus', () => {
  test.each<[RolloutEventType, string, object]>([
    ['Rollout Started', 'v1', { phase: 'Pending', step: -1, weight: 0, reason: 'svcNode1 → svcNode1v1', who: 'image push (aws.ecr)' }],
    ['Rollout Shifted', 'v1', { phase: 'Progressing', step: 0, weight: 25, reason: '25 % on svcNode1v1' }],
    ['Rollout Paused', 'v1', { phase: 'Paused', step: 0, weight: 25, reason: expect.stringContaining('lunch break') as string }],
    ['Rollout Resumed', 'v1', { phase: 'Progressing', step: 0, reason: expect.stringContaining('back again') as string }],
    ['Rollout Judged', 'v1', { step: 0, reason: expect.stringContaining('all looks fine') as string }],
    ['Rollout Action Taken', 'v1', { reason: 'promote: all looks fine', who: 'ada' }],
    ['Rollout Promoted', 'v1', { phase: 'Succeeded', weight: 100, reason: 'svcNode1v1 serves' }],
    ['Rollout Rolled Back', 'v2', { phase: 'RolledBack', reason: expect.stringMatching(/^VerdictFailed: errors/) as string }],
    ['Rollout Failed', 'v4', { phase: 'Failed', step: -1, weight: 0, reason: expect.stringMatching(/^PlanRefused: stable: elsewhere/) as string }],
  ])('%s: of the form that is published, with what, why and who', async (type, tag, detail) => {
    const events = (await told(tag)).filter((event) => event.type === type);
    expect(events.map((event) => event.detail)).toContainEqual(expect.objectContaining({ definition: 'svc1', who: 'meshshift', ...detail }));
    for (const event of events) rolloutEvent.parse({ id: 'e', source: 'meshshift', 'detail-type': event.type, detail: event.detail });
  });

  test.each([['v1', 'Rollout Promoted'], ['v2', 'Rollout Rolled Back'], ['v3', 'Rollout Rolled Back'], ['v4', 'Rollout Failed']])('%s ends with %s, once', async (tag, type) => {
    const ends = (await told(tag)).map((event) => event.type).filter((each) => ['Rollout Promoted', 'Rollout Rolled Back', 'Rollout Failed'].includes(each));
    expect(ends).toEqual([type]);
  });
});

describe('the history of a rollout', () => {
  test.each([
    ['v1', ['started', 'canary up', 'shifted', 'pause', 'hold', 'resume', 'hold', 'promote', 'promote', 'shifted', 'promoted']],
    ['v2', ['started', 'canary up', 'shifted', 'verdict fail', 'rolling back', 'rolled back']],
    ['v3', ['started', 'canary up', 'shifted', 'abort', 'rollBack', 'rolling back', 'rolled back']],
    ['v4', ['refused']],
  ])('%s has every change, verdict and decision, by whom and why', async (tag, kinds) => {
    const { history } = await rolloutOf(tag);
    expect(history.map(({ kind }) => kind).filter((kind) => !/^verdict (pass|inconclusive)/.test(kind))).toEqual(kinds);
    for (const { who, reason } of history) expect([who, reason]).not.toContain('');
  });

  test('is shown by the command', async () => {
    const { id } = await rolloutOf('v1');
    const { stdout } = await cli('status', id);
    for (const line of [/bob +resume +back again/, /ada +pause +lunch break/, /meshshift +promoted +svcNode1v1 serves/]) expect(stdout).toMatch(line);
  });
});

describe('the list of rollouts', () => {
  test.each<[string, string[], string[]]>([
    ['no filter', [], ['v4', 'v3', 'v2', 'v1']],
    ['a phase', ['--phase', 'RolledBack'], ['v3', 'v2']],
    ['a definition', ['--definition', 'other'], []],
    ['a tag', ['--image', 'v2'], ['v2']],
    ['a repository and a tag', ['--image', 'svc1:v2'], ['v2']],
    ['a repository', ['--image', 'svc1'], ['v4', 'v3', 'v2', 'v1']],
    ['a digest', ['--image', 'sha256:v3'], ['v3']],
    ['a duration', ['--since', '1h'], ['v4', 'v3', 'v2', 'v1']],
    ['a time', ['--since', '2100-01-01'], []],
    ['who did something', ['--text', 'bob'], ['v1']],
    ['why something was done', ['--text', 'Wrong Build'], ['v3']],
    ['several at once', ['--text', 'svc1', '--phase', 'RolledBack', '--image', 'v2'], ['v2']],
  ])('by %s', async (_, args, tags) => {
    expect(await listed(...args)).toEqual(tags);
  });

  test.each([
    [['--phase', 'Gone'], /phase: "Gone": must be one of Pending, Progressing/],
    [['--since', 'noon'], /--since: noon: must be a time such as/],
  ])('by %j is refused, saying what there is', async (args, message) => {
    const { code, stderr } = await cli('list', ...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  test('shows the percent of the canary', async () => {
    const { stdout } = await cli('list');
    expect(stdout).toMatch(/v1 +succeeded +1\/2 +100 % /);
    expect(stdout).toMatch(/v2 +rolled back +1\/2 +0 % /);
  });
});

test('a rollout is kept for 400 days after its end, and what was measured and done with it', async () => {
  const { id, endedAt } = await rolloutOf('v1');
  const days = (expiresAt: number | undefined): number => Math.round(((expiresAt ?? 0) - endedAt! / 1000) / 86_400);
  expect(days((await world.store.get({ pk: 'rollout', sk: id }))?.expiresAt)).toBe(400);
  const documents = await world.store.query(`rollout#${id}`);
  expect(documents.map(({ sk }) => sk)).toContain('judge');
  expect(documents.filter(({ expiresAt }) => days(expiresAt) !== 400)).toEqual([]);
});
