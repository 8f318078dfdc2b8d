import type { Port, Protocol } from './types.ts';

/** Names as AWS's control plane gave them, so that dashboards and scripts built on them keep working. */
export const INGRESS_LISTENER = 'lds_ingress_0.0.0.0_15000';
export const EGRESS_LISTENER = 'lds_egress_0.0.0.0_15001';
/** Through which AWS's own image reaches its local source of secrets. */
export const SDS_CLUSTER = 'static_cluster_sds_unix_socket';

export const loopbackListener = (port: number): string => `lds_loopback_127.0.0.1_${port}`;
export const gatewayListener = (port: number): string => `lds_ingress_0.0.0.0_${port}`;

/** By which Envoy's statistics tell connection managers apart: the port is named only where there are several. */
export const ingressStatPrefix = ({ protocol, port }: Port, ports: number): string => (ports > 1 ? `ingress.${protocol}.${port}` : 'ingress');
export const EGRESS_STAT_PREFIX = 'egress';

export const routeConfigName = (direction: 'ingress' | 'egress' | 'loopback', protocol: Protocol, port: number): string =>
  `rds_${direction}_${protocol}_${port}`;

export const clusterName = (direction: 'ingress' | 'egress', mesh: string, virtualNode: string, protocol: Protocol, port: number): string =>
  `cds_${direction}_${mesh}_${virtualNode}_${protocol}_${port}`;

/** Where traffic to AWS's own endpoints goes. */
export const awsCluster = (mesh: string): string => `cds_egress_${mesh}_amazonaws`;

/** Where traffic to no backend goes when the mesh lets it out. */
export const allowAllCluster = (mesh: string): string => `cds_egress_${mesh}_mesh-allow-all`;

/** A second cluster of the same node and port, where one proxy reaches it in two ways (by two client policies, say). No resource's name has a slash. */
export const variantName = (cluster: string, way: string): string => `${cluster}/${way}`;

/**
 * The virtual node that an egress cluster of a known mesh stands for, or undefined for any other cluster.
 * The mesh must be known: both names may hold underscores.
 */
export function virtualNodeOf(mesh: string, cluster: string): string | undefined {
  const prefix = `cds_egress_${mesh}_`;
  if (!cluster.startsWith(prefix)) return undefined;
  return /^([^/]+)_(?:http|http2|grpc|tcp)_\d+(?:\/.*)?$/.exec(cluster.slice(prefix.length))?.[1];
}
