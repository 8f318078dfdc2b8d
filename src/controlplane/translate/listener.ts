import { EGRESS_LISTENER, INGRESS_LISTENER, loopbackListener, PASSTHROUGH_CLUSTER } from './names.ts';
import { httpConnectionManager } from './http-connection-manager.ts';
import { any, socketAddress } from './proto.ts';
import type { ProtoJson } from './types.ts';

const ORIGINAL_DST: ProtoJson = { name: 'envoy.filters.listener.original_dst', typed_config: any('extensions.filters.listener.original_dst.v3.OriginalDst') };
const TLS_INSPECTOR: ProtoJson = { name: 'envoy.filters.listener.tls_inspector', typed_config: any('extensions.filters.listener.tls_inspector.v3.TlsInspector') };
const HTTP_INSPECTOR: ProtoJson = { name: 'envoy.filters.listener.http_inspector', typed_config: any('extensions.filters.listener.http_inspector.v3.HttpInspector') };

/** A filter chain that lets traffic go where it was addressed. */
const passthrough = (match: ProtoJson): ProtoJson => ({
  ...match,
  filters: [
    { name: 'envoy.filters.network.tcp_proxy', typed_config: any('extensions.filters.network.tcp_proxy.v3.TcpProxy', { stat_prefix: 'egress_passthrough', cluster: PASSTHROUGH_CLUSTER }) },
  ],
});

/** Even a mesh that drops egress lets AWS's own endpoints through. */
const AWS_ENDPOINTS = passthrough({ filter_chain_match: { destination_port: 443, server_names: ['*.amazonaws.com'] } });

/** The listener that intercepts inbound traffic: one chain per port of the node. */
export const ingressListener = (chains: readonly ProtoJson[]): ProtoJson => ({
  name: INGRESS_LISTENER,
  address: socketAddress('0.0.0.0', 15_000),
  traffic_direction: 'INBOUND',
  listener_filters: [ORIGINAL_DST],
  filter_chains: chains,
});

export interface EgressOptions {
  /** Whether traffic to no backend may leave. */
  readonly allowAll: boolean;
  /** Whether some port carries both HTTP and TCP, so that HTTP must be recognised. */
  readonly inspectHttp: boolean;
}

/** The listener that intercepts outbound traffic: one chain per port of the backends, and what the egress filter lets out. */
export const egressListener = (chains: readonly ProtoJson[], { allowAll, inspectHttp }: EgressOptions): ProtoJson => ({
  name: EGRESS_LISTENER,
  address: socketAddress('0.0.0.0', 15_001),
  traffic_direction: 'OUTBOUND',
  listener_filters: [ORIGINAL_DST, TLS_INSPECTOR, ...(inspectHttp ? [HTTP_INSPECTOR] : [])],
  // Protocols in which the server speaks first send nothing to inspect.
  listener_filters_timeout: '0.5s',
  continue_on_listener_filters_timeout: true,
  filter_chains: [...chains, AWS_ENDPOINTS],
  ...(allowAll ? { default_filter_chain: passthrough({}) } : {}),
});

/** A listener on loopback, for processes that are not intercepted. */
export const loopback = (port: number, chain: ProtoJson): ProtoJson => ({
  name: loopbackListener(port),
  address: socketAddress('127.0.0.1', port),
  traffic_direction: 'OUTBOUND',
  filter_chains: [chain],
});

/** What a proxyless gRPC client asks for by the very name of its target. */
export const apiListener = (name: string, routeConfig: string): ProtoJson => ({
  name,
  api_listener: { api_listener: httpConnectionManager(name, routeConfig) },
});
