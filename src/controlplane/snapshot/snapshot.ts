import type { Proxy } from '../translate/types.ts';
import type { MissingSecret, SecretNames } from './secrets.ts';
import type { ResourceSet } from '../xds/resource-set.ts';
import type { ResourceType } from '../xds/types.ts';

/** Everything one proxy is to have, consistent in itself. Immutable. */
export interface Snapshot {
  readonly proxy: Proxy;
  readonly sets: Readonly<Record<ResourceType, ResourceSet>>;
  /** What it was built from: the version of each resource that was looked up, 0 for one that was not there. */
  readonly sources: ReadonlyMap<string, number>;
  /** Clusters that get a share of the traffic by some route. */
  readonly routedClusters: ReadonlySet<string>;
  /** Route configurations that listeners name. */
  readonly routeNames: ReadonlySet<string>;
  /** Secrets that its clusters and listeners wait for and that are there. */
  readonly secretNames: SecretNames;
  /** Certificates and authorities that are not there. */
  readonly missing: readonly MissingSecret[];
}
