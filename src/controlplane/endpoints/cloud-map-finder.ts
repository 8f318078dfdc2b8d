import type { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import type { InstanceFinder } from './instance-answers.ts';

export interface FinderOptions {
  readonly region: string;
  /** Another endpoint than AWS's. */
  readonly endpoint?: string | undefined;
}

/** What stands in for Cloud Map, or for all of AWS, by the variables that AWS's clients read; undefined where AWS itself is asked. */
export const cloudMapEndpoint = (env: Readonly<Record<string, string | undefined>>): string | undefined => env['AWS_ENDPOINT_URL_SERVICEDISCOVERY'] ?? env['AWS_ENDPOINT_URL'];

/** Most that one answer holds. */
const MOST_INSTANCES = 1_000;

/** Asks AWS Cloud Map by DiscoverInstances. The client is loaded on first use: most meshes need none. */
export function cloudMapFinder({ region, endpoint }: FinderOptions): InstanceFinder {
  let client: ServiceDiscoveryClient | undefined;
  return {
    find: async ({ namespaceName, serviceName, attributes }) => {
      const { ServiceDiscoveryClient: Client, DiscoverInstancesCommand } = await import('@aws-sdk/client-servicediscovery');
      // AWS's own endpoint has a prefix of its own for this operation; another one is taken as it is.
      client ??= new Client({ region, ...(endpoint === undefined ? {} : { endpoint, disableHostPrefix: true }) });
      const { Instances = [] } = await client.send(
        new DiscoverInstancesCommand({ NamespaceName: namespaceName, ServiceName: serviceName, QueryParameters: attributes, HealthStatus: 'HEALTHY', MaxResults: MOST_INSTANCES }),
      );
      return Instances.map(({ Attributes }) => ({ ipv4: Attributes?.['AWS_INSTANCE_IPV4'], ipv6: Attributes?.['AWS_INSTANCE_IPV6'] }));
    },
  };
}
