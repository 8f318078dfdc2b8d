import { ExecutionAlreadyExists, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { RestoreRequest, RolloutRequest, UndoRequest } from '../../contracts/rollout.ts';

export interface Executions {
  readonly stepFunctions: SFNClient;
  readonly canaryStateMachineArn: string;
}

/** Starts an execution of `canary.asl.json` under a name of its own; answers false when one of that name was started before. */
export async function startExecution({ stepFunctions, canaryStateMachineArn }: Executions, name: string, input: RolloutRequest | UndoRequest | RestoreRequest): Promise<boolean> {
  try {
    await stepFunctions.send(new StartExecutionCommand({ stateMachineArn: canaryStateMachineArn, name, input: JSON.stringify(input) }));
    return true;
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) return false;
    throw error;
  }
}

/** The name of an execution that undoes or restores what another one did: at most 80 characters, as all have. */
export const followUpName = (id: string, what: 'undo' | 'restore', at: number): string => `${id.slice(0, 69 - what.length)}-${what}-${at.toString(36)}`;
