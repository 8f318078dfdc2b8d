import { EFFECTS } from '../../canary/actions.ts';
import { targetsOf, withTargets } from '../../canary/weights.ts';
import type { RouteSpec, UndoRequest } from '../../contracts/rollout.ts';
import { readRoute } from '../../mesh/change-route.ts';
import { toNode } from '../version/canary-node.ts';
import { ActionRefused } from '../errors.ts';
import { findHolder, prepareLock } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { readRecord, updateRecord, type RolloutRecord } from '../record/records.ts';
import { followUpName, startExecution } from './start-execution.ts';

const hasWeight = (spec: RouteSpec, node: string): boolean => targetsOf(spec).some(({ virtualNode, weight = 0 }) => virtualNode === node && weight > 0);

/** @throws ActionRefused where undoing would not bring the version back that served before */
async function assertUndoable({ mesh, store }: Ports, record: RolloutRecord): Promise<void> {
  const { id, phase, target, stable, canary, settings } = record;
  const refuse = (why: string): never => {
    throw new ActionRefused(`undo is refused: ${why}`);
  };
  if (EFFECTS.undo[phase] !== 'take') refuse(`the rollout ${id} is ${phase}`);
  if (settings.afterPromotion.retireStable === 'delete') refuse(`${stable} was deleted, as afterPromotion.retireStable says`);
  const holder = await findHolder(store, target);
  if (holder !== undefined) refuse(`the rollout ${holder} holds the route`);
  if ((await mesh.describe(toNode(target.mesh, stable))) === undefined) refuse(`${stable} is not in the mesh ${target.mesh} any more`);
  const { spec } = await readRoute(mesh, target);
  if (!hasWeight(spec, canary)) refuse(`the route no longer leads to ${canary}`);
  if (hasWeight(spec, stable)) refuse(`the route leads to ${stable} already`);
}

/**
 * Starts the undoing of a finished rollout, by an execution of its own, so that it survives whatever happens to who asked.
 * @throws ActionRefused
 */
export async function startUndo(ports: Ports, id: string, { who, reason }: { readonly who: string; readonly reason: string }): Promise<void> {
  await assertUndoable(ports, await readRecord(ports.store, id));
  // Asked twice at once, one execution undoes it.
  await startExecution(ports, followUpName(id, 'undo', ports.clock()), { undo: id, who, reason });
}

/**
 * Takes the route for the undoing of a finished rollout; the roll-back follows. Asked again by the same execution it answers the same.
 * @throws ActionRefused
 */
export async function beginUndo(ports: Ports, { undo: id, who, reason }: UndoRequest, executionArn: string): Promise<string> {
  const known = await readRecord(ports.store, id);
  if (known.undone !== null && known.executionArn === executionArn) return id;
  await assertUndoable(ports, known);
  const lock = await prepareLock(ports.store, known.target, id);
  const at = ports.clock();
  await updateRecord(ports.store, id, (record) => {
    if (record.phase !== 'Succeeded') throw new ActionRefused(`undo is refused: the rollout ${id} is ${record.phase}`);
    return {
      record: { ...record, phase: 'RollingBack', endedAt: null, fence: lock.fence, executionArn, undone: { who, reason }, reason: `Undone: ${reason === '' ? `by ${who}` : `by ${who}: ${reason}`}` },
      history: [{ at, who, kind: 'undo', reason }],
      writes: [lock.take],
    };
  });
  return id;
}

/** The route with stable back in the canary's place, at its weight; everything else as it is now. */
export function unsettle(spec: RouteSpec, { canary, stable }: Pick<RolloutRecord, 'canary' | 'stable'>): RouteSpec {
  const others = targetsOf(spec).filter(({ virtualNode }) => virtualNode !== stable);
  return hasWeight(spec, canary) ? withTargets(spec, others.map((target) => (target.virtualNode === canary ? { ...target, virtualNode: stable } : target))) : spec;
}
