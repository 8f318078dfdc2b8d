import { ConditionFailed, type Write } from '../../../store/port.ts';
import type { Resource, SpecOf } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import { KINDS, keyOf, type Stored } from '../kinds.ts';
import { normaliseSpec } from '../rules/normalise.ts';
import { checkCount, checkSpecQuotas } from '../rules/quotas.ts';
import { specReferences } from '../rules/references.ts';
import { checkRelations, type Relation } from '../rules/relations.ts';
import type { Answered } from '../state/client-tokens.ts';
import { resourcesOf } from '../state/mesh-state.ts';
import { arnOf, checkVersion, idOf, notPresent, requireMesh, requireParent, requireResource, textOf, type Api, type Call } from './api.ts';

type Draft = Pick<Stored, 'kind' | 'mesh' | 'name' | 'parent' | 'spec'> & { readonly tags: Resource['tags'] };

const draftOf = ({ kind, input }: Call): Draft => ({
  ...idOf({ kind, input }),
  spec: normaliseSpec(kind, input['spec'] as SpecOf[typeof kind] | undefined),
  tags: (input['tags'] as Resource['tags'] | undefined) ?? [],
});

/** Those of a kind that need a resource. */
function usersOf(api: Api, mesh: string): Relation['users'] {
  const state = api.meshes.meshes().get(mesh);
  return (kind, name, user) => (state === undefined ? [] : [...state.references.users(kind, name, user)].flatMap((key) => resourcesOf(state.view, user).get(key) ?? []));
}

/** What must hold of a resource among the others of its mesh, to be created or replaced. */
function checkAmongOthers(api: Api, draft: Draft): void {
  const view = api.meshes.meshes().get(draft.mesh)?.view;
  checkSpecQuotas(api.quotas, draft);
  for (const { kind, name } of specReferences(draft)) {
    const id = { kind, mesh: draft.mesh, name };
    if (api.meshes.find(id) === undefined) throw notPresent(api, id);
  }
  if (view !== undefined) checkRelations({ resource: draft, view, users: usersOf(api, draft.mesh) });
}

function countSiblings(api: Api, { kind, mesh, parent }: Draft): number {
  if (kind === 'mesh') return api.meshes.meshes().size;
  const state = api.meshes.meshes().get(mesh);
  if (state === undefined) return 0;
  const parentKind = KINDS[kind].parent;
  return parentKind === undefined || parent === undefined
    ? resourcesOf(state.view, kind).size
    : state.references.users(parentKind, parent, kind).size;
}

/**
 * The same request with the same token is answered as before, without being done again. That it came before shows when it is refused: by a rule
 * that the first one broke for it, or as its token is kept.
 */
async function once(api: Api, call: Call, draft: Draft, act: (keep: (answered: Answered) => Write[]) => Promise<Stored>): Promise<Resource> {
  const text = textOf(call.input, 'clientToken');
  if (text === undefined) return act(() => []);
  const token = await api.tokens.open(text, JSON.stringify([call.operation, call.input]));
  try {
    return await act((answered) => token.keep(answered));
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof ConditionFailed)) throw error;
    const before = await token.recall();
    if (before === undefined) throw error;
    return { ...draft, status: 'ACTIVE', ...before };
  }
}

/** @throws ApiError NotFound for the mesh, parent or what the spec names, Conflict, BadRequest, LimitExceeded */
export async function createResource(api: Api, call: Call): Promise<Resource> {
  const draft = draftOf(call);
  return once(api, call, draft, (keep) =>
    api.meshes.change(draft.mesh, () => {
      if (draft.kind !== 'mesh') requireMesh(api, draft.mesh, call.input);
      requireParent(api, draft);
      if (api.meshes.find(draft) !== undefined)
        throw new ApiError('ConflictException', `${KINDS[draft.kind].noun} with name ${keyOf(draft)} already exists`);
      checkAmongOthers(api, draft);
      checkCount(api.quotas, draft, countSiblings(api, draft));
      const now = api.clock();
      const metadata = {
        arn: arnOf(api, draft),
        uid: api.newId(),
        version: 1,
        createdAt: now,
        lastUpdatedAt: now,
        meshOwner: api.accountId,
        resourceOwner: api.accountId,
      };
      return { kind: 'put', next: { ...draft, status: 'ACTIVE', metadata }, before: undefined, also: keep({ metadata, tags: draft.tags }) };
    }),
  );
}

/** Replaces the spec whole. @throws ApiError NotFound, BadRequest, Conflict, LimitExceeded */
export async function updateResource(api: Api, call: Call): Promise<Resource> {
  const draft = draftOf(call);
  return once(api, call, draft, (keep) =>
    api.meshes.change(draft.mesh, () => {
      const before = requireResource(api, call);
      checkVersion(before, call.ifVersion);
      checkAmongOthers(api, draft);
      const { version, lastUpdatedAt } = before.metadata;
      const metadata = { ...before.metadata, version: version + 1, lastUpdatedAt: Math.max(lastUpdatedAt, api.clock()) };
      return { kind: 'put', next: { ...before, spec: draft.spec, metadata }, before, also: keep({ metadata, tags: before.tags }) };
    }),
  );
}
