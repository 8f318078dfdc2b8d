import { weightsOf } from '../../src/canary/weights.ts';
import { FINAL_PHASES } from '../../src/contracts/rollout.ts';
import type { RolloutRecord } from '../../src/rollout/record/records.ts';
import { openModel, targetOf, type Model } from '../canary/model.ts';
import { assertEnds, assertWeights, byAction, records, TURNED_DOWN } from '../canary/model-rules.ts';
import { seeded } from '../canary/random.ts';

/** Whatever happens to one of a group at whatever moment. The whole table (half an hour) by the variable of test/canary/interleavings. */
const isWhole = process.env['MESHSHIFT_MODEL'] === 'all';

type Event = (model: Model, service: string) => Promise<unknown>;
const newestOf = (model: Model, service: string): RolloutRecord | undefined => records(model).filter(({ definition }) => definition === service).sort((a, b) => a.startedAt - b.startedAt).at(-1);
const act = (action: Parameters<Model['act']>[1]): Event => async (model, service) => {
  const newest = newestOf(model, service);
  return newest === undefined ? undefined : model.act(newest.id, action, 'ada');
};
const set = (fields: (service: string) => Partial<Model['model']>): Event => (model, service) => Promise.resolve(Object.assign(model.model, fields(service)));

const EVENTS: Readonly<Record<string, Event>> = {
  ...byAction(act),
  'a newer push': (model, service) => model.start('v2', service),
  'the alarm goes off': (model, service) => model.alarm(service, 'ALARM'),
  'its version turns bad': set((service) => ({ bad: service })),
  'no traffic': set(() => ({ idle: true })),
  'all calls fail now and then': set(() => ({ faults: 0.3 })),
  'its execution dies': async (model, service) => {
    const running = model.running().find(({ id }) => newestOf(model, service)?.id === id);
    if (running !== undefined) await model.stop(running);
  },
};

const definitionOf = (service: string, fields: object): object => ({
  ...{ name: service, image: { repository: service }, target: targetOf(service), canary: { virtualNode: `${service}-n{{tag}}` }, alarms: [service], bake: '1m', deadline: '2h', lockstep: 'shop' },
  ...fields,
});

/** Definitions of a group by service. */
type Group = Readonly<Record<string, object>>;
const GROUPS: Readonly<Record<string, Group>> = {
  'two services of the same steps': { a: { steps: [50, 100] }, b: { steps: [50, 100] } },
  'two services, one queued behind pushes and gradually back': {
    ...{ a: { steps: [25, 50], concurrency: 'queue', rollBack: { weight: 20, interval: '1m' } }, b: { steps: [25, 50], afterPromotion: { bake: '5m' } } },
  },
  'three services of different steps': { a: { steps: [50] }, b: { steps: [25, 60, 100] }, c: { steps: [{ cohort: { header: { name: 'x', value: 'y' } } }, 75] } },
};

interface Moment {
  readonly record: RolloutRecord;
  /** Percent that the route gives to its canary. */
  readonly live: number;
}

/** The rollouts of the group that go up. */
async function momentsOf(model: Model): Promise<Map<string, Moment>> {
  const moments = new Map<string, Moment>();
  for (const record of records(model)) {
    if (FINAL_PHASES.has(record.phase) || record.phase === 'RollingBack') continue;
    moments.set(record.id, { record, live: weightsOf(await model.route(record.definition))[record.canary] ?? 0 });
  }
  return moments;
}

/** Whether a rollout has nothing left to pass below a weight: where it is was judged as passed, and no step of its own is on the way. */
function hasPassed({ record: { decision, step, steps, phase }, live }: Moment, weight: number): boolean {
  if (live >= weight) return true;
  if (phase === 'Pending' || phase === 'Paused') return false;
  if (decision?.action === 'promote') return true;
  const isJudged = decision === null ? step < 0 : decision.action === 'advance' && decision.step > step;
  return isJudged && (steps[step + 1]?.weight ?? 100) >= weight;
}

function assertTogether(before: Map<string, Moment>, after: Map<string, Moment>): void {
  for (const [id, { live }] of after) {
    if (live <= (before.get(id)?.live ?? 0)) continue;
    const behind = [...before].find(([other, moment]) => other !== id && !hasPassed(moment, live));
    if (behind !== undefined) throw new Error(`${id} rose to ${live} %, and ${behind[0]} has not passed ${behind[1].live} %`);
  }
}

