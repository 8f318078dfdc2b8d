import type { Rollout } from '../../src/contracts/rollout.ts';
import { FAULTS } from '../faults/faults.ts';
import type { FaultWorld } from '../faults/world.ts';
import { act, isBaking, isPhase, isWaiting, leftOf, newest, push, releaseGroup, specBefore, type GroupDeed, type GroupReleased } from './group.ts';

const slow = { bake: '35s' };
const three = { a: {}, b: slow, c: { bake: '20s' } };
const ended = (phase: Rollout['phase'], ...services: string[]): Record<string, string> => Object.fromEntries(services.map((service) => [service, phase]));
const historyOf = (released: GroupReleased, service: string, kind: string) => released.of(service)[0]!.history.filter((entry) => entry.kind === kind);
const killed = (service: string, when: GroupDeed['when']): GroupDeed => ({
  when,
  then: (world) => world.engine.signal(world.engine.store.executionByArn(newest(world, service)!.executionArn)!.id, { kind: 'stop', error: undefined, cause: undefined }),
});
const turnsBad = (service: string, when: GroupDeed['when']): GroupDeed => ({ when, then: (world) => void world.traffic.errorRates.set(`${service}nv1`, 0.5) });
const both = (...conditions: GroupDeed['when'][]) => (world: FaultWorld): boolean => conditions.every((holds) => holds(world));
const group = (action: string, when: GroupDeed['when']): GroupDeed => ({ when, then: (world) => world.ask('POST', `/groups/shop/actions/${action}`, { who: 'ada', reason: 'enough' }) });

describe('rollouts of a group', () => {
  test('go up step by step together, the quick ones at the moment that the slowest has passed', async () => {
    const released = await releaseGroup({ services: three });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b', 'c'));
    const atOf = (service: string): number[] => historyOf(released, service, 'shifted').map(({ at }) => at);
    const times = ['a', 'b', 'c'].map(atOf);
    expect(times[0]).toHaveLength(3);
    // By a signal: the waits themselves would be over much later.
    for (const [step, at] of times[1]!.entries()) for (const own of times) expect(Math.abs(own[step]! - at)).toBeLessThanOrEqual(1000);
    const [waited] = historyOf(released, 'a', 'waiting');
    expect(waited!.reason).toBe(`waits for ${released.of('b')[0]!.id} of the group shop, which has not passed 25 % yet`);
    expect(released.of('a')[0]).toMatchObject({ lockstep: 'shop', reason: 'anv1 serves', waiting: null });
    expect(await leftOf(released, ['a', 'b', 'c'])).toEqual([]);
  });

  test('of different steps are compared by weight: nobody enters one before all have passed what they have below it', async () => {
    const released = await releaseGroup({ services: { a: { steps: [50, 100] }, b: { steps: [25, 40, 100] }, c: { steps: { linear: { weight: 30 } } } } });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b', 'c'));
    const weights = released.rises.map((rise) => Number(rise.split(' ')[1]));
    expect(weights).toEqual([...weights].sort((x, y) => x - y));
    expect(released.rises.map((rise) => rise.replace(/ .*/, ''))).toEqual(['b', 'c', 'b', 'a', 'c', 'c', 'a', 'b', 'c']);
  });

  test('begin together once the last of them is up', async () => {
    const hook = 'meshshift-hook-up';
    let asked = 0;
    const released = await releaseGroup({
      services: { a: {}, b: { workload: { type: 'lambda', function: hook } } },
      before: (world) => void world.hooks.set(hook, () => ({ outcome: (asked += 1) > 3 ? 'pass' : 'inconclusive', reason: 'not yet' })),
    });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(historyOf(released, 'a', 'waiting')[0]!.reason).toMatch(/^waits for b-.* of the group shop, which is being brought up$/);
  });

  test('that comes later is waited for; one that is alone, or whose others have finished, goes on', async () => {
    const released = await releaseGroup({ services: { a: {}, b: {} }, pushed: ['a'], deeds: [push('b', 'v1', isBaking('a', 1))] });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(released.rises).toEqual(['a 25', 'a 50', 'b 25', 'b 50', 'a 100', 'b 100']);
    const later = await releaseGroup({ services: { a: {}, b: {} }, pushed: ['a'], deeds: [push('b', 'v1', isPhase('a', 'Succeeded'))] });
    expect(later.rises).toEqual(['a 25', 'a 50', 'a 100', 'b 25', 'b 50', 'b 100']);
    expect(historyOf(later, 'b', 'waiting')).toEqual([]);
  });

  test('of other groups, and of none, do not wait', async () => {
    const released = await releaseGroup({ services: { a: {}, b: { ...slow, lockstep: 'other' }, c: { ...slow, lockstep: undefined } } });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b', 'c'));
    expect(['a', 'b', 'c'].flatMap((service) => historyOf(released, service, 'waiting'))).toEqual([]);
    expect(released.of('c')[0]!.lockstep).toBeNull();
  });
});

