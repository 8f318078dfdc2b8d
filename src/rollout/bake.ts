import { openStep } from '../canary/judge/state.ts';
import { isStillWaiting } from './await-raise.ts';
import { endBake, endingFor, toOpenBake } from './bakes.ts';
import { bakeKey } from './keys.ts';
import { advanceJudge } from './judge-record.ts';
import { assertHeld } from './lock.ts';
import type { Ports } from './ports.ts';
import { readRecord } from './records.ts';
import { toJudged, weightOf } from './situations.ts';

export interface Baking {
  readonly id: string;
  /** Counts the bakes of the rollout. */
  readonly bake: number;
  readonly seconds: number;
  readonly token: string;
}

/**
 * Opens a bake: from here on the step's weight is measured, and whoever holds the token can end it. Actions and verdicts that came before the token
 * was stored end it at once: they are read again after it.
 * @throws LockLost when the rollout was rolled back meanwhile
 */
export async function openBake(ports: Ports, { id, bake, seconds, token }: Baking): Promise<void> {
  const { store, cipher, stepFunctions } = ports;
  const record = await readRecord(store, id);
  // Handlers run at least once: this bake is over already.
  if ((record.decision?.bake ?? -1) >= bake) return;
  await assertHeld(store, record.target, id, record.fence);
  const startedAt = ports.clock();
  const open = toOpenBake(record, { bake, startedAt, endsAt: startedAt + seconds * 1000, token: cipher.seal(token, id) });
  const step = record.promoted ? record.steps.length : record.step;
  await advanceJudge(store, ports.metrics, toJudged(record), (state) => openStep(state, step, weightOf(record)));
  await store.write([{ kind: 'put', ...bakeKey(id), value: open }]);
  const { judgement } = await advanceJudge(store, ports.metrics, toJudged(record));
  const current = await readRecord(store, id);
  if (current.alarm !== null) {
    await endBake(stepFunctions, cipher, open, { kind: 'fail', error: 'AlarmRaised', reason: current.alarm.reason });
    return;
  }
  const acted = current.pendingAction !== null || !(await isStillWaiting(ports, current));
  const ending = acted ? { kind: 'end' as const, by: 'action' as const } : endingFor(open, judgement, ports.clock());
  if (ending !== undefined) await endBake(stepFunctions, cipher, open, ending);
}
