import type { GatewayRouteSpec, GatewayRouteTarget, RouteSpec, VirtualServiceSpec } from '@aws-sdk/client-app-mesh';
import type { Kind, MeshView, Resource, SpecOf } from '../../model/resources.ts';
import { refuseUnless } from '../errors.ts';
import type { ChildKind } from '../kinds.ts';
import { targetsOf } from './references.ts';

interface WithListeners {
  readonly spec: { readonly listeners?: readonly unknown[] | undefined };
}

type Named = Pick<Resource, 'name' | 'spec'>;

/** A resource about to be committed, its mesh, and how to find those of a kind that need another resource, as its children or by naming it. */
export interface Relation<K extends Kind = Kind> {
  readonly resource: Pick<Resource<K>, 'kind' | 'parent' | 'spec' | 'name'>;
  readonly view: MeshView;
  readonly users: (kind: Kind, name: string, user: ChildKind) => readonly Named[];
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

const gatewayTarget = (spec: GatewayRouteSpec): GatewayRouteTarget | undefined => (spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute)?.action?.target;

/** The user guide: a target's port is required when the provider of its virtual service has several listeners. */
function checkGatewayRoute({ resource: { spec, parent = '' }, view }: Relation<'gatewayRoute'>): void {
  refuseUnless(gatewayRouteHasPort(spec) || !hasSeveral(view.virtualGateways.get(parent)), GATEWAY_ROUTE_PORT);
  const target = gatewayTarget(spec);
  const service = view.virtualServices.get(target?.virtualService?.virtualServiceName ?? '');
  const several = service !== undefined && hasSeveral(providerOf(view, service.spec));
  refuseUnless(
    target?.port !== undefined || !several,
    'GatewayRoute must define a target port if the provider of its Virtual Service has multiple listeners',
  );
}

/** App Mesh told up to so many of the routes that stand against a second listener. */
const NAMES_TOLD = 5;

/** In App Mesh's words, as the issues of its Kubernetes controller quote them. @param must what they must define, and before what */
function refuseWithoutPort(noun: 'Route' | 'GatewayRoute', must: string, without: readonly Named[]): void {
  const names = without.slice(0, NAMES_TOLD).map(({ name }) => name);
  refuseUnless(
    without.length === 0,
    `All ${noun}s for this ${must}. ${without.length} ${noun}(s) are missing port. ` +
      `Listing up to ${NAMES_TOLD} ${noun === 'Route' ? 'route' : 'gateway route'} names: [${names.join(', ')}]`,
  );
}

const adding = (parent: string): string => `before adding multiple listeners to this ${parent}`;

const withoutTargetPort = (gatewayRoutes: readonly Named[]): Named[] => gatewayRoutes.filter(({ spec }) => gatewayTarget(spec as GatewayRouteSpec)?.port === undefined);

/** Who comes by a gateway to a service of this node or router must say which listener is meant. */
function checkServices(parent: string, { resource: { kind, name }, users }: Relation): void {
  const gatewayRoutes = users(kind, name, 'virtualService').flatMap((service) => users('virtualService', service.name, 'gatewayRoute'));
  refuseWithoutPort('GatewayRoute', `${parent} must define a target port ${adding(parent)}`, withoutTargetPort(gatewayRoutes));
}

function checkRouter(relation: Relation<'virtualRouter'>): void {
  const { resource, users } = relation;
  if (!hasSeveral(resource)) return;
  const parent = 'Virtual Router';
  refuseWithoutPort('Route', `${parent} must define a port match ${adding(parent)}`, users('virtualRouter', resource.name, 'route').filter(({ spec }) => !routeHasPort(spec as RouteSpec)));
  checkServices(parent, relation);
}

/** Else what such a route means would change without it, and it could no longer be updated: not even rolled back. */
function checkNode(relation: Relation<'virtualNode'>): void {
  const { resource, users } = relation;
  if (!hasSeveral(resource)) return;
  const parent = 'Virtual Node';
  const open = ({ spec }: Named): boolean => targetsOf(spec as RouteSpec).some(({ virtualNode, port }) => virtualNode === resource.name && port === undefined);
  refuseWithoutPort('Route', `${parent} must define a target port ${adding(parent)}`, users('virtualNode', resource.name, 'route').filter(open));
  checkServices(parent, relation);
}

function checkService({ resource: { name, spec }, view, users }: Relation<'virtualService'>): void {
  if (!hasSeveral(providerOf(view, spec))) return;
  refuseWithoutPort('GatewayRoute', 'Virtual Service must define a target port before its provider is one with multiple listeners', withoutTargetPort(users('virtualService', name, 'gatewayRoute')));
}

function checkGateway({ resource, users }: Relation<'virtualGateway'>): void {
  if (!hasSeveral(resource)) return;
  const parent = 'Virtual Gateway';
  refuseWithoutPort('GatewayRoute', `${parent} must define a port match ${adding(parent)}`, users('virtualGateway', resource.name, 'gatewayRoute').filter(({ spec }) => !gatewayRouteHasPort(spec as GatewayRouteSpec)));
}

const CHECKS: { readonly [K in keyof SpecOf]?: (relation: Relation<K>) => void } = {
  route: checkRoute,
  gatewayRoute: checkGatewayRoute,
  virtualNode: checkNode,
  virtualService: checkService,
  virtualRouter: checkRouter,
  virtualGateway: checkGateway,
};

/**
 * Rules that need other resources of the mesh, beyond that they exist.
 * @throws ApiError BadRequestException
 */
export const checkRelations = (relation: Relation): void =>
  (CHECKS[relation.resource.kind] as ((relation: Relation) => void) | undefined)?.(relation);