describe('one of a group', () => {
  const whole = async (released: GroupReleased, services: readonly string[]): Promise<void> => {
    expect(released.phases).toEqual(ended('RolledBack', ...services));
    for (const service of services) expect(await released.spec(service)).toEqual(specBefore(service));
    expect(await leftOf(released, services)).toEqual([]);
  };
  const nameOf = (released: GroupReleased, service: string): string => released.of(service)[0]!.id;
  const secondsApart = (released: GroupReleased, ...services: string[]): number => {
    const ends = services.map((service) => released.of(service)[0]!.endedAt!);
    return (Math.max(...ends) - Math.min(...ends)) / 1000;
  };

  test('that turns bad takes all back at once, each saying which it was and why', async () => {
    const released = await releaseGroup({ services: { a: {}, b: { bake: '5m' }, c: { bake: '4m' } }, deeds: [turnsBad('b', both(isBaking('b', 1), isWaiting('a')))] });
    await whole(released, ['a', 'b', 'c']);
    const why = new RegExp(`^RolloutAborted: aborted: ${nameOf(released, 'b')} of the group shop is rolled back: VerdictFailed: errors: worse`);
    for (const service of ['a', 'c']) {
      expect(released.of(service)[0]!.reason).toMatch(why);
      expect(historyOf(released, service, 'abort')).toMatchObject([{ who: 'group shop' }]);
    }
    expect(secondsApart(released, 'a', 'b', 'c')).toBeLessThan(5);
  });

  test('that is paused holds the others until it is resumed, and they say so', async () => {
    const seen: string[] = [];
    const paused = both(isPhase('b', 'Paused'), isWaiting('a'));
    const released = await releaseGroup({
      services: { a: {}, b: slow },
      deeds: [act('b', 'pause', isBaking('b', 1)), { when: paused, then: (world) => void seen.push(newest(world, 'a')!.reason) }, act('b', 'resume', paused)],
    });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(seen).toEqual([`waits for ${nameOf(released, 'b')} of the group shop, which is paused at 50 %`]);
  });

  test('that is paused too long: the deadline of the first ends all', async () => {
    const released = await releaseGroup({ services: { a: { deadline: '5m' }, b: { ...slow, deadline: '2h' } }, deeds: [act('b', 'pause', isBaking('b', 0))] });
    await whole(released, ['a', 'b']);
    expect(released.of('a')[0]!.reason).toMatch(/^DeadlineExceeded: the deadline has passed; waits for b-/);
    expect(released.of('b')[0]!.reason).toMatch(/^RolloutAborted: aborted: a-.* of the group shop is rolled back: DeadlineExceeded/);
  });

  test.each([
    ['is aborted', act('b', 'abort', both(isBaking('b', 1), isWaiting('a'))), /is rolled back: RolloutAborted: aborted: said so$/],
    ['dies', killed('b', both(isBaking('b', 1), isWaiting('a'))), /is rolled back: ExecutionStopped: the execution .* is ABORTED$/],
    ['is caught by an alarm', { when: both(isBaking('b', 1), isWaiting('a')), then: (world: FaultWorld) => world.alarm('b', 'ALARM') }, /is rolled back: AlarmRaised: the alarm b went to ALARM$/],
  ] as const)('that %s takes all back', async (_, deed, why) => {
    const released = await releaseGroup({ services: { a: {}, b: { ...slow, alarms: ['b'] }, c: {} }, before: (world) => world.alarm('b', 'OK'), deeds: [deed] });
    await whole(released, ['a', 'b', 'c']);
    for (const service of ['a', 'c']) expect(released.of(service)[0]!.reason).toMatch(why);
    expect(secondsApart(released, 'a', 'b', 'c')).toBeLessThan(5);
  });

  test('that cannot tell the others at once tells them at its end', async () => {
    const told: string[] = [];
    const released = await releaseGroup({
      services: { a: { bake: '5m' }, b: { bake: '6m' } },
      deeds: [act('a', 'abort', both(isBaking('a', 0), isBaking('b', 0)))],
      meddle: (call, perform) => (call.by === 'RollBack' && call.to === 'stepFunctions' && told.push(call.operation) === 1 ? FAULTS.throttled(call) : perform()),
    });
    await whole(released, ['a', 'b']);
    expect(told.length).toBeGreaterThan(1);
    expect(secondsApart(released, 'a', 'b')).toBeLessThan(10);
  });

  test('that does not come up takes back who waited for it', async () => {
    const hook = 'meshshift-hook-up';
    const released = await releaseGroup({ services: { a: {}, b: { workload: { type: 'lambda', function: hook } } }, before: (world) => void world.hooks.set(hook, () => ({ outcome: 'fail', reason: 'no image' })) });
    await whole(released, ['a', 'b']);
    expect(released.rises).toEqual([]);
  });

  test('that goes back gradually leaves alone what began since', async () => {
    const gradually = { bake: '5m', rollBack: { weight: 5, interval: '1m' } };
    const back = both(isPhase('a', 'RollingBack'), isPhase('b', 'RolledBack'));
    const released = await releaseGroup({ services: { a: gradually, b: { bake: '1m' } }, deeds: [act('a', 'abort', both(isBaking('a', 1), isWaiting('b'))), push('b', 'v2', back)] });
    expect(released.of('b').map(({ image, phase }) => [image.tag, phase])).toEqual([['v2', 'Succeeded'], ['v1', 'RolledBack']]);
    expect(released.of('b')[0]!.endedAt).toBeLessThan(released.of('a')[0]!.endedAt!);
    expect(historyOf(released, 'b', 'waiting')).toEqual([]);
  });

  test('that is refused before it begins is none of it', async () => {
    const released = await releaseGroup({ services: { a: {}, b: { stable: 'elsewhere' } } });
    expect(released.phases).toEqual({ a: 'Succeeded', b: 'Failed' });
  });

  test('that a newer version replaces is waited for in its successor, and takes nobody back', async () => {
    const released = await releaseGroup({ services: { a: { bake: '5m', rollBack: { weight: 10, interval: '30s' } }, b: {} }, deeds: [push('a', 'v2', both(isBaking('a', 1), isWaiting('b')))] });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(released.of('a').map(({ image, phase }) => [image.tag, phase])).toEqual([['v2', 'Succeeded'], ['v1', 'RolledBack']]);
    expect(released.of('b')).toHaveLength(1);
    expect(released.rises).toEqual(['a 25', 'b 25', 'a 50', 'b 50', 'a 25', 'a 50', 'a 100', 'b 100']);
  });

  test('that is undone once it has finished takes nobody back', async () => {
    const released = await releaseGroup({ services: { a: {}, b: { afterPromotion: { bake: '20m' } } }, deeds: [act('a', 'undo', both(isPhase('a', 'Succeeded'), isPhase('b', 'Promoting')))] });
    expect(released.phases).toEqual({ a: 'RolledBack', b: 'Succeeded' });
  });

  test('that is tried once more goes up with what is tried once more beside it', async () => {
    const back = both(isPhase('a', 'RolledBack'), isPhase('b', 'RolledBack'));
    const good = (world: FaultWorld): void => world.traffic.errorRates.clear();
    const released = await releaseGroup({ services: { a: {}, b: { bake: '1m' } }, deeds: [turnsBad('b', isBaking('b', 0)), { when: back, then: good }, act('a', 'retry', back), act('b', 'retry', isPhase('b', 'RolledBack'))] });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(released.rises.slice(-4)).toEqual(['a 50', 'b 50', 'a 100', 'b 100']);
  });

  test('whose approval took longer than the deadline may still wait for the others', async () => {
    const released = await releaseGroup({
      services: { a: { steps: [25, { weight: 50, approval: { expires: '1d' } }], deadline: '5m' }, b: { steps: [25, 50], bake: '25m', deadline: '1d' } },
      deeds: [act('a', 'approve', both(isWaiting('a', 'approval'), ({ now, record }) => now() > (record('v1')?.startedAt ?? 0) + 10 * 60_000))],
    });
    // b holds 25 % for a quarter of an hour more, which a's deadline has no room for.
    expect(released.of('a')[0]!.reason).toMatch(/^DeadlineExceeded: the deadline has passed; waits for b-/);
    const [waiting, approved] = [historyOf(released, 'a', 'waiting')[1]!, historyOf(released, 'a', 'approve')[0]!];
    expect(waiting.at - approved.at).toBeLessThan(2000);
    expect(released.of('a')[0]!.endedAt! - waiting.at).toBeGreaterThan(4 * 60_000);
  });
});

