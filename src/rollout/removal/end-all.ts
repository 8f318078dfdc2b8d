import { ListExecutionsCommand, StopExecutionCommand, type ExecutionListItem } from '@aws-sdk/client-sfn';
import { EFFECTS } from '../../canary/actions.ts';
import { messageOf } from '../../contracts/message-of.ts';
import { listHolders } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { findRecord } from '../record/records.ts';
import { rollBack } from '../steps/roll-back.ts';
import { takeAction } from '../actions/take-action.ts';

export interface EndingAll {
  readonly who: string;
  readonly reason: string;
  /** Until when the ends are awaited, epoch ms. */
  readonly until: number;
}

const LOOK_MS = 2000;

async function listRunning({ stepFunctions, canaryStateMachineArn: stateMachineArn }: Ports): Promise<ExecutionListItem[]> {
  const running: ExecutionListItem[] = [];
  let nextToken: string | undefined;
  do {
    const page = await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', nextToken }));
    running.push(...(page.executions ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return running;
}

/** A rollout that shifts traffic is aborted, and restores its route itself; one that only waits or plans is stopped. */
async function endOne(ports: Ports, { name: id = '', executionArn }: ExecutionListItem, { who, reason }: EndingAll): Promise<void> {
  const record = await findRecord(ports.store, id);
  if (record === undefined) await ports.stepFunctions.send(new StopExecutionCommand({ executionArn, error: 'RolloutAborted', cause: reason }));
  else if (EFFECTS.abort[record.phase] === 'take') await takeAction(ports, id, { action: 'abort', who, reason });
}

/** Restores the routes that ended rollouts left behind; answers, in words, which could not be. */
async function freeRoutes(ports: Ports, reason: string): Promise<string[]> {
  const left: string[] = [];
  for (const id of await listHolders(ports.store)) {
    try {
      await rollBack(ports, { id, error: 'RolloutAborted', reason });
    } catch (error) {
      left.push(`${id} could not be rolled back: ${messageOf(error)}`);
    }
  }
  return left;
}

/**
 * Ends every rollout and waits until each route is as it was. Answers, in words, what is left when that cannot be had in time; nothing is left where the
 * list is empty. Asked again it goes on.
 */
export async function endAll(ports: Ports, ending: EndingAll): Promise<string[]> {
  for (;;) {
    const running = await listRunning(ports);
    if (running.length === 0) return freeRoutes(ports, ending.reason);
    if (ports.clock() >= ending.until) return running.map(({ name = '' }) => `${name} is still under way`);
    for (const execution of running) {
      await endOne(ports, execution, ending).catch((error: unknown) => ports.log('warn', 'rollout not ended yet', { id: execution.name, error: String(error) }));
    }
    await ports.wait(LOOK_MS);
  }
}
