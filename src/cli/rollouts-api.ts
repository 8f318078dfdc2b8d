import type { CanarySource } from '../contracts/canary-definition.ts';
import type { Freeze, Rollout } from '../contracts/rollout.ts';
import type { ActedOn } from '../rollout/group/act-on-group.ts';
import type { PlannedRollout } from '../rollout/api/plan-rollout.ts';
import type { Client } from './client.ts';

const ROOT = '/meshshift/v1/rollouts';

export interface StartRequest {
  readonly definition: string;
  readonly image: { readonly repository?: string; readonly tag: string; readonly digest?: string };
  readonly trigger?: string;
  readonly attempt?: number;
}

/** What a list is narrowed to, as the API takes it. */
export type RolloutFilter = Readonly<Partial<Record<'definition' | 'group' | 'phase' | 'image' | 'since' | 'text', string>>>;

/** The rollouts API, typed. Errors are those of `Client.ask`. */
export const listRollouts = async (client: Client, filter: RolloutFilter = {}): Promise<readonly Rollout[]> =>
  ((await client.ask('GET', `${ROOT}?${new URLSearchParams(filter).toString()}`)) as { rollouts: Rollout[] }).rollouts;

export const readRollout = async (client: Client, id: string): Promise<Rollout> => (await client.ask('GET', `${ROOT}/${encodeURIComponent(id)}`)) as Rollout;

export const startRollout = async (client: Client, request: StartRequest): Promise<{ id: string; started: boolean }> =>
  (await client.ask('POST', ROOT, request)) as { id: string; started: boolean };

export const actOnRollout = (client: Client, id: string, action: string, body: { who: string; reason: string }): Promise<unknown> =>
  client.ask('POST', `${ROOT}/${encodeURIComponent(id)}/actions/${action}`, body);

/** What came of an action for each rollout of a group that is under way. */
export const actOnGroup = async (client: Client, group: string, action: string, body: { who: string; reason: string }): Promise<readonly ActedOn[]> =>
  ((await client.ask('POST', `/meshshift/v1/groups/${encodeURIComponent(group)}/actions/${action}`, body)) as { rollouts: ActedOn[] }).rollouts;

/** What a rollout would do. */
export const planRollout = async (client: Client, request: { readonly definition: unknown; readonly image: { readonly tag: string } }): Promise<PlannedRollout> =>
  (await client.ask('POST', `${ROOT}/plan`, request)) as PlannedRollout;

const FREEZE = '/meshshift/v1/freeze';
type FreezeAnswer = { readonly freeze: Freeze | null };
export const readFreeze = async (client: Client): Promise<Freeze | null> => ((await client.ask('GET', FREEZE)) as FreezeAnswer).freeze;
export const setFreeze = async (client: Client, body: object): Promise<Freeze | null> => ((await client.ask('PUT', FREEZE, body)) as FreezeAnswer).freeze;
export const liftFreeze = (client: Client): Promise<unknown> => client.ask('DELETE', FREEZE);

const CANARIES = '/meshshift/v1/canaries';
const canaryPath = (name: string): string => `${CANARIES}/${encodeURIComponent(name)}`;
export const putCanary = (client: Client, name: string, source: unknown): Promise<unknown> => client.ask('PUT', canaryPath(name), source);
export const deleteCanary = (client: Client, name: string): Promise<unknown> => client.ask('DELETE', canaryPath(name));
export const listCanaries = async (client: Client): Promise<readonly CanarySource[]> => ((await client.ask('GET', CANARIES)) as { canaries: CanarySource[] }).canaries;
