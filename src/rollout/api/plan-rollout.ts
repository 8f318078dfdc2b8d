import * as z from 'zod/mini';
import { forecast, type Forecast } from '../../canary/forecast.ts';
import { planRollout } from '../../canary/plan.ts';
import { applyWeights, settle, targetsOf, weightsAt, withTargets } from '../../canary/weights.ts';
import { toCanaryDefinition, type CanaryDefinition } from '../../contracts/canary-definition.ts';
import { isRecord } from '../../contracts/is-record.ts';
import type { RouteSpec, RouteTarget } from '../../contracts/rollout.ts';
import { readRoute } from '../../mesh/change-route.ts';
import { readDefinition } from '../record/definitions.ts';
import { findFreeze } from '../raise/freeze.ts';
import { findHolder } from '../record/lock.ts';
import { findRecord } from '../record/records.ts';
import { assertCanBeMade } from '../version/canary-node.ts';
import { listGroup } from '../group/lockstep.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { Ports } from '../ports.ts';

/** The body of `POST /meshshift/v1/rollouts/plan`: a stored definition by its name, or one as its author wrote it. */
export const planRequest = z.strictObject({
  definition: z.union([z.string(), z.record(z.string(), z.unknown())], 'must be the name of a canary definition, or one itself'),
  image: z.strictObject({ tag: z.string('must be an image tag').check(z.minLength(1, 'must not be empty')) }),
});

export interface PlannedRollout extends Forecast {
  readonly definition: string;
  readonly tag: string;
  readonly target: RouteTarget;
  /** The group that it would go up with, and its rollouts under way: ids and the percent they hold. */
  readonly lockstep: { readonly group: string; readonly beside: readonly { readonly id: string; readonly weight: number }[] } | null;
  /** The rollout that holds the route now, and what a new one would do about it. */
  readonly holder: { readonly id: string; readonly then: string } | null;
}

const THEN = { replace: 'it would be rolled back and replaced', queue: 'this one would wait for its end', reject: 'this one would be refused' } as const;

async function findGroup(store: DocumentStore, { name, lockstep: group }: CanaryDefinition): Promise<PlannedRollout['lockstep']> {
  if (group === undefined) return null;
  const beside = (await listGroup(store, group)).filter(({ definition }) => definition !== name);
  return { group, beside: beside.map(({ id, weight }) => ({ id, weight })) };
}

/** The route as a rollout would find it: as it is, or, where another one holds it, as that one will have left it. */
async function readPlanned({ store, mesh }: Ports, { target, concurrency }: CanaryDefinition, holder: string | undefined): Promise<RouteSpec> {
  const record = holder === undefined ? undefined : await findRecord(store, holder);
  if (record?.routeBefore == null) return (await readRoute(mesh, target)).spec;
  const promoted = concurrency === 'queue' && record.phase !== 'RollingBack' && record.phase !== 'Failed';
  return promoted ? settle(withTargets(record.routeBefore, applyWeights(targetsOf(record.routeBefore), weightsAt(record.split, 100), record.stable)), record.split) : record.routeBefore;
}

/**
 * What a rollout would do on the route as it is, when, and what it would cost. Nothing is changed.
 * @throws PlanRefused, NotFound, InvalidInput, ResourceMissing
 */
export async function planOnly(ports: Ports, { definition: given, image }: z.infer<typeof planRequest>): Promise<PlannedRollout> {
  const { store, mesh, clock } = ports;
  const definition = isRecord(given) ? toCanaryDefinition(given, 'definition') : await readDefinition(store, given);
  const { target } = definition;
  const now = clock();
  const holder = await findHolder(store, target);
  const plan = planRollout(definition, image.tag, await readPlanned(ports, definition, holder));
  const { stable, canary } = plan.split;
  await assertCanBeMade(mesh, { target, stable, canary, hostname: plan.hostname ?? null, spec: plan.spec ?? null });
  return {
    definition: definition.name,
    tag: image.tag,
    target,
    ...forecast(definition, plan, { now, freeze: await findFreeze(store, now) }),
    lockstep: await findGroup(store, definition),
    holder: holder === undefined ? null : { id: holder, then: THEN[definition.concurrency] },
  };
}
