import { ACTIONS, FINAL_PHASES, type Phase } from '../../src/contracts/rollout.ts';
import { readRecord, type RolloutRecord } from '../../src/rollout/record/records.ts';
import { openModel, target, type Model } from './model.ts';
import { assertEnds, assertWeights, records, settle } from './model-rules.ts';
import { seeded } from './random.ts';

/** Each of some 60 things that happen, in an order of its own. */
const RUNS = Number(process.env['MESHSHIFT_MODEL_RUNS'] ?? 600);

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const maybe = <T>(random: () => number, chance: number, fields: T): T | object => (random() < chance ? fields : {});

const definition = (random: () => number) => ({
  name: 'd',
  image: { repository: 'd' },
  target,
  canary: { virtualNode: 'n{{tag}}' },
  steps: pick<unknown>(random, [[50], [10, 40, 100], [25, { weight: 60, approval: true }], [{ cohort: { header: { name: 'x', value: 'y' } } }, 30], { linear: { weight: 25 } }]),
  bake: '1m',
  deadline: '2h',
  concurrency: pick(random, ['replace', 'queue', 'reject']),
  onForeignChange: pick(random, ['heal', 'halt']),
  analysis: { onInconclusive: pick(random, ['advance', 'hold', 'rollBack']), noTraffic: pick(random, ['advance', 'hold', 'rollBack']) },
  ...maybe(random, 0.3, { windows: ['Mon-Fri 09:00-13:00 UTC'] }),
  ...maybe(random, 0.3, { approval: { before: [100], quorum: 2, expires: '3h' } }),
  ...maybe(random, 0.3, { alarms: pick<unknown>(random, [['a'], { names: ['a', 'b'], alreadyRaised: 'ignore' }, { names: ['a'], alreadyRaised: 'refuse' }]) }),
  ...maybe(random, 0.2, { advance: { schedule: 'rate(10 minutes)' } }),
  ...maybe(random, 0.3, { rollBack: { weight: 20, interval: '1m' } }),
  ...maybe(random, 0.3, { afterPromotion: { bake: '5m', retireStable: pick(random, ['keep', 'delete']) } }),
  ...maybe(random, 0.3, { hooks: { before: 'meshshift-hook-a', step: 'meshshift-hook-a', after: 'meshshift-hook-a' } }),
});

/** One thing that happens. */
async function happen(model: Model, random: () => number): Promise<void> {
  const dice = random();
  const running = model.running();
  if (dice < 0.6 && running.length > 0) return model.run(pick(random, running));
  if (dice < 0.75) {
    model.passTime();
    return;
  }
  if (dice < 0.87 && records(model).length > 0) {
    // A refusal is an effect too; what fails is asked again by whoever asked.
    await model.act(pick(random, records(model)).id, pick(random, ACTIONS), pick(random, ['ada', 'bob'])).catch((error: unknown) => {
      expect(['ActionRefused', 'ConditionFailed', 'ResourceMissing', 'ResourceChanged']).toContain((error as Error).name);
    });
    return;
  }
  if (dice < 0.9) await model.start(`v${1 + Math.floor(random() * 3)}`);
  else if (dice < 0.92) model.model.bad = random() < 0.4;
  else if (dice < 0.94) model.model.idle = random() < 0.4;
  else if (dice < 0.96) await (random() < 0.4 ? model.freeze() : model.lift());
  else if (dice < 0.965) await model.fire('advance');
  else if (dice < 0.97) await model.alarm(pick(random, ['a', 'b']), random() < 0.4 ? 'ALARM' : 'OK');
  else if (dice < 0.98 && running.length > 0) await model.stop(pick(random, running)).catch(() => undefined);
  else if (dice < 0.99) await model.meddle(pick(random, ['weights', 'priority']));
  model.model.now += 1000;
}

async function explore(seed: number): Promise<{ states: number; ends: Phase[] }> {
  const random = seeded(seed);
  const model = openModel(random);
  model.model.faults = random() < 0.5 ? 0 : 0.1;
  const settings = definition(random);
  await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: settings }]);
  await model.start('v1');
  for (let turn = 0; turn < 60; turn += 1) {
    // Some things happen at the same time.
    await Promise.all(Array.from({ length: random() < 0.2 ? 3 : 1 }, () => happen(model, random)));
    await assertWeights(model);
  }
  model.model.faults = 0;
  await assertEnds(model);
  return { states: model.executions.reduce((sum, { entered }) => sum + entered, 0), ends: records(model).map(({ phase }) => phase) };
}

test('whatever happens in whatever order: every rollout ends, the lock is given back, weights stay between before and target', async () => {
  const ends = new Map<Phase, number>();
  let states = 0;
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const result = await explore(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
    states += result.states;
    for (const phase of result.ends) ends.set(phase, (ends.get(phase) ?? 0) + 1);
  }
  // The exploration is worth something only if it reaches every end.
  for (const phase of FINAL_PHASES) expect(ends.get(phase) ?? 0).toBeGreaterThan(RUNS / 100);
  expect(states).toBeGreaterThan(RUNS * 10);
}, RUNS * 400);

