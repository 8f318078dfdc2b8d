import type { Kind, Resource } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import { KINDS, type Collection, type Stored } from '../kinds.ts';
import { checkVersion, idOf, requireResource, type Api, type Call } from './api.ts';

/** Who keeps a resource from being deleted, and how App Mesh says so. */
const IN_USE: { readonly [K in Kind]?: readonly (readonly [Kind, string])[] } = {
  virtualNode: [
    ['route', 'it is the target of one or more routes.'],
    ['virtualService', 'it is a VirtualService provider'],
  ],
  virtualRouter: [
    ['route', 'it has one or more routes.'],
    ['virtualService', 'it is a VirtualService provider'],
  ],
  virtualGateway: [['gatewayRoute', 'it has one or more gateway routes.']],
  virtualService: [['gatewayRoute', 'it is the target of one or more gateway routes.']],
};

/** App Mesh named a kind as well: who deletes a mesh by hand then knows what is left of it. */
function stillInMesh(collections: Readonly<Record<Collection, { readonly size: number }>>): string | undefined {
  const left = Object.values(KINDS).flatMap(({ collection, plural }) => (collection !== 'meshes' && collections[collection].size > 0 ? [plural] : []));
  return left.length === 0 ? undefined : `it still has ${left.join(', ')}.`;
}

function reasonToKeep(api: Api, { kind, mesh, name }: Stored): string | undefined {
  const state = api.meshes.meshes().get(mesh);
  if (state === undefined) return undefined;
  const { mesh: _, ...collections } = state.view;
  if (kind === 'mesh') return stillInMesh(collections);
  return IN_USE[kind]?.find(([user]) => state.references.users(kind, name, user).size > 0)?.[1];
}

/** @throws ApiError NotFound, ResourceInUse, Conflict */
export async function deleteResource(api: Api, call: Call): Promise<Resource> {
  const gone = await api.meshes.change(idOf(call).mesh, () => {
    const before = requireResource(api, call);
    checkVersion(before, call.ifVersion);
    const reason = reasonToKeep(api, before);
    if (reason !== undefined)
      throw new ApiError('ResourceInUseException', `${KINDS[before.kind].noun} with name ${before.name} cannot be deleted because ${reason}`);
    return { kind: 'remove', gone: before };
  });
  return { ...gone, status: 'DELETED' };
}
