import { createHash } from 'node:crypto';
import { ExecutionAlreadyExists, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { executionName } from '../../canary/name-version.ts';
import type { RolloutRequest } from '../../contracts/rollout.ts';

interface Engine {
  readonly stepFunctions: SFNClient;
  readonly canaryStateMachineArn: string;
}

/** 16 hex digits that stand for one version of one definition: by its digest, or by its tag where no digest is known. */
const fingerprint = (definition: string, { digest, tag }: RolloutRequest['image']): string =>
  createHash('sha256').update(`${definition}\n${digest ?? tag}`).digest('hex').slice(0, 16);

/**
 * Starts a rollout. Its name is made of definition, digest and attempt: the same push twice is one rollout, and `started` tells which.
 * @throws what StartExecution throws, but for ExecutionAlreadyExists
 */
export async function startRollout({ stepFunctions, canaryStateMachineArn }: Engine, request: RolloutRequest): Promise<{ id: string; started: boolean }> {
  const id = executionName(request.definition, fingerprint(request.definition, request.image), request.attempt ?? 1);
  try {
    await stepFunctions.send(new StartExecutionCommand({ stateMachineArn: canaryStateMachineArn, name: id, input: JSON.stringify(request) }));
    return { id, started: true };
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) return { id, started: false };
    throw error;
  }
}
