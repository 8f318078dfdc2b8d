import { any, compact } from './proto.ts';
import type { ProtoJson } from './types.ts';

/** A network filter that hands bytes on. */
export const tcpProxy = (config: ProtoJson): ProtoJson => ({ name: 'envoy.filters.network.tcp_proxy', typed_config: any('extensions.filters.network.tcp_proxy.v3.TcpProxy', compact(config)) });
