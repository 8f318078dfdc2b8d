import type { Rollout } from '../../src/contracts/rollout.ts';
import { eventually } from '../support/eventually.ts';
import { functions } from './functions.ts';
import { pushOf, routeOf } from './pgmesh.ts';
import type { World } from './world.ts';

const contextOf = (functionName: string) => ({ functionName, awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 });

/** Calls a handler as its trigger does. */
export const call = (name: string, event: unknown): Promise<unknown> => functions[name]!(event, contextOf(name));

/** What tests do with the rollouts of a world. */
export function rolloutsOf(world: () => World) {
  const arnOf = (id: string): string => `${world().arn('canary').replace('stateMachine', 'execution')}:${id}`;
  const when = (id: string, holds: (rollout: Rollout) => boolean, what: string): Promise<Rollout> =>
    eventually(async () => {
      const rollout = await world().rollout(id);
      // Before it is planned there is none yet.
      return 'phase' in rollout && holds(rollout) ? rollout : undefined;
    }, what);
  return {
    arnOf,
    when,
    begin: async (tag: string): Promise<string> => ((await call('ImagePushed', pushOf(tag))) as { rollouts: { id: string }[] }).rollouts[0]!.id,
    act: (id: string, action: string, body: unknown = {}) => world().api('POST', `/rollouts/${id}/actions/${action}`, body),
    baking: (id: string, step = 0) => when(id, ({ bake, waiting }) => bake?.step === step && waiting === null, `bake of step ${step}`),
    waitingFor: (id: string, kind: string) => when(id, ({ waiting, bake }) => waiting?.for === kind && bake !== null, `a wait for ${kind}`),
    ended: (id: string) => world().ended(arnOf(id)),
    states: async (id: string) => (await world().history(arnOf(id))).flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []),
    weights: async (): Promise<Record<string, number>> => Object.fromEntries((await routeOf(world())).http2Route!.action!.weightedTargets!.map(({ virtualNode = '', weight = 0 }) => [virtualNode, weight])),
  };
}
