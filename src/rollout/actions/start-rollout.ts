import { createHash } from 'node:crypto';
import { executionName } from '../../canary/name-version.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { RolloutRequest } from '../../contracts/rollout.ts';
import type { Ports } from '../ports.ts';
import { newRecord } from '../record/new-record.ts';
import { noteStarting } from '../record/starting.ts';
import { startExecution, type Executions } from './start-execution.ts';

/** 16 hex digits that stand for one version of one definition: by its digest, or by its tag where no digest is known. */
const fingerprint = (definition: string, { digest, tag }: RolloutRequest['image']): string =>
  createHash('sha256').update(`${definition}\n${digest ?? tag}`).digest('hex').slice(0, 16);

/**
 * Starts a rollout. Its name is made of definition, digest and attempt: the same push twice is one rollout, and `started` tells which.
 * @throws what StartExecution throws, but for ExecutionAlreadyExists
 */
export async function startRollout(executions: Executions, request: RolloutRequest): Promise<{ id: string; started: boolean }> {
  const id = executionName(request.definition, fingerprint(request.definition, request.image), request.attempt ?? 1);
  return { id, started: await startExecution(executions, id, request) };
}

/** Starts one for somebody who will ask for it by its id, which then is known at once. */
export async function startShown(ports: Pick<Ports, 'store' | 'stepFunctions' | 'canaryStateMachineArn' | 'clock'>, request: RolloutRequest, settings: CanaryDefinition): Promise<{ id: string; started: boolean }> {
  const answer = await startRollout(ports, request);
  const at = ports.clock();
  if (answer.started) await noteStarting(ports.store, { ...newRecord({ id: answer.id, executionArn: '', requestedAt: at, request }, settings, at), reason: 'its execution begins' });
  return answer;
}
