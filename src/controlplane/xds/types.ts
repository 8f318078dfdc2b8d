import type { ProxyResources } from '../translate/types.ts';

/** The four types served over the aggregated stream. */
export type ResourceType = keyof ProxyResources;

export const RESOURCE_TYPES: readonly ResourceType[] = ['cluster', 'endpoint', 'listener', 'route'];

/** The protobuf message of each type. */
export const MESSAGE: Readonly<Record<ResourceType, string>> = {
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'envoy.config.listener.v3.Listener',
  route: 'envoy.config.route.v3.RouteConfiguration',
};

export const typeUrl = (type: ResourceType): string => `type.googleapis.com/${MESSAGE[type]}`;

const BY_URL = new Map(RESOURCE_TYPES.map((type) => [typeUrl(type), type]));

/** The type that a URL names, or undefined for one that is not served. */
export const typeOfUrl = (url: string): ResourceType | undefined => BY_URL.get(url);