/** States that change weights, or give up. */
const WRITES = new Set(['AddTarget', 'Shift', 'Promote', 'Finish', 'RollBack', 'Undo', 'SayFailed']);
const MOST_TURNS = 1000;

type Script = readonly (readonly [turn: number, event: string, service: string])[];

/** Plays the rollouts of a group, one state or one wait a turn, each in its turn; answers how many turns that took. */
async function play(services: Group, script: Script): Promise<{ model: Model; turns: number }> {
  const names = Object.keys(services);
  const model = openModel(seeded(1), names);
  for (const name of names) await model.store.write([{ kind: 'put', pk: 'definition', sk: name, value: definitionOf(name, services[name]!) }]);
  for (const name of names) await model.start('v1', name);
  /** Those that were under way when another of the group was given up. */
  const doomed = new Set<string>();
  const given = new Set<string>();
  const watch = async (happen: () => Promise<unknown>): Promise<void> => {
    const before = await momentsOf(model);
    await happen();
    const after = await momentsOf(model);
    assertTogether(before, after);
    await assertWeights(model);
    for (const { id, givenUpAt, yieldsTo, undone } of records(model)) {
      if (givenUpAt === undefined || given.has(id)) continue;
      given.add(id);
      if (yieldsTo !== undefined || undone !== null) continue;
      for (const [other, { record }] of before) if (other !== id && !record.finishing && record.startedAt <= givenUpAt && after.get(other)?.record.finishing !== true) doomed.add(other);
    }
  };
  const last = Math.max(-1, ...script.map(([turn]) => turn));
  let turns = 0;
  for (; turns <= last || (script.length === 0 && model.running().length > 0); turns += 1) {
    if (turns > MOST_TURNS) throw new Error(`no exit from ${model.running().map(({ state, id }) => `${state} of ${id}`).join(', ')}`);
    for (const [at, event, service] of script) {
      if (at !== turns) continue;
      await watch(() =>
        EVENTS[event]!(model, service).catch((error: unknown) => {
          if (!TURNED_DOWN.includes((error as Error).name)) throw error;
        }),
      );
    }
    const ready = model.running().filter(({ due, token }) => due === undefined && token === undefined);
    const next = ready[turns % Math.max(1, ready.length)];
    if (next === undefined) model.passTime();
    else if (WRITES.has(next.state)) await watch(() => model.run(next));
    else await model.run(next);
    model.model.now += 1000;
  }
  model.model.faults = 0;
  await assertEnds(model);
  for (const { id, phase, reason } of records(model)) if (doomed.has(id) && phase === 'Succeeded') throw new Error(`${id} is ${phase} (${reason}), though one of its group was rolled back while it was under way`);
  return { model, turns };
}

const told = (script: Script): string => script.map(([at, event, service]) => `${event} (${service}) at ${at}`).join(', then ');

/** There are many moments, and each is much like the one before it. */
const strideOf = ({ length }: readonly string[]): number => (length < 3 ? 2 : isWhole ? 1 : 12);

/** One thing at each moment that counts, to one service after the other; of the whole table each thing to each service, and with two services each two of them. */
function scriptsOf(turns: number, services: readonly string[]): Script[] {
  const stride = strideOf(services);
  const moments = Array.from({ length: Math.floor(turns / stride) + 1 }, (_, index) => index);
  const toWhom = (index: number) => services.filter((_, place) => isWhole || index % services.length === place);
  const singles = moments.flatMap((index) => toWhom(index).flatMap((service) => Object.keys(EVENTS).map((event): Script => [[index * stride, event, service]])));
  if (!isWhole || services.length > 2) return singles;
  return singles.flatMap(([first]) => singles.flatMap(([second]): Script[] => (second![0] < first![0] ? [] : [[first!, second!]])));
}

let played = 0;
afterAll(() => void process.stderr.write(`lockstep: ${played} played\n`));

