import * as z from 'zod/mini';
import type { Action } from '../../contracts/rollout.ts';
import { ActionRefused, NotFound } from '../errors.ts';
import { listGroup } from './lockstep.ts';
import type { Ports } from '../ports.ts';
import { takeAction } from '../actions/take-action.ts';

/** What is done with rollouts that are under way; `retry` and `undo` are of one that has ended. */
const GROUP_ACTIONS = ['approve', 'pause', 'resume', 'advance', 'promote', 'abort'] as const satisfies readonly Action[];
export const groupAction = z.enum(GROUP_ACTIONS, `must be one of ${GROUP_ACTIONS.join(', ')}`);

/** What came of it for one of the group: refused, the reason says why. */
export interface ActedOn {
  readonly id: string;
  readonly accepted: boolean;
  readonly reason: string;
}

/**
 * Takes an action on every rollout of a group that is under way. One that refuses it keeps no other from it.
 * @throws NotFound when none is
 */
export async function actOnGroup(ports: Ports, group: string, asked: { readonly action: z.infer<typeof groupAction>; readonly who: string; readonly reason: string }): Promise<ActedOn[]> {
  const members = await listGroup(ports.store, group);
  if (members.length === 0) throw new NotFound(`no rollout of the group ${group} is under way`);
  const acted: ActedOn[] = [];
  for (const { id } of members) {
    try {
      await takeAction(ports, id, asked);
      acted.push({ id, accepted: true, reason: '' });
    } catch (error) {
      if (!(error instanceof ActionRefused)) throw error;
      acted.push({ id, accepted: false, reason: error.message });
    }
  }
  return acted;
}