describe('an action on a group', () => {
  test('aborts all that is under way', async () => {
    const released = await releaseGroup({ services: three, deeds: [group('abort', isWaiting('a'))] });
    expect(released.phases).toEqual(ended('RolledBack', 'a', 'b', 'c'));
    for (const service of ['a', 'b', 'c']) expect(historyOf(released, service, 'abort')).toMatchObject([{ who: 'ada', reason: 'enough' }]);
    expect(await leftOf(released, ['a', 'b', 'c'])).toEqual([]);
  });

  test('promotes all that is under way', async () => {
    const released = await releaseGroup({ services: { a: { bake: '10m' }, b: { bake: '11m' } }, deeds: [group('promote', both(isBaking('a', 0), isBaking('b', 0)))] });
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
    expect(released.rises).toEqual(['a 25', 'b 25', 'a 100', 'b 100']);
  });

  test('says of each whether it is taken up', async () => {
    const answers: unknown[] = [];
    const ask = async (world: FaultWorld, path: string): Promise<void> => {
      answers.push(await world.ask('POST', path, { who: 'ada' }));
    };
    const paused = both(isPhase('a', 'Paused'), isPhase('b', 'Paused'));
    const paths = ['/groups/shop/actions/pause', '/groups/nobody/actions/pause', '/groups/shop/actions/undo', '/groups/shop/actions/resume'];
    const released = await releaseGroup({ services: { a: {}, b: slow }, deeds: paths.map((path) => ({ when: path.endsWith('shop/actions/pause') ? isWaiting('a') : paused, then: (world: FaultWorld) => ask(world, path) })) });
    expect(answers).toEqual([202, 404, 400, 202]);
    expect(released.phases).toEqual(ended('Succeeded', 'a', 'b'));
  });
});

