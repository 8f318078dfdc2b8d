import type { SFNClient } from '@aws-sdk/client-sfn';
import { setTimeout as delay } from 'node:timers/promises';
import type { MeshResource } from '../contracts/mesh-file.ts';
import { messageOfCause } from '../contracts/message-of.ts';
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

/** CreateVirtualNode → virtualNode */
export const kindOf = ({ create }: Pick<Provisioned, 'create'>): string => create.replace(/^Create(.)/, (_, first: string) => first.toLowerCase());

const POLL_MS = 150;

/** A control plane alone answers as App Mesh does where there is nothing. */
function refuseWithoutStepFunctions(cause: unknown): never {
  if ((cause as Error).name !== 'NotFoundException') throw cause;
  throw new CommandFailed('there is no Step Functions at this endpoint, by which it would be done', {
    exitCode: EXIT.refused,
    hint: '`meshshift serve` is the control plane alone: apply to `meshshift up` (it can hold the same folder, one after the other), or make resources by `aws appmesh`',
    cause,
  });
}

/**
 * The state machine of the stack by its name's end, wherever it is deployed.
 * @throws CommandFailed when there is none
 */
async function findStateMachine(stepFunctions: SFNClient, name: string): Promise<string> {
  const { ListStateMachinesCommand } = await import('@aws-sdk/client-sfn');
  let nextToken: string | undefined;
  do {
    const page = await stepFunctions.send(new ListStateMachinesCommand(nextToken === undefined ? {} : { nextToken })).catch(refuseWithoutStepFunctions);
    const found = page.stateMachines?.find((machine) => machine.name === name)?.stateMachineArn;
    if (found !== undefined) return found;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  throw new CommandFailed(`state machine ${name}: there is none at this endpoint`, { exitCode: EXIT.refused, hint: 'is it meshshift that answers there? Check --endpoint' });
}

const failed = (status: string, error: string | undefined, cause: string | undefined): CommandFailed =>
  new CommandFailed(`provisioning ${status.toLowerCase().replace('_', ' ')}: ${error ?? 'no error given'}: ${messageOfCause(cause ?? '')}`, { exitCode: EXIT.failed });

/** An execution's input and state hold 256 KB; the state machine adds its own to what it is given. */
const MOST_BYTES = 160_000;

/** Resources in their order, as many at a time as one execution takes. */
function inBatches(resources: readonly MeshResource[], mostBytes = MOST_BYTES): readonly (readonly MeshResource[])[] {
  const batches: MeshResource[][] = [];
  let bytes = Infinity;
  for (const resource of resources) {
    const size = Buffer.byteLength(JSON.stringify(resource)) + 1;
    if (bytes + size > mostBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(resource);
    bytes += size;
  }
  return batches;
}

/**
 * Provisions resources by the state machine that does it (`provision.asl.json`) and follows it to its end; more than one execution holds are made one
 * batch after the other, so they must come in an order in which each finds what it needs.
 * @throws CommandFailed with the state machine's error
 */
export async function provision(stepFunctions: SFNClient, resources: readonly MeshResource[], stage = 'dev'): Promise<readonly Provisioned[]> {
  const stateMachineArn = await findStateMachine(stepFunctions, `meshshift-${stage}-provision`);
  const done: Provisioned[] = [];
  for (const batch of inBatches(resources)) done.push(...(await execute(stepFunctions, stateMachineArn, batch)));
  return done;
}

async function execute(stepFunctions: SFNClient, stateMachineArn: string, resources: readonly MeshResource[]): Promise<readonly Provisioned[]> {
  const { DescribeExecutionCommand, StartExecutionCommand } = await import('@aws-sdk/client-sfn');
  const { executionArn } = await stepFunctions.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ resources }) }));
  for (;;) {
    const { status, output, error, cause } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return (JSON.parse(output ?? '{}') as { resources: Provisioned[] }).resources;
    if (status !== 'RUNNING') throw failed(String(status), error, cause);
    await delay(POLL_MS);
  }
}