test('a scheduled advance takes one step a day for as long as it takes, and no wait is longer than the deadline', async () => {
  const model = openModel(seeded(1));
  const daily = { ...definition(seeded(1)), analysis: {}, steps: [10, 25, 50, 75], advance: { schedule: 'cron(0 9 * * ? *)', timezone: 'Europe/Berlin' }, deadline: '8d', windows: undefined, approval: undefined, hooks: undefined, alarms: undefined, rollBack: undefined, afterPromotion: undefined };
  await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: daily }]);
  const { id } = await model.start('v1');
  const steps: number[] = [];
  const run = async (): Promise<void> => {
    // Until nothing is left to do but to wait.
    for (let turn = 0; turn < 20; turn += 1) for (const execution of model.running()) await model.run(execution);
  };
  await run();
  for (let day = 1; day <= 4; day += 1) {
    steps.push((await readRecord(model.store, id)).step);
    model.model.now = Date.UTC(2026, 5, 5 + day, 7);
    // Each time may be told more than once.
    for (let told = 0; told < 3; told += 1) {
      await model.fire('advance', model.model.now);
      await run();
    }
  }
  expect(steps).toEqual([0, 1, 2, 3]);
  expect((await readRecord(model.store, id)).phase).toBe('Succeeded');
  // Nobody tells the time: the deadline ends it.
  await model.start('v2');
  const began = model.model.now;
  await settle(model);
  const late = records(model).find(({ image }) => image.tag === 'v2')!;
  expect(late).toMatchObject({ phase: 'RolledBack', reason: 'DeadlineExceeded: the deadline has passed; no time of the schedule came' });
  expect(model.model.now - began).toBeGreaterThanOrEqual(8 * 86_400_000);
});

describe('a rollout of a week stays far below the 25,000 events of a history', () => {
  /** Entered, scheduled, started, submitted, ended, exited, and one to spare. */
  const EVENTS_A_STATE = 7;
  const base = { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}' }, bake: '1m', deadline: '7d' };

  test.each([
    ['held without traffic until its deadline', { steps: [50] }, true, 'RolledBack'],
    ['in a hundred steps, each in a window', { steps: { linear: { weight: 1, interval: '100m' } }, windows: ['* 09:00-17:00 UTC'], deadline: '40d' }, false, 'Succeeded'],
    ['waiting for approvals', { steps: [25, 50, 75, 100], approval: { before: [25], quorum: 1, expires: '7d' } }, false, 'RolledBack'],
  ] as const)('%s', async (_, fields, idle, phase) => {
    const model = openModel(seeded(1));
    model.model.idle = idle;
    await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...base, ...fields } }]);
    const began = model.model.now;
    await model.start('v1');
    await settle(model);
    expect(records(model)).toMatchObject([{ phase }]);
    expect(model.model.now - began).toBeGreaterThanOrEqual(7 * 86_400_000);
    expect(model.executions[0]!.entered * EVENTS_A_STATE).toBeLessThanOrEqual(5000);
  });

  test('queued behind one of them, too', async () => {
    const model = openModel(seeded(1));
    model.model.idle = true;
    await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...base, steps: [50], concurrency: 'queue' } }]);
    await model.start('v1');
    await model.run(model.executions[0]!);
    await model.start('v2');
    await settle(model);
    for (const { entered } of model.executions) expect(entered * EVENTS_A_STATE).toBeLessThanOrEqual(5000);
  });
});

describe('the lock', () => {
  test('has one holder among many that come at once, and a number that only rises', async () => {
    for (let seed = Number(process.env['SEED'] ?? 1); seed <= 20; seed += 1) {
      const model = openModel(seeded(seed));
      await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...definition(seeded(1)), concurrency: 'queue' } }]);
      for (let index = 0; index < 12; index += 1) await model.start(`v${index}`);
      let fence = 0;
      for (let round = 0; round < 12; round += 1) {
        await Promise.all(model.running().map((execution) => model.run(execution)));
        const held = model.store.all('rollout').map(({ value }) => value as RolloutRecord).filter(({ phase }) => !FINAL_PHASES.has(phase));
        expect(held.length).toBeLessThanOrEqual(1);
        const lock = model.store.all('lock')[0]!.value as { fence: number };
        expect(lock.fence).toBeGreaterThanOrEqual(fence);
        fence = lock.fence;
      }
    }
  });

  test('that was lost keeps its last holder from writing', async () => {
    const model = openModel(seeded(1));
    await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...definition(seeded(1)), steps: [50], approval: undefined, windows: undefined, hooks: undefined } }]);
    await model.start('v1');
    const execution = model.executions[0]!;
    for (const state of ['Plan', 'EnsureCanary', 'AddTarget']) {
      expect(execution.state).toBe(state);
      await model.run(execution);
    }
    const [lock] = model.store.all('lock');
    await model.store.write([{ kind: 'put', pk: lock!.pk, sk: lock!.sk, value: { holder: execution.id, fence: 99 } }]);
    const before = await model.route();
    await model.run(execution);
    expect(execution).toMatchObject({ state: 'RollBack', error: 'LockLost' });
    expect(await model.route()).toEqual(before);
  });
});

test('a route that cannot be restored is given free as it is for a fix', async () => {
  const model = openModel(seeded(1));
  const settings = { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}' }, steps: [100], bake: '1m', deadline: '2h' };
  await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: settings }]);
  const { id } = await model.start('v1');
  while (model.executions[0]!.token === undefined) await model.run(model.executions[0]!);
  const update = model.mesh.update.bind(model.mesh);
  // What the route led to is refused by now.
  model.mesh.update = (resource, version) => (JSON.stringify(resource.input['spec']).includes('"v0","weight":100') ? Promise.reject(Object.assign(new Error('no'), { name: 'BadRequestException' })) : update(resource, version));
  await model.stop(model.executions[0]!).catch(() => undefined);
  await model.start('v2');
  await settle(model);
  expect(await readRecord(model.store, id)).toMatchObject({ phase: 'Failed', reason: expect.stringMatching(/^the route cannot be restored \(no\), and is given free as it is for d-/) as string });
  expect(records(model).find(({ image }) => image.tag === 'v2')).toMatchObject({ phase: 'Succeeded', stable: 'nv1' });
  expect(model.store.all('lock').map(({ value }) => (value as { holder: string | null }).holder)).toEqual([null]);
});
