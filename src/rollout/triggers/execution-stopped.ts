import type { ExecutionStopped } from '../../contracts/events.ts';
import { messageOfCause } from '../../contracts/message-of.ts';
import { restoreRequest, undoRequest } from '../../contracts/rollout.ts';
import { followUpName, startExecution } from '../actions/start-execution.ts';
import { leaveQueue } from '../actions/leave-queue.ts';
import { isForGood, LockLost } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { findRecord } from '../record/records.ts';
import { findQueued } from '../steps/queue.ts';
import { rollBack } from '../steps/roll-back.ts';

/** The rollout that an execution was to undo or to restore; undefined for one that rolls out. */
function restoredBy(input: string | null | undefined): string | undefined {
  try {
    const request: unknown = JSON.parse(input ?? 'null');
    return undoRequest.safeParse(request).data?.undo ?? restoreRequest.safeParse(request).data?.restore;
  } catch {
    return undefined;
  }
}

/**
 * An execution ended otherwise than by succeeding: what it could not do itself (it was stopped, or died in a way it cannot catch) is done in its place,
 * or begun, when something outside is not at hand: whoever hands events on tries a few times only.
 * After a roll-back of its own there is nothing left to do; asked again neither.
 */
export async function rollBackStopped(ports: Ports, { detail: { name: execution, input, executionArn, status, error, cause } }: ExecutionStopped): Promise<{ phase: string }> {
  const id = restoredBy(input) ?? execution;
  const why = { error: error ?? 'ExecutionStopped', reason: cause == null ? `the execution ${executionArn} is ${status}` : messageOfCause(cause) };
  try {
    if ((await findRecord(ports.store, id)) !== undefined) return { phase: (await rollBack(ports, { id, ...why })).phase };
    const queued = await findQueued(ports.store, id);
    const left = queued && (await leaveQueue(ports, queued, { who: 'meshshift', reason: `${why.error}: ${why.reason}` }));
    return { phase: left?.phase ?? 'Failed' };
  } catch (failure) {
    if (isForGood(failure) || failure instanceof LockLost) throw failure;
    ports.log('warn', 'roll-back left to an execution of its own', { id, error: String(failure) });
    // It tries for as long as a rollout does; should it fail as well, another one follows it.
    await startExecution(ports, followUpName(id, 'restore', ports.clock()), { restore: id, ...why });
    return { phase: 'RollingBack' };
  }
}
