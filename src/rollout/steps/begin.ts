import * as z from 'zod/mini';
import { DescribeExecutionCommand, ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import { PlanRefused } from '../../canary/errors.ts';
import { planRollout, type Plan } from '../../canary/plan.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import { choose } from '../../contracts/choose.ts';
import { isRecord } from '../../contracts/is-record.ts';
import { FINAL_PHASES, restoreRequest, rolloutRequest, undoRequest, type RestoreRequest, type RolloutRequest, type UndoRequest } from '../../contracts/rollout.ts';
import { readRoute, type RouteState } from '../../mesh/change-route.ts';
import { ConditionFailed } from '../../store/port.ts';
import { checkAlarms } from '../raise/alarms.ts';
import { readDefinition } from '../record/definitions.ts';
import { readPhis } from '../bake/dispersion.ts';
import { isForGood, RolloutRejected, RouteLocked } from '../errors.ts';
import { joinGroup } from '../group/lockstep.ts';
import { queueKey } from '../record/keys.ts';
import { prepareLock } from '../record/lock.ts';
import { newRecord, type Requested } from '../record/new-record.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { createRecord, findRecord, readRecord, type RolloutRecord } from '../record/records.ts';
import { listQueued } from './queue.ts';
import { abandon, rollBack } from './roll-back.ts';
import { steer } from '../actions/steer.ts';
import { beginUndo } from '../actions/undo.ts';

/** The event of the handler `plan`: the execution's name (which is the rollout's id), its ARN, when it was started (epoch ms), and its input. */
export const begin = z.strictObject({
  id: z.string(),
  executionArn: z.string(),
  requestedAt: z.number(),
  request: choose<RolloutRequest | UndoRequest | RestoreRequest>([rolloutRequest, undoRequest, restoreRequest], (value) => {
    if (!isRecord(value)) return rolloutRequest;
    return 'undo' in value ? undoRequest : 'restore' in value ? restoreRequest : rolloutRequest;
  }),
});
type Asked = z.infer<typeof begin>;

/** Whether the execution behind a rollout is over, in a way it could not tell itself. Not to know is not dead. */
async function isDead({ stepFunctions, log }: Ports, { id, executionArn }: RolloutRecord): Promise<boolean> {
  try {
    const { status } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    return status !== 'RUNNING' && status !== 'PENDING_REDRIVE';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return true;
    log('warn', 'execution cannot be described', { id, error: String(error) });
    return false;
  }
}

/**
 * Restores the route that a rollout left behind, as nobody else does. A route that cannot be restored (what it named is gone, a proxy refuses it) is
 * given free as it is: it must not keep a fix from being released.
 * @throws TransientFault and the like: try again
 */
async function recover(ports: Ports, holder: RolloutRecord, forId: string): Promise<void> {
  try {
    await rollBack(ports, { id: holder.id, error: 'RolloutAbandoned', reason: `its execution is over; rolled back for ${forId}` });
  } catch (error) {
    if (!isForGood(error)) throw error;
    await abandon(ports, holder.id, `the route cannot be restored (${(error as Error).message}), and is given free as it is for ${forId}`);
  }
}

/** The route is another rollout's: wait for it, replace it, or give up, as the definition says. Always throws. */
async function yieldTo(ports: Ports, holderId: string, { id, requestedAt }: Requested, { concurrency, lockstep }: CanaryDefinition): Promise<never> {
  const holder = await readRecord(ports.store, holderId);
  if (FINAL_PHASES.has(holder.phase) || (await isDead(ports, holder))) {
    await recover(ports, holder, id);
    throw new RouteLocked(`the route was left behind by ${holderId}, and is free again`);
  }
  // Lowering is under way: soon the route is free, so that a fix need not be sent again.
  if (holder.phase === 'RollingBack') throw new RouteLocked(`the rollout ${holderId} is rolling back`);
  if (concurrency === 'queue') throw new RouteLocked(`the rollout ${holderId} holds the route, and this one waits for its end`);
  if (concurrency === 'reject') throw new RolloutRejected(`the rollout ${holderId} holds the route, and concurrency is reject`);
  if (holder.requestedAt > requestedAt) throw new RolloutRejected(`the newer rollout ${holderId} replaced this one`);
  const isSuccessor = lockstep === holder.settings.lockstep;
  await steer(ports, holderId, { action: 'abort', who: `rollout ${id}`, reason: 'replaced by a newer version' }, isSuccessor ? 'successor' : undefined);
  throw new RouteLocked(`the rollout ${holderId} is giving up the route for this one`);
}

/** The record of a rollout that was planned on its route. */
const plannedRecord = (beginning: Requested, settings: CanaryDefinition, plan: Plan, route: RouteState, fence: number, now: number): RolloutRecord => ({
  ...newRecord(beginning, settings, now),
  steps: plan.steps,
  stable: plan.split.stable,
  canary: plan.split.canary,
  weights: plan.split.before,
  fence,
  routeBefore: route.spec,
  split: plan.split,
  hostname: plan.hostname ?? null,
  spec: plan.spec ?? null,
  promotedBakeSeconds: plan.promotedBakeSeconds,
});

export interface Begun {
  readonly id: string;
  readonly steps: number;
  readonly firstBakeSeconds: number;
  /** Whether a rollout is to be rolled back, and nothing rolled out: a finished one that is undone, or one whose execution is over. */
  readonly undo: boolean;
  /** Why, if so. */
  readonly error: string;
  readonly reason: string;
}

const toBegun = ({ id, steps }: RolloutRecord): Begun => ({ id, steps: steps.length, firstBakeSeconds: steps[0]?.bakeSeconds ?? 1, undo: false, error: '', reason: '' });
const toRestore = (id: string, error: string, reason: string): Begun => ({ id, steps: 0, firstBakeSeconds: 0, undo: true, error, reason });

/** Of pushes that replace each other and wait for one route, only the newest begins. @throws RolloutRejected */
async function assertNewest(ports: Ports, { requestedAt }: Requested, { name, concurrency }: CanaryDefinition): Promise<void> {
  if (concurrency !== 'replace') return;
  for (const { id, record } of await listQueued(ports.store)) {
    if (record.definition !== name || record.requestedAt <= requestedAt) continue;
    // One that has a record, or whose execution was stopped, does not wait any more.
    if ((await findRecord(ports.store, id)) === undefined && !(await isDead(ports, record))) throw new RolloutRejected(`the newer rollout ${id} replaced this one`);
  }
}

async function create(ports: Ports, beginning: Requested, settings: CanaryDefinition): Promise<RolloutRecord> {
  const lock = await prepareLock(ports.store, settings.target, beginning.id);
  if (lock.holder !== undefined) return yieldTo(ports, lock.holder, beginning, settings);
  await assertNewest(ports, beginning, settings);
  const route = await readRoute(ports.mesh, settings.target);
  const plan = planRollout(settings, beginning.request.image.tag, route.spec);
  await checkAlarms(ports, settings);
  const at = ports.clock();
  const record = { ...plannedRecord(beginning, settings, plan, route, lock.fence, at), phis: await readPhis(ports.store, settings) };
  const history = [{ at, who: record.trigger, kind: 'started', reason: `${record.stable} → ${record.canary} by ${plan.steps.map(({ weight }) => weight).join(', ')} %` }];
  try {
    await ports.store.write([...createRecord(record, history), ...joinGroup(record), lock.take, { kind: 'delete', ...queueKey(settings.target, beginning.requestedAt, record.id) }]);
  } catch (error) {
    if (error instanceof ConditionFailed) throw new RouteLocked(`another rollout took the route of ${settings.name} at the same time`, { cause: error });
    throw error;
  }
  return record;
}

/**
 * Begins a rollout: reads its definition, plans it on the route as it is, and takes the route's lock; all of it or nothing is written.
 * Asked again for the same id it answers the same.
 * @throws PlanRefused, NotFound, RolloutRejected: not to be tried again. RouteLocked: try again.
 */
export async function beginRollout(ports: Ports, { request, ...asked }: Asked): Promise<Begun> {
  if ('undo' in request) return toRestore(await beginUndo(ports, request, asked.executionArn), 'Undone', 'by hand');
  if ('restore' in request) return toRestore(request.restore, request.error, request.reason);
  const beginning: Requested = { ...asked, request };
  const known = await findRecord(ports.store, beginning.id);
  if (known !== undefined && FINAL_PHASES.has(known.phase)) throw new PlanRefused(`the rollout ${beginning.id} has ended already: ${known.phase}`);
  const record = known ?? (await create(ports, beginning, await readDefinition(ports.store, beginning.request.definition)));
  await ports.publish('Rollout Started', toDetail(record, `${record.stable} → ${record.canary}`, record.trigger));
  return toBegun(record);
}
