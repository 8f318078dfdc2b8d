import * as z from 'zod/mini';
import { BAKE_ENDS } from '../../canary/next-action.ts';
import { messageOfCause } from '../../contracts/message-of.ts';

/** The events of the handlers of a rollout's steps; the state machine makes them. */
const id = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(80, 'must have at most 80 characters'));
const count = z.int().check(z.minimum(0, 'must not be negative'));

export const rolloutId = z.strictObject({ id });
export const stepInput = z.strictObject({ id, step: z.int().check(z.minimum(-1, 'must be at least -1')) });
export const bakeInput = z.strictObject({ id, bake: count, seconds: z.int().check(z.minimum(1, 'must be at least 1')), token: z.string().check(z.minLength(1, 'must not be empty')) });
export const judgeInput = z.strictObject({ id, bake: count, endedBy: z.enum(BAKE_ENDS) });

const cause = z.pipe(z.string(), z.transform(messageOfCause));

/** The event of the handler `roll-back`; the state machine asks again while it is told to wait. */
export const rollBackInput = z.strictObject({ id, error: z.string(), reason: cause, request: z.optional(z.unknown()), executionArn: z.optional(z.string()) });
/** `failed`: why a roll-back was given up, by the error's name and its cause. */
export const finishInput = z.strictObject({ id, failed: z.optional(z.strictObject({ error: z.string(), reason: cause })) });
