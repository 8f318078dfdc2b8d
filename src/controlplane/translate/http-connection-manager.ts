import type { Logging } from './specs.ts';
import { any, compact, overAds } from './proto.ts';
import type { ProtoJson } from './types.ts';

const ROUTER: ProtoJson = { name: 'envoy.filters.http.router', typed_config: any('extensions.filters.http.router.v3.Router') };

type Format = NonNullable<NonNullable<NonNullable<Logging['accessLog']>['file']>['format']>;

function logFormat(format: Format | undefined): ProtoJson | undefined {
  if (format?.text !== undefined) return { text_format_source: { inline_string: `${format.text}\n` } };
  if (format?.json !== undefined) return { json_format: Object.fromEntries(format.json.map(({ key, value }) => [key, value])) };
  return undefined;
}

/** The access log that a node's spec asks for; undefined when it asks for none. */
export function accessLog(logging: Logging | undefined): readonly ProtoJson[] | undefined {
  const file = logging?.accessLog?.file;
  if (file?.path === undefined) return undefined;
  const config = compact({ path: file.path, log_format: logFormat(file.format) });
  return [{ name: 'envoy.access_loggers.file', typed_config: any('extensions.access_loggers.file.v3.FileAccessLog', config) }];
}

/** An HttpConnectionManager that speaks HTTP/1.1 and HTTP/2 alike and takes its routes by name. Its one filter is the router. */
export const httpConnectionManager = (statPrefix: string, routeConfig: string, logging?: Logging): ProtoJson =>
  any(
    'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    compact({
      stat_prefix: statPrefix,
      rds: { config_source: overAds, route_config_name: routeConfig },
      http_filters: [ROUTER],
      access_log: accessLog(logging),
    }),
  );

/** The connection manager as a network filter of a listener. */
export const httpFilter = (statPrefix: string, routeConfig: string, logging?: Logging): ProtoJson => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: httpConnectionManager(statPrefix, routeConfig, logging),
});
