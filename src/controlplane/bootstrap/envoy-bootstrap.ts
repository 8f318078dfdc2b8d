import type { BootstrapCredentials } from './access.ts';
import { sdsCluster } from './sds-cluster.ts';
import { statisticsOf, type Statistics } from './statistics.ts';
import { XDS_CLUSTER, xdsCluster, type XdsClusterOptions } from './xds-cluster.ts';

/** What an Envoy needs to know to join the mesh. */
export interface EnvoyBootstrapOptions extends XdsClusterOptions {
  /** `mesh/M/virtualNode/N` or the full ARN (App Mesh's APPMESH_RESOURCE_ARN). */
  readonly nodeId: string;
  /** Incremental instead of state of the world. */
  readonly delta?: boolean;
  /** Admin listens on 127.0.0.1; 0 (the default) takes a free port, found by `--admin-address-path`. */
  readonly adminPort?: number;
  /**
   * Instead of intercepting traffic on 15000/15001: a loopback listener for each virtual service among the node's backends,
   * on the port named here, or (`true`) on the service's own port.
   */
  readonly listen?: true | Readonly<Record<string, number>>;
  /** The Unix socket of a local source of secrets (App Mesh's APPMESH_SDS_SOCKET_PATH); specs with TLS by SDS need one. */
  readonly sdsSocketPath?: string;
  /** What it counts beside its load reports. Default `latency`. */
  readonly statistics?: Statistics;
}

const V3 = 'V3';
const adsSource = { ads: {}, resource_api_version: V3, initial_fetch_timeout: '0s' };

/** Reconnects within a second: Envoy's own back-off grows to 30 s, in which a restarted control plane would go unnoticed. */
const envoyGrpc = { cluster_name: XDS_CLUSTER, retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } } };

/** How each of the control plane's services is called. */
const grpcService = (credentials: BootstrapCredentials | undefined): object => ({
  envoy_grpc: envoyGrpc,
  ...(credentials !== undefined && 'token' in credentials ? { initial_metadata: [{ key: 'authorization', value: `Bearer ${credentials.token}` }] } : {}),
});

/** The bootstrap of a stock Envoy, as protobuf JSON of `envoy.config.bootstrap.v3.Bootstrap`: ADS, load reports and latencies over one gRPC cluster. */
export function envoyBootstrap(options: EnvoyBootstrapOptions): object {
  const { nodeId, delta = false, adminPort = 0, listen, sdsSocketPath, statistics = 'latency', credentials } = options;
  const service = grpcService(credentials);
  const grpc_services = [service];
  return {
    node: { id: nodeId, cluster: nodeId, ...(listen === undefined ? {} : { metadata: { 'meshshift.listen': listen } }) },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    dynamic_resources: {
      ads_config: { api_type: delta ? 'DELTA_GRPC' : 'GRPC', transport_api_version: V3, set_node_on_first_message_only: true, grpc_services },
      lds_config: adsSource,
      cds_config: adsSource,
    },
    cluster_manager: { load_stats_config: { api_type: 'GRPC', transport_api_version: V3, grpc_services } },
    ...statisticsOf(statistics, service),
    static_resources: { clusters: [xdsCluster(options), ...(sdsSocketPath === undefined ? [] : [sdsCluster(sdsSocketPath)])] },
  };
}
