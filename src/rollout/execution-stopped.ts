import type { ExecutionStopped } from '../contracts/events.ts';
import { undoRequest } from '../contracts/rollout.ts';
import { messageOf } from './inputs.ts';
import type { Ports } from './ports.ts';
import { findRecord } from './records.ts';
import { rollBack } from './roll-back.ts';

/** The rollout that an execution was to undo; undefined for one that rolls out. */
function undoneBy(input: string | null | undefined): string | undefined {
  try {
    return undoRequest.safeParse(JSON.parse(input ?? 'null')).data?.undo;
  } catch {
    return undefined;
  }
}

/**
 * An execution ended otherwise than by succeeding: what it could not do itself (it was stopped, or died in a way it cannot catch) is done in its place.
 * After a roll-back of its own there is nothing left to do; asked again neither.
 */
export async function rollBackStopped(ports: Ports, { detail: { name: execution, input, executionArn, status, error, cause } }: ExecutionStopped): Promise<{ phase: string }> {
  const name = undoneBy(input) ?? execution;
  const record = await findRecord(ports.store, name);
  if (record === undefined) return { phase: 'Failed' };
  const { phase } = await rollBack(ports, { id: name, error: error ?? 'ExecutionStopped', reason: cause == null ? `the execution ${executionArn} is ${status}` : messageOf(cause) });
  return { phase };
}