test.each(Object.entries(GROUPS))(
  'whatever happens to one at whatever moment of %s: nobody rises before all have passed, all go back together, and each has an end',
  async (_, group) => {
    const { model, turns } = await play(group, []);
    expect(records(model).map(({ phase }) => phase)).toEqual(Object.keys(group).map(() => 'Succeeded'));
    for (const script of scriptsOf(turns, Object.keys(group))) {
      await play(group, script).catch((error: unknown) => {
        throw new Error(`${told(script)}: ${String(error)}`, { cause: error });
      });
      played += 1;
    }
  },
  isWhole ? 7_200_000 : 300_000,
);

const open = async (services: Group): Promise<Model> => {
  const model = openModel(seeded(1), Object.keys(services));
  for (const [name, fields] of Object.entries(services)) {
    await model.store.write([{ kind: 'put', pk: 'definition', sk: name, value: definitionOf(name, fields) }]);
    await model.start('v1', name);
  }
  return model;
};

test('what passes after another has looked at it, and before that one waits, is seen all the same', async () => {
  const model = await open({ a: { steps: [50, 100] }, b: { steps: [50, 100] } });
  const [a, b] = model.executions as [Model['executions'][number], Model['executions'][number]];
  const to = async (execution: typeof a, state: string): Promise<void> => {
    while (execution.state !== state) await model.run(execution);
  };
  for (const execution of [a, b]) await to(execution, 'Bake');
  for (const execution of [a, b]) await model.run(execution);
  model.passTime();
  await to(a, 'Shift');
  await model.run(a);
  expect(newestOf(model, 'a')).toMatchObject({ step: 0, waiting: { for: 'lockstep' } });
  while (b.state !== 'Judge') model.passTime();
  await to(b, 'Bake');
  await model.run(a);
  expect(a.state).toBe('Judge');
  await to(a, 'Bake');
  expect(newestOf(model, 'a')).toMatchObject({ step: 1, waiting: null });
});

const RUNS = Number(process.env['MESHSHIFT_MODEL_RUNS'] ?? 600) / 6;
const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const randomFields = (random: () => number): object => ({
  steps: pick<unknown>(random, [[50], [10, 40, 100], [25, { weight: 60, approval: true }], [{ cohort: { header: { name: 'x', value: 'y' } } }, 30], { linear: { weight: 25 } }]),
  concurrency: pick(random, ['replace', 'queue', 'reject']),
  ...(random() < 0.3 ? { windows: ['Mon-Fri 09:00-13:00 UTC'] } : {}),
  ...(random() < 0.3 ? { rollBack: { weight: 20, interval: '1m' } } : {}),
  ...(random() < 0.3 ? { afterPromotion: { bake: '5m' } } : {}),
  ...(random() < 0.3 ? { hooks: { before: 'meshshift-hook-a', step: 'meshshift-hook-a' } } : {}),
  ...(random() < 0.2 ? { lockstep: 'other' } : {}),
});

test('whatever happens in whatever order, and at the same time, to two or three of a group: each has an end', async () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const random = seeded(seed);
    const services = ['a', 'b', 'c'].slice(0, random() < 0.5 ? 2 : 3);
    const model = await open(Object.fromEntries(services.map((service) => [service, randomFields(random)])));
    model.model.faults = random() < 0.5 ? 0 : 0.1;
    const happen = async (): Promise<unknown> => {
      const running = model.running();
      const dice = random();
      model.model.now += 500;
      if (dice < 0.65 && running.length > 0) return model.run(pick(random, running));
      if (dice < 0.85) return model.passTime();
      if (dice < 0.87) return random() < 0.4 ? model.freeze() : model.lift();
      return EVENTS[pick(random, Object.keys(EVENTS))]!(model, pick(random, services)).catch((error: unknown) => expect(TURNED_DOWN).toContain((error as Error).name));
    };
    try {
      for (let turn = 0; turn < 90; turn += 1) {
        await Promise.all(Array.from({ length: random() < 0.2 ? 3 : 1 }, happen));
        await assertWeights(model);
      }
      model.model.faults = 0;
      await assertEnds(model);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
    for (const { phase } of records(model)) ends.set(phase, (ends.get(phase) ?? 0) + 1);
  }
  for (const phase of ['Succeeded', 'RolledBack']) expect(ends.get(phase) ?? 0).toBeGreaterThan(RUNS / 20);
}, RUNS * 1000);
