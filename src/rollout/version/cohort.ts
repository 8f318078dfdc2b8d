import { cohortRoute, cohortRouteName } from '../../canary/cohort.ts';
import { PlanRefused } from '../../canary/errors.ts';
import type { MeshResource } from '../../contracts/mesh-file.ts';
import type { RouteTarget } from '../../contracts/rollout.ts';
import { readRoute } from '../../mesh/change-route.ts';
import { sameSpec } from '../../mesh/compare-specs.ts';
import { confirmPropagation } from '../../mesh/propagation.ts';
import { ROLLOUT_TAG, tagOf, tokenFor } from './canary-node.ts';
import type { Ports } from '../ports.ts';
import type { RolloutRecord } from '../record/records.ts';

const toTarget = ({ target }: RolloutRecord): RouteTarget => ({ ...target, route: cohortRouteName(target.route) });
const toResource = (record: RolloutRecord): MeshResource => {
  const { mesh, virtualRouter, route } = toTarget(record);
  return { create: 'CreateRoute', input: { meshName: mesh, virtualRouterName: virtualRouter, routeName: route } };
};

const hasCohort = ({ steps }: RolloutRecord): boolean => steps.some(({ cohort }) => cohort !== undefined);

/**
 * Makes the cohort's route be there, above the weighted one, and waits until every proxy has it.
 * @throws PlanRefused when another route has its name. ResourceChanged, NotPropagated: try again.
 */
export async function ensureCohort({ mesh, wait }: Ports, record: RolloutRecord, step: number, guard: () => Promise<void>): Promise<void> {
  const cohort = record.steps[step]?.cohort;
  if (cohort === undefined) return;
  const resource = toResource(record);
  const { spec: current } = await readRoute(mesh, record.target);
  const spec = cohortRoute(current, cohort, record.canary, record.stable);
  const existing = await mesh.describe(resource);
  if (existing !== undefined && (await tagOf(mesh, existing.arn, ROLLOUT_TAG)) !== record.id) {
    throw new PlanRefused(`steps[0].cohort: the route ${String(resource.input['routeName'])} is there already, and is not this rollout's`);
  }
  await guard();
  const input = { ...resource.input, spec, tags: [{ key: ROLLOUT_TAG, value: record.id }], clientToken: tokenFor(record, spec) };
  const same = existing !== undefined && sameSpec(spec, existing.spec);
  const { version } = existing === undefined ? await mesh.create({ ...resource, input }) : same ? existing : await mesh.update({ ...resource, input }, existing.version);
  await confirmPropagation(mesh.get, toTarget(record), version, wait);
}

/** Takes the cohort's route away, if this rollout put it there. Doing it again changes nothing. */
export async function removeCohort({ mesh }: Ports, record: RolloutRecord): Promise<void> {
  if (!hasCohort(record)) return;
  const resource = toResource(record);
  const existing = await mesh.describe(resource);
  if (existing !== undefined && (await tagOf(mesh, existing.arn, ROLLOUT_TAG)) === record.id) await mesh.delete(resource);
}
