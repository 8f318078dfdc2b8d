import type { SFNClient } from '@aws-sdk/client-sfn';
import { setTimeout as delay } from 'node:timers/promises';
import type { MeshResource } from '../contracts/mesh-file.ts';
import { CommandFailed } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** What became of one resource. */
export interface Provisioned {
  readonly create: string;
  /** `pgMesh/svcNode1/svcNode1`: the names that lead to it. */
  readonly name: string;
  readonly change: 'created' | 'updated' | 'unchanged';
  readonly version: number;
}

const POLL_MS = 150;

/**
 * The state machine of the stack by its name's end, wherever it is deployed.
 * @throws CommandFailed when there is none
 */
export async function findStateMachine(stepFunctions: SFNClient, name: string): Promise<string> {
  const { ListStateMachinesCommand } = await import('@aws-sdk/client-sfn');
  let nextToken: string | undefined;
  do {
    const page = await stepFunctions.send(new ListStateMachinesCommand(nextToken === undefined ? {} : { nextToken }));
    const found = page.stateMachines?.find((machine) => machine.name === name)?.stateMachineArn;
    if (found !== undefined) return found;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  throw new CommandFailed(`state machine ${name}: there is none at this endpoint`, { exitCode: EXIT.refused, hint: 'is it meshshift that answers there? Check --endpoint' });
}

const failed = (status: string, error: string | undefined, cause: string | undefined): CommandFailed =>
  new CommandFailed(`provisioning ${status.toLowerCase().replace('_', ' ')}: ${error ?? 'no error given'}: ${messageIn(cause)}`, { exitCode: EXIT.failed });

/** A function's error arrives as JSON with `errorMessage`. */
function messageIn(cause = ''): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}

/**
 * Provisions resources by the state machine that does it (`provision.asl.json`) and follows it to its end.
 * @throws CommandFailed with the state machine's error
 */
export async function provision(stepFunctions: SFNClient, resources: readonly MeshResource[], stage = 'dev'): Promise<readonly Provisioned[]> {
  const { DescribeExecutionCommand, StartExecutionCommand } = await import('@aws-sdk/client-sfn');
  const stateMachineArn = await findStateMachine(stepFunctions, `meshshift-${stage}-provision`);
  const { executionArn } = await stepFunctions.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ resources }) }));
  for (;;) {
    const { status, output, error, cause } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return (JSON.parse(output ?? '{}') as { resources: Provisioned[] }).resources;
    if (status !== 'RUNNING') throw failed(String(status), error, cause);
    await delay(POLL_MS);
  }
}
