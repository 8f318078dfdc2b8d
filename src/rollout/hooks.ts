import * as z from 'zod/mini';
import type { HookVerdict } from '../canary/next-action.ts';
import type { Rollout } from '../contracts/rollout.ts';
import type { Ports } from './ports.ts';
import type { RolloutRecord } from './records.ts';
import { weightOf } from './situations.ts';

/** When a hook is called: before the first weight, at the end of each step, after promotion. */
export type HookPoint = 'before' | 'step' | 'after';

/** What a hook gets. It may be called more than once for the same point. */
export interface HookEvent extends Pick<Rollout, 'id' | 'definition' | 'image' | 'target' | 'stable' | 'canary' | 'step'> {
  readonly hook: HookPoint;
  readonly weight: number;
}

/** Calls a Lambda function and answers what it answered. @throws Error when it failed or could not be reached */
export type CallHook = (functionName: string, event: HookEvent) => Promise<unknown>;

const answer = z.object({ outcome: z.enum(['pass', 'fail', 'inconclusive', 'error']), reason: z._default(z.string(), '') });
const LONGEST_REASON = 1000;

function toVerdict(name: string, value: unknown): HookVerdict {
  const parsed = answer.safeParse(value);
  if (!parsed.success) return { outcome: 'error', reason: `the hook ${name} must answer { outcome: pass | fail | inconclusive | error, reason }` };
  const { outcome, reason } = parsed.data;
  return { outcome, reason: `the hook ${name} says ${outcome}${reason === '' ? '' : `: ${reason.slice(0, LONGEST_REASON)}`}` };
}

/** Asks the definition's hook for a point; null when it has none. A hook that cannot be asked says neither yes nor no. */
export async function askHook({ callHook }: Pick<Ports, 'callHook'>, record: RolloutRecord, hook: HookPoint): Promise<HookVerdict | null> {
  const name = record.settings.hooks?.[hook];
  if (name === undefined) return null;
  const { id, definition, image, target, stable, canary, step } = record;
  try {
    return toVerdict(name, await callHook(name, { hook, id, definition, image, target, stable, canary, step, weight: weightOf(record) }));
  } catch (error) {
    return { outcome: 'error', reason: `the hook ${name} could not be asked: ${error instanceof Error ? error.message : String(error)}` };
  }
}
