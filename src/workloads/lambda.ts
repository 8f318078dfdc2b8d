import { messageOf } from '../contracts/message-of.ts';
import type { LambdaSettings } from '../contracts/workload.ts';
import { readVerdict } from '../contracts/hook-verdict.ts';
import { TransientFault } from '../contracts/faults.ts';
import { WorkloadFailed, WorkloadNotReady, type Version, type Workload, type WorkloadDriver } from './port.ts';

/** What the function gets: `up` is asked until it says pass, `down` as well; each may come more than once. */
interface WorkloadEvent extends Omit<Version, 'settings'>, Partial<Pick<Workload, 'image' | 'stable'>> {
  readonly workload: 'up' | 'down';
}

/** Calls a function of the user's own and answers what it answered. @throws Error when it failed or could not be reached */
type Call = (functionName: string, event: WorkloadEvent) => Promise<unknown>;

/** Lambda's own word for a function that is not there. */
const MISSING = 'ResourceNotFoundException';

/** A function of the user's own brings versions up and takes them down; `inconclusive` is: not yet. */
export function openLambdaWorkloads(call: Call): WorkloadDriver<LambdaSettings> {
  const ask = async ({ settings: { function: name } }: Version<LambdaSettings>, event: WorkloadEvent): Promise<void> => {
    const answer = await call(name, event).catch((cause: unknown) => {
      const reason = `the function ${name} could not be asked: ${messageOf(cause)}`;
      throw cause instanceof Error && cause.name === MISSING ? new WorkloadFailed(reason, { cause }) : new TransientFault(reason, { cause });
    });
    const { outcome, reason } = readVerdict(`the function ${name}`, answer);
    if (outcome === 'inconclusive') throw event.workload === 'up' ? new WorkloadNotReady(reason) : new TransientFault(reason);
    if (outcome !== 'pass') throw outcome === 'fail' ? new WorkloadFailed(reason) : new TransientFault(reason);
  };
  return {
    up: ({ settings, ...workload }) => ask({ ...workload, settings }, { workload: 'up', ...workload }),
    down: ({ settings, ...version }) => ask({ ...version, settings }, { workload: 'down', ...version }),
  };
}
