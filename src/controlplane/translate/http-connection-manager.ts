import type { Logging } from './specs.ts';
import { accessLog } from './access-log.ts';
import { any, compact, overAds } from './proto.ts';
import type { ProtoJson } from './types.ts';

const ROUTER: ProtoJson = { name: 'envoy.filters.http.router', typed_config: any('extensions.filters.http.router.v3.Router') };

export interface ConnectionManagerOptions {
  readonly statPrefix: string;
  /** The name of the route configuration. */
  readonly routes: string;
  readonly logging?: Logging | undefined;
  /** Whether its callers are strangers, whose word about the client's address does not count. */
  readonly isEdge?: boolean;
}

/**
 * WebSockets pass, over hops of HTTP/2 as well. Paths are told apart as they will be understood: without `.`, `..` and doubled slashes, so that
 * none gets around a route by its spelling. AWS's Envoys were told the same.
 */
const AS_APP_MESH: ProtoJson = {
  upgrade_configs: [{ upgrade_type: 'websocket' }],
  http2_protocol_options: { allow_connect: true },
  normalize_path: true,
  merge_slashes: true,
};

/** An HttpConnectionManager that speaks HTTP/1.1 and HTTP/2 alike and takes its routes by name. Its one filter is the router. */
export const httpConnectionManager = ({ statPrefix, routes, logging, isEdge }: ConnectionManagerOptions): ProtoJson =>
  any(
    'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    compact({
      stat_prefix: statPrefix,
      rds: { config_source: overAds, route_config_name: routes },
      http_filters: [ROUTER],
      access_log: accessLog(logging),
      use_remote_address: isEdge,
    }),
  );

/** The connection manager as a network filter of a listener. */
export const httpFilter = (options: ConnectionManagerOptions): ProtoJson => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: { ...httpConnectionManager(options), ...AS_APP_MESH },
});
