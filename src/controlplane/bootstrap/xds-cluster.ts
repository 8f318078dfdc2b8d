import { isIP } from 'node:net';
import type { BootstrapCredentials, BootstrapTls } from './access.ts';

/** The static cluster through which an Envoy reaches its control plane. */
export const XDS_CLUSTER = 'meshshift_xds';

export interface XdsClusterOptions {
  readonly xdsHost: string;
  readonly xdsPort: number;
  /** Plain HTTP/2 without it. */
  readonly tls?: BootstrapTls;
  readonly credentials?: BootstrapCredentials;
}

const extension = (type: string, fields: object): object => ({ '@type': `type.googleapis.com/envoy.extensions.${type}`, ...fields });

function transportSocket({ authorities, name, client }: BootstrapTls, host: string): object {
  const expected = name ?? host;
  const isName = isIP(expected) === 0;
  const typed_config = extension('transport_sockets.tls.v3.UpstreamTlsContext', {
    ...(isName ? { sni: expected } : {}),
    common_tls_context: {
      alpn_protocols: ['h2'],
      ...(client === undefined ? {} : { tls_certificates: [{ certificate_chain: { filename: client.certificate }, private_key: { filename: client.key } }] }),
      validation_context: {
        trusted_ca: { filename: authorities },
        match_typed_subject_alt_names: [{ san_type: isName ? 'DNS' : 'IP_ADDRESS', matcher: { exact: expected } }],
      },
    },
  });
  return { name: 'envoy.transport_sockets.tls', typed_config };
}

/** Signature Version 4 on the way out, by the credentials that Envoy finds: its environment, a profile, its container or instance. A stream has no body to sign. */
const signing = (region: string): object[] => [
  {
    name: 'envoy.filters.http.aws_request_signing',
    typed_config: extension('filters.http.aws_request_signing.v3.AwsRequestSigning', { service_name: 'appmesh', region, use_unsigned_payload: true }),
  },
  { name: 'envoy.filters.http.upstream_codec', typed_config: extension('filters.http.upstream_codec.v3.UpstreamCodec', {}) },
];

/** HTTP/2 with keepalive, so that a control plane that vanished without a word is noticed in 35 s. */
export function xdsCluster({ xdsHost, xdsPort, tls, credentials }: XdsClusterOptions): object {
  const filters = credentials !== undefined && 'signFor' in credentials ? { http_filters: signing(credentials.signFor.region) } : {};
  return {
    name: XDS_CLUSTER,
    ...(isIP(xdsHost) === 0 ? { type: 'STRICT_DNS', dns_lookup_family: 'V4_PREFERRED' } : { type: 'STATIC' }),
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: xdsHost, port_value: xdsPort } } } }] }],
    },
    ...(tls === undefined ? {} : { transport_socket: transportSocket(tls, xdsHost) }),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': extension('upstreams.http.v3.HttpProtocolOptions', {
        explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } } },
        ...filters,
      }),
    },
  };
}
