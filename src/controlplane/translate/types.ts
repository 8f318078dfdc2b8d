import type { Endpoint, Resource } from '../model/resources.ts';

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

/** What a translation may ask of a mesh. Every answer may be absent: configuration is built from what there is. */
export interface MeshLookup {
  mesh(): Resource<'mesh'>;
  virtualNode(name: string): Resource<'virtualNode'> | undefined;
  virtualService(name: string): Resource<'virtualService'> | undefined;
  virtualRouter(name: string): Resource<'virtualRouter'> | undefined;
  routesOf(virtualRouter: string): readonly Resource<'route'>[];
  /** What workloads registered for a node; undefined when none ever did (then its service discovery holds). */
  endpoints(virtualNode: string): readonly Endpoint[] | undefined;
}

/** The four resource types that are served, each by name. */
export interface ProxyResources {
  readonly listener: ReadonlyMap<string, ProtoJson>;
  readonly route: ReadonlyMap<string, ProtoJson>;
  readonly cluster: ReadonlyMap<string, ProtoJson>;
  readonly endpoint: ReadonlyMap<string, ProtoJson>;
}