describe('what goes wrong outside, once, at each of its calls', () => {
  const services = { a: { steps: [50] }, b: { steps: [50], bake: '20s' } };
  /** Every so many calls, which meets each kind of call of each function. */
  const EACH = 11;
  const sweep = async (deeds: readonly GroupDeed[], phase: Rollout['phase'], fault: keyof typeof FAULTS): Promise<number> => {
    let calls = Infinity;
    let cases = 0;
    for (let nth = 3; nth < calls; nth += EACH) {
      let count = 0;
      const released = await releaseGroup({ services, deeds, meddle: (call, perform, { wait }) => ((count += 1) === nth && call.by !== 'person' ? FAULTS[fault](call, perform, wait) : perform()) });
      calls = count;
      cases += 1;
      const wrong = [...(await leftOf(released, ['a', 'b'])), ...Object.entries(released.phases).flatMap(([service, found]) => (found === phase ? [] : [`${service} is ${found}`]))];
      if (wrong.length > 0) throw new Error(`call ${nth} ${fault}: ${wrong.join('; ')}`);
    }
    return cases;
  };

  test.each(['throttled', 'applied, its answer lost'] as const)('%s: a good group goes up, a bad one goes back', async (fault) => {
    expect(await sweep([], 'Succeeded', fault)).toBeGreaterThan(10);
    expect(await sweep([turnsBad('b', isBaking('b', 0))], 'RolledBack', fault)).toBeGreaterThan(10);
  }, 120_000);
});
