import type { RouteSpec, VirtualServiceSpec, GatewayRouteSpec, WeightedTarget } from '@aws-sdk/client-app-mesh';
import type { Resource, SpecOf } from '../../model/resources.ts';
import type { ChildKind } from '../kinds.ts';

/** A resource that another one needs: it must exist, and cannot be deleted meanwhile. */
export interface Reference {
  readonly kind: ChildKind;
  readonly name: string;
}

/** The weighted targets of a route of any type. */
export function targetsOf(spec: RouteSpec): readonly WeightedTarget[] {
  const route = spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute ?? spec.tcpRoute;
  return route?.action?.weightedTargets ?? [];
}

const routeReferences = (spec: RouteSpec): Reference[] =>
  targetsOf(spec).flatMap(({ virtualNode }) => (virtualNode === undefined ? [] : [{ kind: 'virtualNode', name: virtualNode }]));

function serviceReferences({ provider }: VirtualServiceSpec): Reference[] {
  const node = provider?.virtualNode?.virtualNodeName;
  const router = provider?.virtualRouter?.virtualRouterName;
  return [
    ...(node === undefined ? [] : [{ kind: 'virtualNode', name: node } as const]),
    ...(router === undefined ? [] : [{ kind: 'virtualRouter', name: router } as const]),
  ];
}

function gatewayRouteReferences(spec: GatewayRouteSpec): Reference[] {
  const route = spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute;
  const service = route?.action?.target?.virtualService?.virtualServiceName;
  return service === undefined ? [] : [{ kind: 'virtualService', name: service }];
}

const BY_KIND: { readonly [K in keyof SpecOf]: (spec: SpecOf[K]) => Reference[] } = {
  mesh: () => [],
  virtualNode: () => [], // a backend may name a virtual service that is not there yet
  virtualRouter: () => [],
  route: routeReferences,
  virtualService: serviceReferences,
  virtualGateway: () => [],
  gatewayRoute: gatewayRouteReferences,
};

const PARENT = { route: 'virtualRouter', gatewayRoute: 'virtualGateway' } as const;

/** What a spec names. */
export const specReferences = ({ kind, spec }: Pick<Resource, 'kind' | 'spec'>): Reference[] =>
  (BY_KIND[kind] as (spec: unknown) => Reference[])(spec);

/** What a resource needs: what its spec names, and the router or gateway it belongs to. */
export function referencesOf(resource: Pick<Resource, 'kind' | 'spec' | 'parent'>): Reference[] {
  const { kind, parent } = resource;
  const named = specReferences(resource);
  return parent === undefined || (kind !== 'route' && kind !== 'gatewayRoute') ? named : [{ kind: PARENT[kind], name: parent }, ...named];
}
