/** The static cluster through which an Envoy reaches its control plane. */
export const XDS_CLUSTER = 'meshshift_xds';

const isAddress = (host: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':');

/** HTTP/2 with keepalive, so that a control plane that vanished without a word is noticed in 35 s. */
export const xdsCluster = (host: string, port: number): object => ({
  name: XDS_CLUSTER,
  type: isAddress(host) ? 'STATIC' : 'STRICT_DNS',
  connect_timeout: '1s',
  load_assignment: {
    cluster_name: XDS_CLUSTER,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] }],
  },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } } },
    },
  },
});
