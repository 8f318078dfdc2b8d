import { allowAllCluster, awsCluster, EGRESS_LISTENER, gatewayListener, INGRESS_LISTENER, loopbackListener } from './names.ts';
import { httpConnectionManager } from './http-connection-manager.ts';
import { everyAddress } from './ip-preference.ts';
import { any, socketAddress } from './proto.ts';
import type { IpPreference } from './specs.ts';
import { tcpProxy } from './tcp-proxy.ts';
import type { ProtoJson } from './types.ts';

const listenerFilter = (name: string, type: string): ProtoJson => ({ name: `envoy.filters.listener.${name}`, typed_config: any(`extensions.filters.listener.${name}.v3.${type}`) });
const ORIGINAL_DST = listenerFilter('original_dst', 'OriginalDst');
const TLS_INSPECTOR = listenerFilter('tls_inspector', 'TlsInspector');
const HTTP_INSPECTOR = listenerFilter('http_inspector', 'HttpInspector');

/** Protocols in which the server speaks first send nothing to inspect. */
const INSPECTION: ProtoJson = { listener_filters_timeout: '0.5s', continue_on_listener_filters_timeout: true };

/** A filter chain that lets traffic go where it was addressed. */
const passthrough = (match: ProtoJson, cluster: string): ProtoJson => ({ ...match, filters: [tcpProxy({ stat_prefix: 'egress_passthrough', cluster })] });

interface Bound {
  readonly preference: IpPreference | undefined;
}

export interface IngressOptions extends Bound {
  /** Whether some port takes both TLS and plain text. */
  readonly inspectTls: boolean;
}

/** The listener that intercepts inbound traffic: the chains of the node's ports. */
export const ingressListener = (chains: readonly ProtoJson[], { inspectTls, preference }: IngressOptions): ProtoJson => ({
  name: INGRESS_LISTENER,
  address: everyAddress(15_000, preference),
  traffic_direction: 'INBOUND',
  listener_filters: inspectTls ? [ORIGINAL_DST, TLS_INSPECTOR] : [ORIGINAL_DST],
  ...(inspectTls ? INSPECTION : {}),
  filter_chains: chains,
});

export interface EgressOptions extends Bound {
  readonly mesh: string;
  /** Whether traffic to no backend may leave. */
  readonly allowAll: boolean;
  /** Whether some port carries both HTTP and TCP, so that HTTP must be recognised. */
  readonly inspectHttp: boolean;
}

/**
 * The listener that intercepts outbound traffic: one chain per port of the backends, and what the egress filter lets out.
 * Even a mesh that drops egress lets AWS's own endpoints through.
 */
export const egressListener = (chains: readonly ProtoJson[], { mesh, allowAll, inspectHttp, preference }: EgressOptions): ProtoJson => ({
  name: EGRESS_LISTENER,
  address: everyAddress(15_001, preference),
  traffic_direction: 'OUTBOUND',
  listener_filters: [ORIGINAL_DST, TLS_INSPECTOR, ...(inspectHttp ? [HTTP_INSPECTOR] : [])],
  ...INSPECTION,
  filter_chains: [...chains, passthrough({ filter_chain_match: { destination_port: 443, server_names: ['*.amazonaws.com'] } }, awsCluster(mesh))],
  ...(allowAll ? { default_filter_chain: passthrough({}, allowAllCluster(mesh)) } : {}),
});

/** A gateway's listener on one of its own ports. */
export const ownListener = (port: number, chains: readonly ProtoJson[], { inspectTls, preference }: IngressOptions): ProtoJson => ({
  name: gatewayListener(port),
  address: everyAddress(port, preference),
  traffic_direction: 'INBOUND',
  ...(inspectTls ? { listener_filters: [TLS_INSPECTOR] } : {}),
  filter_chains: chains,
});

/** A listener on loopback, for processes that are not intercepted. */
export const loopback = (port: number, chain: ProtoJson): ProtoJson => ({
  name: loopbackListener(port),
  address: socketAddress('127.0.0.1', port),
  traffic_direction: 'OUTBOUND',
  filter_chains: [chain],
});

/** What a proxyless gRPC client asks for by the very name of its target. */
export const apiListener = (name: string, routes: string): ProtoJson => ({
  name,
  api_listener: { api_listener: httpConnectionManager({ statPrefix: name, routes }) },
});
