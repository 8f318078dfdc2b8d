import assert from 'node:assert/strict';
import { targetsOf, weightsOf, withTargets } from '../../src/canary/weights.ts';
import { ACTIONS, FINAL_PHASES, type Action } from '../../src/contracts/rollout.ts';
import { findHolder } from '../../src/rollout/record/lock.ts';
import { groupPartition } from '../../src/rollout/record/keys.ts';
import { readRecord, type RolloutRecord } from '../../src/rollout/record/records.ts';
import { OTHER_PRIORITY, routeBeforeOf, stableOf, targetOf, type Model } from './model.ts';

/** How something that happens may be turned down; whoever sent it knows then. */
export const TURNED_DOWN = ['ActionRefused', 'ConditionFailed', 'ResourceMissing', 'ResourceChanged', 'NotFound', 'LockLost', 'TransientFault'];

/** Something for each action that people take. */
export const byAction = <T>(of: (action: Action) => T): Record<Action, T> => Object.fromEntries(ACTIONS.map((action) => [action, of(action)])) as Record<Action, T>;

/** What must hold of rollouts at every moment, and when all has ended: by assert, as it is looked at thousands of times a second. */
const MOST_STATES = 400;

export const records = ({ store }: Model): RolloutRecord[] => store.all('rollout').map(({ value }) => value as RolloutRecord);

/** No target holds more than there is, and none has weight but the side that serves and the canary of the rollout that holds the route. */
export async function assertWeights(model: Model): Promise<void> {
  for (const service of model.services) await assertWeightsOf(model, service);
}

async function assertWeightsOf(model: Model, service: string): Promise<void> {
  const holder = await findHolder(model.store, targetOf(service));
  const record = holder === undefined ? undefined : await readRecord(model.store, holder);
  const spec = await model.route(service);
  const weights = targetsOf(spec).filter(({ weight = 0 }) => weight > 0);
  const sum = weights.reduce((total, { weight = 0 }) => total + weight, 0);
  if (sum !== 100) throw new Error(`the weights sum up to ${sum}`);
  const allowed = record === undefined ? new Set([stableOf(service), ...records(model).map(({ canary }) => canary)]) : new Set([record.stable, record.canary]);
  const other = weights.find(({ virtualNode = '' }) => !allowed.has(virtualNode));
  if (other !== undefined) throw new Error(`${other.virtualNode ?? ''} has weight, and is neither ${[...allowed].join(' nor ')}`);
}

/** Runs everything to its end, with time passing where all wait. */
export async function settle(model: Model): Promise<void> {
  for (let turn = 0; model.running().length > 0; turn += 1) {
    if (turn > 3000) throw new Error(`no exit from ${model.running().map(({ state, id }) => `${state} of ${id}`).join(', ')}`);
    for (const execution of model.running()) await model.run(execution);
    if (model.running().every(({ due }) => due !== undefined)) model.passTime();
  }
}

/** Lets everything end, and checks that nothing is left: every rollout has an end, the route is free and leads to one version, with all else as it was. */
export async function assertEnds(model: Model): Promise<void> {
  await settle(model);
  // Executions that did not succeed are told of until somebody has seen to them.
  for (const execution of model.executions.filter(({ status }) => status === 'ABORTED' || status === 'FAILED')) await model.stop(execution);
  await settle(model);
  assert.deepEqual(model.store.all('bake'), []);
  for (const record of records(model)) {
    assert(FINAL_PHASES.has(record.phase), `${record.id} is ${record.phase}`);
    assert.deepEqual(model.store.all(groupPartition(record.settings.lockstep ?? '')), []);
  }
  for (const { entered } of model.executions) assert(entered < MOST_STATES, `an execution was in ${entered} states`);
  assert.deepEqual(model.mesh.names().filter((name) => name.includes('cohort')), []);
  for (const service of model.services) await assertRoute(model, service);
}

/** The route is free and leads to one version, with all else as it was. */
async function assertRoute(model: Model, service: string): Promise<void> {
  assert.equal(await findHolder(model.store, targetOf(service)), undefined);
  const live = await model.route(service);
  const routeBefore = routeBeforeOf(service);
  assert.deepEqual(Object.values(weightsOf(live)), [100]);
  const priorities = model.model.meddled ? [routeBefore.priority, OTHER_PRIORITY] : [routeBefore.priority];
  assert(priorities.includes(live.priority), `the priority is ${live.priority}`);
  assert.deepEqual({ ...withTargets(live, []), priority: 0 }, { ...withTargets(routeBefore, []), priority: 0 });
  const [serves = ''] = Object.keys(weightsOf(live));
  assert(model.mesh.names().includes(`CreateVirtualNode m/${serves}`), `${serves} is not there`);
}
