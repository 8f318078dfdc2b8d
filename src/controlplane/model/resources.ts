import type {
  GatewayRouteSpec,
  MeshSpec,
  RouteSpec,
  VirtualGatewaySpec,
  VirtualNodeSpec,
  VirtualRouterSpec,
  VirtualServiceSpec,
} from '@aws-sdk/client-app-mesh';

/** The spec of each kind of resource, in App Mesh's own shapes. */
export interface SpecOf {
  mesh: MeshSpec;
  virtualNode: VirtualNodeSpec;
  virtualRouter: VirtualRouterSpec;
  route: RouteSpec;
  virtualService: VirtualServiceSpec;
  virtualGateway: VirtualGatewaySpec;
  gatewayRoute: GatewayRouteSpec;
}

export type Kind = keyof SpecOf;

/** One stored resource. `parent` is the router of a route or the gateway of a gateway route. */
export interface Resource<K extends Kind = Kind> {
  readonly kind: K;
  readonly mesh: string;
  readonly name: string;
  readonly parent?: string;
  readonly spec: SpecOf[K];
  readonly status: 'ACTIVE' | 'INACTIVE' | 'DELETED';
  readonly metadata: {
    readonly arn: string;
    readonly uid: string;
    /** 1 on creation, + 1 with each update. */
    readonly version: number;
    /** Epoch milliseconds. */
    readonly createdAt: number;
    readonly lastUpdatedAt: number;
    readonly meshOwner: string;
    readonly resourceOwner: string;
  };
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Everything of one mesh, by name; routes and gateway routes by `parent/name`. Immutable: a change makes a new view. */
export interface MeshView {
  readonly mesh: Resource<'mesh'>;
  readonly virtualNodes: ReadonlyMap<string, Resource<'virtualNode'>>;
  readonly virtualRouters: ReadonlyMap<string, Resource<'virtualRouter'>>;
  readonly routes: ReadonlyMap<string, Resource<'route'>>;
  readonly virtualServices: ReadonlyMap<string, Resource<'virtualService'>>;
  readonly virtualGateways: ReadonlyMap<string, Resource<'virtualGateway'>>;
  readonly gatewayRoutes: ReadonlyMap<string, Resource<'gatewayRoute'>>;
}

/** A change that everybody sees, told once it outlives the process. */
export interface MeshChange {
  readonly mesh: string;
  readonly kind: Kind;
  readonly name: string;
  readonly parent?: string;
  readonly change: 'created' | 'updated' | 'deleted';
}

/** What the xDS side reads of the API side. */
export interface MeshReader {
  meshNames(): string[];
  view(mesh: string): MeshView | undefined;
  /** Calls back after each committed change; returns how to stop. */
  onChange(listener: (change: MeshChange) => void): () => void;
}

/** An address a workload registered for a virtual node. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}
