import { SDS_CLUSTER } from '../translate/names.ts';

/** The static cluster through which an Envoy reaches its local source of secrets, by the name that AWS's own image gives it. */
export const sdsCluster = (socketPath: string): object => ({
  name: SDS_CLUSTER,
  type: 'STATIC',
  connect_timeout: '1s',
  load_assignment: { cluster_name: SDS_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socketPath } } } }] }] },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
});
