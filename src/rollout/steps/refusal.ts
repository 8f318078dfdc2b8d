import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import { rolloutRequest } from '../../contracts/rollout.ts';
import { readDefinition } from '../record/definitions.ts';
import { NotFound } from '../errors.ts';
import { newRecord } from '../record/new-record.ts';
import type { Ports } from '../ports.ts';
import { createRecord, type RolloutRecord } from '../record/records.ts';
import { tellEnd } from './tell-end.ts';

/** Why an execution's rollout is not to be, and what is known of it. */
export interface Refused {
  readonly id: string;
  /** The name of what went wrong, and what it says. */
  readonly error: string;
  readonly reason: string;
  /** The execution's input and ARN: what is known of a rollout that never began. */
  readonly request?: unknown;
  readonly executionArn?: string | undefined;
}

async function settingsOf({ store }: Ports, definition: string): Promise<CanaryDefinition | undefined> {
  try {
    return await readDefinition(store, definition);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/**
 * Records a rollout that was refused before it began: nothing was changed, so nothing is restored. What cannot be recorded, because its request
 * or its definition is not there, is only told.
 */
export async function recordRefusal(ports: Ports, { id, error, reason, request, executionArn = '' }: Refused): Promise<{ phase: string; reason: string }> {
  const why = `${error}: ${reason}`;
  const asked = rolloutRequest.safeParse(request).data;
  const settings = asked === undefined ? undefined : await settingsOf(ports, asked.definition);
  const refused = { phase: 'Failed', reason: why };
  if (asked === undefined || settings === undefined) {
    await ports.publish('Rollout Failed', { id, definition: asked?.definition ?? '', phase: 'Failed', step: -1, weight: 0, reason: why, who: 'meshshift' });
    return refused;
  }
  const at = ports.clock();
  const record: RolloutRecord = { ...newRecord({ id, executionArn, requestedAt: at, request: asked }, settings, at), phase: 'Failed', endedAt: at, deadline: at, reason: why, untold: 'Rollout Failed' };
  await ports.store.write(createRecord(record, [{ at, who: record.trigger, kind: 'refused', reason: why }]));
  await tellEnd(ports, record);
  return refused;
}
