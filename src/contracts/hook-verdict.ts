import * as z from 'zod/mini';
import type { Outcome } from './rollout.ts';

const answer = z.object({ outcome: z.enum(['pass', 'fail', 'inconclusive', 'error']), reason: z._default(z.string(), '') });
const LONGEST_REASON = 1000;

/** What a function of the user's own says; an answer that is none is an error. `who`, such as `the hook NAME`, begins the reason. */
export function readVerdict(who: string, value: unknown): { outcome: Outcome; reason: string } {
  const parsed = answer.safeParse(value);
  if (!parsed.success) return { outcome: 'error', reason: `${who} must answer { outcome: pass | fail | inconclusive | error, reason }` };
  const { outcome, reason } = parsed.data;
  return { outcome, reason: `${who} says ${outcome}${reason === '' ? '' : `: ${reason.slice(0, LONGEST_REASON)}`}` };
}
