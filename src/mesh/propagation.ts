import * as z from 'zod/mini';
import type { RouteTarget } from '../contracts/rollout.ts';
import { ConfigurationRejected, NotPropagated } from './errors.ts';
import type { Get } from './signed-get.ts';

const propagation = z.object({
  proxies: z.array(z.object({ nodeId: z.string(), state: z.enum(['acked', 'pending', 'rejected']), error: z.optional(z.nullable(z.string())) })),
  resources: z.array(z.object({ kind: z.string(), name: z.string(), parent: z.optional(z.string()), version: z.number(), acked: z.number(), pending: z.number(), rejected: z.number() })),
});
type Propagation = z.infer<typeof propagation>;

const REQUEST_TIMEOUT_MS = 3000;

/** Which proxies hold the route's present configuration; undefined when the control plane does not tell (it is another one than meshshift's). */
async function readPropagation(get: Get, { mesh, virtualRouter, route }: RouteTarget): Promise<Propagation | undefined> {
  const response = await get(`/meshshift/v1/propagation/${encodeURIComponent(mesh)}?${new URLSearchParams({ virtualRouter, route }).toString()}`, REQUEST_TIMEOUT_MS);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new NotPropagated(`propagation of ${mesh} cannot be read: HTTP ${response.status}`);
  const answer = propagation.safeParse(await response.json());
  return answer.success ? answer.data : undefined;
}

type State = 'confirmed' | 'pending';

/** @throws ConfigurationRejected when a proxy refused the version that holds the route. */
function stateOf({ proxies, resources }: Propagation, { virtualRouter, route }: RouteTarget, version: number): State {
  const entry = resources.find(({ kind, name, parent }) => kind === 'route' && name === route && parent === virtualRouter);
  // A route that no connected proxy is sent has nobody to wait for.
  if (entry === undefined) return 'confirmed';
  if (entry.version < version) return 'pending';
  if (entry.rejected > 0) {
    const errors = proxies.filter(({ state }) => state === 'rejected').map(({ nodeId, error }) => `${nodeId}: ${error ?? 'no reason given'}`);
    throw new ConfigurationRejected(`${entry.rejected} of the proxies refuse the route ${route} at version ${version}: ${errors.join('; ')}`);
  }
  return entry.pending > 0 ? 'pending' : 'confirmed';
}

/** Waiting is passed in: milliseconds. */
export type Wait = (ms: number) => Promise<void>;

/** Between looks: short at first, as proxies acknowledge within milliseconds. About two seconds in all; the state machine tries again after that. */
const LOOKS_MS = [5, 10, 20, 40, 80, 160, 320, 640, 640];

/**
 * Answers when every connected proxy has acknowledged the route at `version`.
 * @throws NotPropagated when some have not after about two seconds: try again
 * @throws ConfigurationRejected when one refused it
 */
export async function confirmPropagation(get: Get, target: RouteTarget, version: number, wait: Wait): Promise<void> {
  for (const ms of [0, ...LOOKS_MS]) {
    if (ms > 0) await wait(ms);
    const answer = await readPropagation(get, target);
    if (answer === undefined || stateOf(answer, target, version) === 'confirmed') return;
  }
  throw new NotPropagated(`not every proxy has acknowledged the route ${target.route} at version ${version}`);
}
