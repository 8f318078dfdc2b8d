import { OTHER_PRIORITY, openModel, routeBefore, target, type Model } from './model.ts';
import { assertEnds, assertWeights, byAction, records, TURNED_DOWN } from './model-rules.ts';
import { seeded } from './random.ts';

/** Without the variable one thing happens at each moment of each rollout; with it, two do, at each two moments (twenty minutes). */
const isWhole = process.env['MESHSHIFT_MODEL'] === 'all';

const act = (action: Parameters<Model['act']>[1], who = 'ada') => async (model: Model): Promise<unknown> => {
  const newest = records(model).at(-1);
  return newest === undefined ? undefined : model.act(newest.id, action, who);
};
const set = (fields: Partial<Model['model']>) => (model: Model): Promise<unknown> => Promise.resolve(Object.assign(model.model, fields));

/** What may happen to rollouts, whenever. */
const EVENTS: Readonly<Record<string, (model: Model) => Promise<unknown>>> = {
  ...byAction((action) => act(action)),
  'approve by another': act('approve', 'bob'),
  'the same push': (model) => model.start('v1'),
  'a newer push': (model) => model.start('v2'),
  'the alarm goes off': (model) => model.alarm('a', 'ALARM'),
  'the alarm is over': (model) => model.alarm('a', 'OK'),
  freeze: (model) => model.freeze(),
  lift: (model) => model.lift(),
  'a time of the schedule': (model) => model.fire('advance'),
  'the version turns bad': set({ bad: true }),
  'no traffic': set({ idle: true }),
  'all calls fail now and then': set({ faults: 0.3 }),
  'someone else sets weights': (model) => model.meddle('weights'),
  'someone else changes the route': (model) => model.meddle('priority'),
  'the execution dies': async (model) => {
    const [first] = model.running();
    if (first !== undefined) await model.stop(first);
  },
};

const base = { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}' }, bake: '1m', deadline: '2h', steps: [50, 100] };
const DEFINITIONS: Readonly<Record<string, object>> = {
  'replaced by pushes, healed': { alarms: ['a'], onForeignChange: 'heal' },
  'queued behind pushes, halted by foreign changes, with approvals and a window': {
    ...{ concurrency: 'queue', onForeignChange: 'halt', approval: { before: [100], quorum: 2, expires: '1h' }, windows: ['Mon-Fri 09:00-15:00 UTC'] },
  },
  'refusing pushes, by a schedule, gradually back': { concurrency: 'reject', advance: { schedule: 'rate(10 minutes)' }, rollBack: { weight: 20, interval: '1m' } },
  'with a cohort, a bake after promotion and stable deleted': { steps: [{ cohort: { header: { name: 'x', value: 'y' } } }, 50], afterPromotion: { bake: '5m', retireStable: 'delete' } },
};

/** What happens at which turn. */
type Script = readonly (readonly [turn: number, event: string])[];

/** Plays a rollout, one state or one wait a turn, with things happening on the way; answers how many turns it took. */
async function play(definition: object, script: Script): Promise<{ model: Model; turns: number }> {
  const model = openModel(seeded(1));
  await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...base, ...definition } }]);
  await model.start('v1');
  const last = Math.max(-1, ...script.map(([turn]) => turn));
  let turns = 0;
  for (; turns <= last || (script.length === 0 && model.running().length > 0); turns += 1) {
    for (const [at, event] of script) {
      if (at !== turns) continue;
      await EVENTS[event]!(model).catch((error: unknown) => {
        if (!TURNED_DOWN.includes((error as Error).name)) throw error;
      });
      await assertWeights(model);
    }
    const next = model.running().find(({ due, token }) => due === undefined && token === undefined);
    if (next === undefined) model.passTime();
    else await model.run(next);
    model.model.now += 1000;
    await assertWeights(model);
  }
  model.model.faults = 0;
  await assertEnds(model);
  return { model, turns };
}

const told = (script: Script): string => script.map(([at, event]) => `${event} at ${at}`).join(', then ');

/** One thing at each moment, or each two of them at each two. */
function scriptsOf(turns: number): Script[] {
  const events = Object.keys(EVENTS);
  const singles: Script[] = Array.from({ length: turns + 1 }, (_, at) => events.map((event): Script => [[at, event]])).flat();
  if (!isWhole) return singles;
  return singles.flatMap(([first]) => singles.flatMap(([second]): Script[] => (second![0] < first![0] ? [] : [[first!, second!]])));
}

let played = 0;
afterAll(() => void process.stderr.write(`interleavings: ${played} played\n`));

test.each(Object.entries(DEFINITIONS))(
  'whatever happens at whatever moment of a rollout %s: it ends, the lock is given back, weights stay between before and target',
  async (_, definition) => {
    const { turns } = await play(definition, []);
    for (const script of scriptsOf(turns)) {
      await play(definition, script).catch((error: unknown) => {
        throw new Error(`${told(script)}: ${String(error)}`, { cause: error });
      });
      played += 1;
    }
  },
  isWhole ? 7_200_000 : 300_000,
);

describe('someone else changes the route of a rollout', () => {
  const at = async (definition: object, what: 'weights' | 'priority') => {
    const model = openModel(seeded(1));
    await model.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...base, ...definition } }]);
    const { id } = await model.start('v1');
    while (records(model)[0]?.step !== 0 || model.executions[0]?.state !== 'Bake') await model.run(model.executions[0]!);
    await model.run(model.executions[0]);
    await model.meddle(what);
    model.passTime();
    for (const state of ['Judge', 'Shift']) {
      expect(model.executions[0].state).toBe(state);
      await model.run(model.executions[0]);
    }
    return { model, id, record: records(model)[0]! };
  };

  test.each(['weights', 'priority'] as const)('%s: heal goes on, and a roll-back restores the route whole', async (what) => {
    const { model, id, record } = await at({ onForeignChange: 'heal' }, what);
    expect(record).toMatchObject({ phase: 'Progressing', step: 1, weights: { v0: 0, nv1: 100 } });
    expect((await model.route()).priority).toBe(what === 'priority' ? OTHER_PRIORITY : routeBefore.priority);
    await model.act(id, 'abort', 'ada');
    await assertEnds(model);
    expect(records(model)[0]!.phase).toBe('RolledBack');
    expect(await model.route()).toEqual(routeBefore);
  });

  test.each(['weights', 'priority'] as const)('%s: halt holds the weights there are until a person has seen it', async (what) => {
    const { model, id, record } = await at({ onForeignChange: 'halt' }, what);
    expect(record).toMatchObject({ phase: 'Paused', step: 0 });
    expect(record.reason).toContain('by someone else');
    await model.act(id, 'resume', 'ada');
    await assertEnds(model);
    expect(records(model)[0]!.phase).toBe('Succeeded');
  });
});
