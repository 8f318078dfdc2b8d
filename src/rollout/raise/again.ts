import type { Raise } from '../../canary/gate.ts';
import type { Waiting } from '../../contracts/rollout.ts';
import type { RolloutRecord } from '../record/records.ts';

const LEAST_MS = 10_000;
const MOST_MS = 3_600_000;

/** A wait for what nobody knows the end of: asked again after as long as it has taken already. */
export function againAfter({ waiting }: Pick<RolloutRecord, 'waiting'>, kind: Waiting['for'], raise: Raise, reason: string, now: number): Waiting {
  const since = waiting?.for === kind ? waiting.since : now;
  return { for: kind, raise: raise.kind, since, until: now + Math.min(MOST_MS, Math.max(LEAST_MS, now - since)), reason };
}
