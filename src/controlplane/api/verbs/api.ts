import type { Resource } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import { KINDS, resourcePath, type ResourceId, type Stored } from '../kinds.ts';
import type { Quotas } from '../rules/quotas.ts';
import type { ClientTokens } from '../state/client-tokens.ts';
import type { MeshStore } from '../state/mesh-store.ts';
import type { Input } from '../wire/read-input.ts';

/** What every verb works with. */
export interface Api {
  readonly meshes: MeshStore;
  readonly tokens: ClientTokens;
  readonly region: string;
  readonly accountId: string;
  readonly clock: () => number;
  readonly newId: () => string;
  readonly quotas: Quotas;
}

/** One call of an operation on a kind of resource. */
export interface Call {
  readonly operation: string;
  readonly kind: Resource['kind'];
  readonly input: Input;
  /** The version the caller last saw (x-meshshift-if-version). */
  readonly ifVersion?: number;
}

export const textOf = (input: Input, member: string | undefined): string | undefined =>
  member === undefined ? undefined : (input[member] as string | undefined);

/** The resource a call is about. */
export function idOf({ kind, input }: Pick<Call, 'kind' | 'input'>): ResourceId {
  const { nameMember, parentMember } = KINDS[kind];
  const parent = textOf(input, parentMember);
  return { kind, mesh: textOf(input, 'meshName') ?? '', name: textOf(input, nameMember) ?? '', ...(parent === undefined ? {} : { parent }) };
}

export const arnOf = ({ region, accountId }: Pick<Api, 'region' | 'accountId'>, id: ResourceId): string =>
  `arn:aws:appmesh:${region}:${accountId}:${resourcePath(id)}`;

/** `VirtualNode with name X is not present under mesh M for account A` */
export function notPresent({ accountId }: Pick<Api, 'accountId'>, { kind, mesh, name, parent }: ResourceId): ApiError {
  const { noun, parent: parentKind } = KINDS[kind];
  const under =
    kind === 'mesh' ? '' : parentKind === undefined ? ` under mesh ${mesh}` : ` under ${KINDS[parentKind].noun} ${parent ?? ''} of mesh ${mesh}`;
  return new ApiError('NotFoundException', `${noun} with name ${name} is not present${under} for account ${accountId}`);
}

/**
 * The mesh a call names, as its owner: no other account shares its meshes here.
 * @throws ApiError NotFoundException
 */
export function requireMesh(api: Api, mesh: string, input: Input): void {
  const owner = textOf(input, 'meshOwner') ?? api.accountId;
  const id = { kind: 'mesh', mesh, name: mesh } as const;
  if (owner !== api.accountId || api.meshes.find(id) === undefined) throw notPresent({ accountId: owner }, id);
}

/**
 * The router or gateway a call names, where its kind has one.
 * @throws ApiError NotFoundException
 */
export function requireParent(api: Api, { kind, mesh, parent }: Omit<ResourceId, 'name'>): void {
  const parentKind = KINDS[kind].parent;
  if (parentKind === undefined || parent === undefined) return;
  const id = { kind: parentKind, mesh, name: parent };
  if (api.meshes.find(id) === undefined) throw notPresent(api, id);
}

/**
 * The resource a call is about.
 * @throws ApiError NotFoundException, for what is missing: the mesh, the parent or the resource
 */
export function requireResource(api: Api, { kind, input }: Pick<Call, 'kind' | 'input'>): Stored {
  const id = idOf({ kind, input });
  requireMesh(api, id.mesh, input);
  requireParent(api, id);
  const found = api.meshes.find(id);
  if (found === undefined) throw notPresent(api, id);
  return found;
}

/** @throws ApiError Conflict unless the resource is at the version the caller asked for */
export function checkVersion({ kind, name, metadata }: Stored, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === metadata.version) return;
  throw new ApiError(
    'ConflictException',
    `${KINDS[kind].noun} with name ${name} is at version ${metadata.version}, not ${ifVersion} as x-meshshift-if-version asks`,
  );
}
