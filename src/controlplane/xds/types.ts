import type { ProxyResources } from '../translate/types.ts';

/** The types that a mesh is translated to. */
export type TranslatedType = keyof ProxyResources;

/** The types served over the aggregated stream: those, and the secrets that they name. */
export type ResourceType = TranslatedType | 'secret';

export const TRANSLATED_TYPES: readonly TranslatedType[] = ['cluster', 'endpoint', 'listener', 'route'];

export const RESOURCE_TYPES: readonly ResourceType[] = [...TRANSLATED_TYPES, 'secret'];

/** The protobuf message of each type. */
export const MESSAGE: Readonly<Record<ResourceType, string>> = {
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'envoy.config.listener.v3.Listener',
  route: 'envoy.config.route.v3.RouteConfiguration',
  secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
};

export const typeUrl = (type: ResourceType): string => `type.googleapis.com/${MESSAGE[type]}`;

const BY_URL = new Map(RESOURCE_TYPES.map((type) => [typeUrl(type), type]));

/** The type that a URL names, or undefined for one that is not served. */
export const typeOfUrl = (url: string): ResourceType | undefined => BY_URL.get(url);
