import type { RouteSpec, VirtualNodeSpec } from '@aws-sdk/client-app-mesh';
import type { Kind, Resource } from '../../model/resources.ts';
import { ApiError } from '../errors.ts';
import { KINDS } from '../kinds.ts';
import { targetsOf } from './references.ts';

/** How many there may be; a quota that is not given is unlimited. */
export interface Quotas {
  readonly meshes?: number;
  readonly virtualNodesPerMesh?: number;
  readonly virtualRoutersPerMesh?: number;
  readonly virtualServicesPerMesh?: number;
  readonly virtualGatewaysPerMesh?: number;
  readonly routesPerVirtualRouter?: number;
  readonly gatewayRoutesPerVirtualGateway?: number;
  readonly backendsPerVirtualNode?: number;
  readonly targetsPerRoute?: number;
  /** Connected for one virtual node or gateway at the same time. */
  readonly proxiesPerNode?: number;
}

const COUNT_QUOTA: Readonly<Record<Kind, keyof Quotas>> = {
  mesh: 'meshes',
  virtualNode: 'virtualNodesPerMesh',
  virtualRouter: 'virtualRoutersPerMesh',
  route: 'routesPerVirtualRouter',
  virtualService: 'virtualServicesPerMesh',
  virtualGateway: 'virtualGatewaysPerMesh',
  gatewayRoute: 'gatewayRoutesPerVirtualGateway',
};

const exceeded = (what: string, limit: number, within: string): ApiError =>
  new ApiError('LimitExceededException', `You've reached the limit on number of ${what}(${limit}) for ${within}.`);

function scopeOf({ kind, mesh, parent }: Pick<Resource, 'kind' | 'mesh' | 'parent'>): string {
  const { parent: parentKind } = KINDS[kind];
  if (kind === 'mesh') return 'the account';
  return parentKind === undefined ? `the mesh ${mesh}` : `the ${KINDS[parentKind].noun} ${parent ?? ''}`;
}

/**
 * Whether one more resource of its kind may be where there are `count`.
 * @throws ApiError LimitExceededException
 */
export function checkCount(quotas: Quotas, resource: Pick<Resource, 'kind' | 'mesh' | 'parent'>, count: number): void {
  const limit = quotas[COUNT_QUOTA[resource.kind]];
  if (limit !== undefined && count >= limit) throw exceeded(KINDS[resource.kind].plural, limit, scopeOf(resource));
}

/**
 * Whether a spec names no more backends or targets than allowed.
 * @throws ApiError LimitExceededException
 */
export function checkSpecQuotas(quotas: Quotas, { kind, name, spec }: Pick<Resource, 'kind' | 'name' | 'spec'>): void {
  const { backendsPerVirtualNode: backends = Infinity, targetsPerRoute: targets = Infinity } = quotas;
  if (kind === 'virtualNode' && ((spec as VirtualNodeSpec).backends?.length ?? 0) > backends)
    throw exceeded('backends', backends, `the VirtualNode ${name}`);
  if (kind === 'route' && targetsOf(spec as RouteSpec).length > targets) throw exceeded('targets', targets, `the Route ${name}`);
}
