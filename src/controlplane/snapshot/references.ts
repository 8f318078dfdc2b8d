import type { ProtoJson, ProxyResources } from '../translate/types.ts';

/** Every value of a field anywhere in a message. */
function* valuesOf(message: unknown, field: string): Generator {
  if (typeof message !== 'object' || message === null) return;
  for (const [name, value] of Object.entries(message)) {
    // Its keys are the user's.
    if (name === 'json_format') continue;
    if (name === field) yield value;
    else yield* valuesOf(value, field);
  }
}

const namesIn = (messages: Iterable<ProtoJson>, field: string): string[] =>
  [...messages].flatMap((message) => [...valuesOf(message, field)]).filter((value) => typeof value === 'string');

interface ClusterWeight {
  readonly name: string;
  readonly weight: number;
}

const weightsIn = (messages: Iterable<ProtoJson>): ClusterWeight[] =>
  [...messages].flatMap((message) => [...valuesOf(message, 'weighted_clusters')]).flatMap((value) => (value as { clusters: ClusterWeight[] }).clusters);

export const routeNamesOf = ({ listener }: ProxyResources): Set<string> => new Set(namesIn(listener.values(), 'route_config_name'));

/** Clusters that a route or listener sends some traffic to. */
export function routedClustersOf({ listener, route }: ProxyResources): Set<string> {
  const weighted = [...weightsIn(route.values()), ...weightsIn(listener.values())].filter(({ weight }) => weight > 0);
  return new Set([...weighted.map(({ name }) => name), ...namesIn(route.values(), 'cluster'), ...namesIn(listener.values(), 'cluster')]);
}

const missing = (names: Iterable<string>, from: ReadonlyMap<string, unknown>, complaint: (name: string) => string): string[] =>
  [...names].filter((name) => !from.has(name)).map(complaint);

/**
 * What is named but not there. Envoy accepts a route to an unknown cluster and then answers 503, and waits 15 s for a route
 * configuration or endpoints that never come: so such a configuration must not be published.
 */
export function danglingReferences(resources: ProxyResources): string[] {
  const { cluster, endpoint, listener, route } = resources;
  const weighted = [...weightsIn(route.values()), ...weightsIn(listener.values())].map(({ name }) => name);
  const byEds = [...cluster.values()].filter(({ type }) => type === 'EDS').map(({ name }) => String(name));
  return [
    ...missing(new Set([...weighted, ...routedClustersOf(resources)]), cluster, (name) => `a route names the cluster ${name}, which is not there`),
    ...missing(routeNamesOf(resources), route, (name) => `a listener names the routes ${name}, which are not there`),
    ...missing(byEds, endpoint, (name) => `the cluster ${name} has no endpoints resource`),
  ];
}
