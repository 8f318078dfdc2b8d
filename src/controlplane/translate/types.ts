import type { Endpoint, Resource } from '../model/resources.ts';
import type { ClientPolicyTls, GatewayConnectionPool } from './specs.ts';

/** A protobuf message in its JSON form (field names as in Envoy's documentation); an Any carries `@type`. */
export type ProtoJson = Readonly<Record<string, unknown>>;

/** App Mesh's listener protocols. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp';

/** A port with the protocol spoken on it. */
export interface Port {
  readonly port: number;
  readonly protocol: Protocol;
}

/** Who gets a configuration. All proxies with equal fields get the same. */
export interface Proxy {
  readonly mesh: string;
  readonly kind: 'virtualNode' | 'virtualGateway';
  readonly name: string;
  readonly client: 'envoy' | 'grpc';
  /** Loopback listeners instead of interception: on the ports given, or (true) on each service's own. */
  readonly listen?: true | Readonly<Record<string, number>>;
}

/** How a proxy reaches a node: what its owner demands of the connection. */
export interface Way {
  /** Tells this way apart from another of the same proxy: the name of the backend, or the port of the gateway. */
  readonly label: string;
  readonly tls: ClientPolicyTls | undefined;
  /** A gateway's connection pool bounds what it sends on. */
  readonly pool?: GatewayConnectionPool | undefined;
}

/** Who routes to nodes. Naming a cluster makes it part of the configuration. */
export interface Caller {
  readonly mesh: MeshLookup;
  readonly client: Proxy['client'];
  cluster(node: Resource<'virtualNode'>, port: Port): string;
}

/** What a translation may ask of a mesh. Every answer may be absent: configuration is built from what there is. */
export interface MeshLookup {
  mesh(): Resource<'mesh'>;
  virtualNode(name: string): Resource<'virtualNode'> | undefined;
  virtualService(name: string): Resource<'virtualService'> | undefined;
  virtualRouter(name: string): Resource<'virtualRouter'> | undefined;
  virtualGateway(name: string): Resource<'virtualGateway'> | undefined;
  routesOf(virtualRouter: string): readonly Resource<'route'>[];
  gatewayRoutesOf(virtualGateway: string): readonly Resource<'gatewayRoute'>[];
  /** What workloads registered for a node; undefined when none ever did (then its service discovery holds). */
  endpoints(virtualNode: string): readonly Endpoint[] | undefined;
  /** Addresses of a node's instances as AWS Cloud Map knows them; undefined when it was not (yet) heard. */
  instances(virtualNode: string): readonly string[] | undefined;
}

/** The four resource types that are served, each by name. */
export interface ProxyResources {
  readonly listener: ReadonlyMap<string, ProtoJson>;
  readonly route: ReadonlyMap<string, ProtoJson>;
  readonly cluster: ReadonlyMap<string, ProtoJson>;
  readonly endpoint: ReadonlyMap<string, ProtoJson>;
}
