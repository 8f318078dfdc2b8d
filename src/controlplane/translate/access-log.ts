import type { Logging } from './specs.ts';
import { any, compact } from './proto.ts';
import type { ProtoJson } from './types.ts';

type Format = NonNullable<NonNullable<NonNullable<Logging['accessLog']>['file']>['format']>;

/** A line each, whether or not the format says so. */
const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

function logFormat(format: Format | undefined): ProtoJson | undefined {
  if (format?.text !== undefined) return { text_format_source: { inline_string: line(format.text) } };
  if (format?.json !== undefined) return { json_format: Object.fromEntries(format.json.map(({ key, value }) => [key, value])) };
  return undefined;
}

/** The access log that the spec of a node or gateway asks for; undefined when it asks for none. Without a format it is Envoy's own. */
export function accessLog(logging: Logging | undefined): readonly ProtoJson[] | undefined {
  const file = logging?.accessLog?.file;
  if (file?.path === undefined) return undefined;
  const config = compact({ path: file.path, log_format: logFormat(file.format) });
  return [{ name: 'envoy.access_loggers.file', typed_config: any('extensions.access_loggers.file.v3.FileAccessLog', config) }];
}
