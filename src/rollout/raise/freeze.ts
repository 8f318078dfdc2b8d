import * as z from 'zod/mini';
import { isFrozen } from '../../canary/gate.ts';
import { duration } from '../../contracts/units.ts';
import type { Freeze } from '../../contracts/rollout.ts';
import type { DocumentStore } from '../../store/port.ts';
import { endBake, listBakes } from '../bake/bakes.ts';
import { FREEZE } from '../record/keys.ts';
import type { Ports } from '../ports.ts';

/** The body of `PUT /meshshift/v1/freeze`. */
export const freezeRequest = z.strictObject({
  who: z._default(z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(200, 'must have at most 200 characters')), 'api'),
  reason: z.string('must say why').check(z.minLength(1, 'must not be empty'), z.maxLength(1000, 'must have at most 1000 characters')),
  /** How long it stands; until it is lifted if absent. */
  for: z.optional(duration),
});
export type FreezeRequest = z.infer<typeof freezeRequest>;

/** The freeze that stands at `now`, or undefined. */
export async function findFreeze(store: DocumentStore, now: number): Promise<Freeze | undefined> {
  const freeze = (await store.get(FREEZE))?.value as Freeze | undefined;
  return isFrozen(freeze, now) ? freeze : undefined;
}

/** Stops every rise of a weight from here on, in all rollouts; what is at its weight stays there, and roll-backs go on. */
export async function setFreeze({ store, clock }: Pick<Ports, 'store' | 'clock'>, { who, reason, for: seconds }: FreezeRequest): Promise<Freeze> {
  const at = clock();
  const freeze: Freeze = { who, reason, at, until: seconds === undefined ? null : at + seconds * 1000 };
  await store.write([{ kind: 'put', ...FREEZE, value: freeze }]);
  return freeze;
}

/** Lifts the freeze: the rollouts that wait for it go on at once. */
export async function liftFreeze({ store, stepFunctions, cipher }: Pick<Ports, 'store' | 'stepFunctions' | 'cipher'>): Promise<void> {
  await store.write([{ kind: 'delete', ...FREEZE }]);
  for (const bake of await listBakes(store)) {
    if (bake.record.waiting?.for === 'freeze') await endBake(stepFunctions, cipher, bake, { kind: 'end', by: 'action' });
  }
}
