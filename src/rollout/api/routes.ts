import { InvalidInput, parseInput } from '../../contracts/mistakes.ts';
import { actionName, actionRequest, rolloutRequest } from '../../contracts/rollout.ts';
import { deleteDefinition, listDefinitions, readDefinition, readDefinitionSource, writeDefinition } from '../record/definitions.ts';
import { findFreeze, freezeRequest, liftFreeze, setFreeze } from '../raise/freeze.ts';
import { listRollouts, rolloutFilter } from './list-rollouts.ts';
import { planOnly, planRequest } from './plan-rollout.ts';
import { followLink, showLink } from '../links/answer-link.ts';
import type { Ports } from '../ports.ts';
import { showRollout } from './show.ts';
import { startShown } from '../actions/start-rollout.ts';
import { actOnGroup, groupAction } from '../group/act-on-group.ts';
import { takeAction } from '../actions/take-action.ts';

export interface Asked {
  readonly segments: readonly string[];
  readonly text: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Who signed the request, where the API knows; then nobody can act in another's name. */
  readonly caller?: string | undefined;
}

export interface Answer {
  readonly status: number;
  /** JSON; a text where it is a page. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: RegExp;
  answer(ports: Ports, asked: Asked): Promise<Answer>;
}

const ok = (body: unknown): Answer => ({ status: 200, body });

/** No body at all is an empty object. */
function readBody(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InvalidInput([{ file: 'request body', path: '', value: text, rule: 'must be JSON' }], { cause });
  }
}

async function start(ports: Ports, { text }: Asked): Promise<Answer> {
  const request = parseInput(rolloutRequest, readBody(text), 'request body');
  const settings = await readDefinition(ports.store, request.definition);
  const { id, started } = await startShown(ports, { trigger: 'api', ...request, image: { repository: settings.image.repository, ...request.image } }, settings);
  return { status: started ? 201 : 200, body: { id, started } };
}

async function act(ports: Ports, { segments: [id = '', name = ''], text, caller }: Asked): Promise<Answer> {
  const action = parseInput(actionName, name, 'action');
  const asked = parseInput(actionRequest, readBody(text), 'request body');
  const { id: answered } = await takeAction(ports, id, { action, ...asked, ...(caller === undefined ? {} : { who: caller }) });
  return { status: 202, body: action === 'retry' ? { id: answered } : await showRollout(ports, answered) };
}

async function actOnAll(ports: Ports, { segments: [group = '', name = ''], text, caller }: Asked): Promise<Answer> {
  const action = parseInput(groupAction, name, 'action');
  const asked = parseInput(actionRequest, readBody(text), 'request body');
  return { status: 202, body: { group, action, rollouts: await actOnGroup(ports, group, { action, ...asked, ...(caller === undefined ? {} : { who: caller }) }) } };
}

async function freeze(ports: Ports, { text, caller }: Asked): Promise<Answer> {
  const asked = parseInput(freezeRequest, readBody(text), 'request body');
  return ok({ freeze: await setFreeze(ports, { ...asked, ...(caller === undefined ? {} : { who: caller }) }) });
}

const LINK = /^\/meshshift\/v1\/link$/;
const PLAN = /^\/meshshift\/v1\/rollouts\/plan$/;
const FREEZE = /^\/meshshift\/v1\/freeze$/;
const ROLLOUTS = /^\/meshshift\/v1\/rollouts\/?$/;
const ROLLOUT = /^\/meshshift\/v1\/rollouts\/([^/]+)$/;
const ACTION = /^\/meshshift\/v1\/rollouts\/([^/]+)\/actions\/([^/]+)$/;
const GROUP_ACTION = /^\/meshshift\/v1\/groups\/([^/]+)\/actions\/([^/]+)$/;
const CANARIES = /^\/meshshift\/v1\/canaries\/?$/;
const CANARY = /^\/meshshift\/v1\/canaries\/([^/]+)$/;

/** The API: a row a method and path. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: ROLLOUTS, answer: async ({ store }, { query }) => ok({ rollouts: await listRollouts(store, parseInput(rolloutFilter, query, 'query')) }) },
  { method: 'POST', path: ROLLOUTS, answer: start },
  {
    method: 'GET',
    path: PLAN,
    answer: async (ports, { query }) => ok(await planOnly(ports, parseInput(planRequest, { definition: query['definition'], image: { tag: query['tag'] } }, 'query'))),
  },
  { method: 'POST', path: PLAN, answer: async (ports, { text }) => ok(await planOnly(ports, parseInput(planRequest, readBody(text), 'request body'))) },
  { method: 'GET', path: FREEZE, answer: async ({ store, clock }) => ok({ freeze: (await findFreeze(store, clock())) ?? null }) },
  { method: 'PUT', path: FREEZE, answer: freeze },
  {
    method: 'DELETE',
    path: FREEZE,
    answer: async (ports) => {
      await liftFreeze(ports);
      return ok({ freeze: null });
    },
  },
  { method: 'GET', path: LINK, answer: async (ports, { query }) => showLink(ports, query['token']) },
  { method: 'POST', path: LINK, answer: async (ports, { query, text }) => followLink(ports, query['token'], text) },
  { method: 'GET', path: ROLLOUT, answer: async (ports, { segments: [id = ''] }) => ok(await showRollout(ports, id)) },
  { method: 'POST', path: ACTION, answer: act },
  { method: 'POST', path: GROUP_ACTION, answer: actOnAll },
  { method: 'GET', path: CANARIES, answer: async ({ store }) => ok({ canaries: await listDefinitions(store) }) },
  { method: 'GET', path: CANARY, answer: async ({ store }, { segments: [name = ''] }) => ok(await readDefinitionSource(store, name)) },
  {
    method: 'PUT',
    path: CANARY,
    answer: async (ports, { segments: [name = ''], text }) => {
      await writeDefinition(ports, name, readBody(text));
      return ok(await readDefinitionSource(ports.store, name));
    },
  },
  {
    method: 'DELETE',
    path: CANARY,
    answer: async (ports, { segments: [name = ''] }) => {
      await deleteDefinition(ports, name);
      return ok({ name });
    },
  },
];
