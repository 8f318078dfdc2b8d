import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import { rolloutRequest } from '../contracts/rollout.ts';
import { readDefinition } from './definitions.ts';
import { NotFound } from './errors.ts';
import { newRecord } from './new-record.ts';
import type { Ports } from './ports.ts';
import { createRecord, type RolloutRecord } from './records.ts';
import type { RollingBack } from './roll-back.ts';
import { tellEnd } from './tell-end.ts';

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
export async function recordRefusal(ports: Ports, { id, error, reason, request, executionArn = '' }: RollingBack): Promise<{ phase: string; reason: string }> {
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
