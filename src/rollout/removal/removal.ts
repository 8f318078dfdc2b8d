import * as z from 'zod/mini';
import { TransientFault } from '../../contracts/faults.ts';
import { endAll } from './end-all.ts';
import type { Ports } from '../ports.ts';

/** What CloudFormation asks of a custom resource; the URL is signed, and is where the answer goes. */
export const stackRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string().check(z.minLength(1, 'must not be empty')),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
});
type StackRequest = z.infer<typeof stackRequest>;

/** Within the function's 15 minutes, with time left to answer. */
const LONGEST_MS = 13 * 60_000;
const ANSWER_TIMEOUT_MS = 20_000;
const LONGEST_REASON = 1000;

async function answer({ ResponseURL, StackId, RequestId, LogicalResourceId }: StackRequest, left: readonly string[]): Promise<void> {
  const outcome = left.length === 0 ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: `rollouts must end before the stack is removed; remove it again to go on. ${left.join('; ')}`.slice(0, LONGEST_REASON) };
  const body = JSON.stringify({ ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId: 'meshshift-removal' });
  const response = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' }, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (!response.ok) throw new TransientFault(`CloudFormation took no answer: HTTP ${response.status}`);
}

/**
 * Stands between a stack and its removal: every rollout is ended first, and its route restored, as nobody could do so afterwards. A removal that would
 * leave a route half-shifted fails, and says which.
 */
export async function guardRemoval(portsOf: () => Promise<Ports>, request: StackRequest): Promise<{ left: readonly string[] }> {
  const end = async (): Promise<string[]> => {
    const ports = await portsOf();
    return endAll(ports, { who: 'CloudFormation', reason: 'the stack is removed', until: ports.clock() + LONGEST_MS });
  };
  const left = request.RequestType === 'Delete' ? await end().catch((error: unknown) => [String(error)]) : [];
  await answer(request, left);
  return { left };
}
