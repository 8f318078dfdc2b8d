import type { HookVerdict } from '../../canary/next-action.ts';
import { readVerdict } from '../../contracts/hook-verdict.ts';
import { messageOf } from '../../contracts/message-of.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import type { Ports } from '../ports.ts';
import type { RolloutRecord } from '../record/records.ts';
import { weightOf } from '../bake/situations.ts';

/** When a hook is called: before the first weight, at the end of each step, after promotion. */
export type HookPoint = 'before' | 'step' | 'after';

/** What a hook gets. It may be called more than once for the same point. */
interface HookEvent extends Pick<Rollout, 'id' | 'definition' | 'image' | 'target' | 'stable' | 'canary' | 'step'> {
  readonly hook: HookPoint;
  readonly weight: number;
}

/** Asks the definition's hook for a point; null when it has none. A hook that cannot be asked says neither yes nor no. */
export async function askHook({ callHook }: Pick<Ports, 'callHook'>, record: RolloutRecord, hook: HookPoint): Promise<HookVerdict | null> {
  const name = record.settings.hooks?.[hook];
  if (name === undefined) return null;
  const { id, definition, image, target, stable, canary, step } = record;
  try {
    const event: HookEvent = { hook, id, definition, image, target, stable, canary, step, weight: weightOf(record) };
    return readVerdict(`the hook ${name}`, await callHook(name, event));
  } catch (error) {
    return { outcome: 'error', reason: `the hook ${name} could not be asked: ${messageOf(error)}` };
  }
}
