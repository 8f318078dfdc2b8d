import type { GatewayRouteSpec, RouteSpec, VirtualServiceSpec } from '@aws-sdk/client-app-mesh';
import type { Kind, MeshView, Resource, SpecOf } from '../../model/resources.ts';
import { refuseUnless } from '../errors.ts';
import { targetsOf } from './references.ts';

interface WithListeners {
  readonly spec: { readonly listeners?: readonly unknown[] | undefined };
}

/** A resource about to be committed, its mesh, and (for a router or gateway) the routes it has. */
export interface Relation<K extends Kind = Kind> {
  readonly resource: Pick<Resource<K>, 'kind' | 'parent' | 'spec' | 'name'>;
  readonly view: MeshView;
  readonly children: readonly Pick<Resource, 'name' | 'spec'>[];
}

const hasSeveral = (resource: WithListeners | undefined): boolean => (resource?.spec.listeners?.length ?? 0) > 1;

const routeHasPort = (spec: RouteSpec): boolean => (spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute ?? spec.tcpRoute)?.match?.port !== undefined;
const gatewayRouteHasPort = (spec: GatewayRouteSpec): boolean => (spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute)?.match?.port !== undefined;

const ROUTE_PORT = 'Route must define a port match criteria if the Virtual Router has multiple listeners';
const GATEWAY_ROUTE_PORT = 'GatewayRoute must define a port match criteria if the Virtual Gateway has multiple listeners';

/** The user guide: a target's port is required when the virtual node has several listeners. */
function checkRoute({ resource: { spec, parent = '' }, view }: Relation<'route'>): void {
  refuseUnless(routeHasPort(spec) || !hasSeveral(view.virtualRouters.get(parent)), ROUTE_PORT);
  for (const { virtualNode = '', port } of targetsOf(spec)) {
    refuseUnless(
      port !== undefined || !hasSeveral(view.virtualNodes.get(virtualNode)),
      `Route must define a port for its target ${virtualNode}, a Virtual Node with multiple listeners`,
    );
  }
}

const providerOf = (view: MeshView, { provider }: VirtualServiceSpec): WithListeners | undefined =>
  view.virtualNodes.get(provider?.virtualNode?.virtualNodeName ?? '') ?? view.virtualRouters.get(provider?.virtualRouter?.virtualRouterName ?? '');

/** The user guide: a target's port is required when the provider of its virtual service has several listeners. */
function checkGatewayRoute({ resource: { spec, parent = '' }, view }: Relation<'gatewayRoute'>): void {
  refuseUnless(gatewayRouteHasPort(spec) || !hasSeveral(view.virtualGateways.get(parent)), GATEWAY_ROUTE_PORT);
  const target = (spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute)?.action?.target;
  const service = view.virtualServices.get(target?.virtualService?.virtualServiceName ?? '');
  const several = service !== undefined && hasSeveral(providerOf(view, service.spec));
  refuseUnless(
    target?.port !== undefined || !several,
    'GatewayRoute must define a target port if the provider of its Virtual Service has multiple listeners',
  );
}

/** App Mesh told up to so many of the routes that stand against a second listener. */
const NAMES_TOLD = 5;

/** In App Mesh's words, as the issues of its Kubernetes controller quote them. */
function refuseWithoutPort(noun: string, parent: string, without: Relation['children']): void {
  const names = without.slice(0, NAMES_TOLD).map(({ name }) => name);
  refuseUnless(
    without.length === 0,
    `All ${noun}s for this ${parent} must define a port match before adding multiple listeners to this ${parent}. ` +
      `${without.length} ${noun}(s) are missing port. Listing up to ${NAMES_TOLD} ${noun === 'Route' ? 'route' : 'gateway route'} names: [${names.join(', ')}]`,
  );
}

function checkRouter({ resource, children }: Relation<'virtualRouter'>): void {
  if (hasSeveral(resource)) refuseWithoutPort('Route', 'Virtual Router', children.filter(({ spec }) => !routeHasPort(spec as RouteSpec)));
}

function checkGateway({ resource, children }: Relation<'virtualGateway'>): void {
  if (hasSeveral(resource)) refuseWithoutPort('GatewayRoute', 'Virtual Gateway', children.filter(({ spec }) => !gatewayRouteHasPort(spec as GatewayRouteSpec)));
}

const CHECKS: { readonly [K in keyof SpecOf]?: (relation: Relation<K>) => void } = {
  route: checkRoute,
  gatewayRoute: checkGatewayRoute,
  virtualRouter: checkRouter,
  virtualGateway: checkGateway,
};

/**
 * Rules that need other resources of the mesh, beyond that they exist.
 * @throws ApiError BadRequestException
 */
export const checkRelations = (relation: Relation): void =>
  (CHECKS[relation.resource.kind] as ((relation: Relation) => void) | undefined)?.(relation);
