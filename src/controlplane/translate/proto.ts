import type { Duration } from './specs.ts';
import type { ProtoJson } from './types.ts';

const TYPE = 'type.googleapis.com/';

/** An Any of an Envoy type, e.g. `any('extensions.filters.http.router.v3.Router')`. */
export const any = (type: string, fields: ProtoJson = {}): ProtoJson => ({ '@type': `${TYPE}envoy.${type}`, ...fields });

export const seconds = (milliseconds: number): string => `${milliseconds / 1000}s`;

/** An App Mesh duration as protobuf JSON, 0 when it has a unit alone; undefined when it is not set. */
export function duration(length: Duration | undefined): string | undefined {
  if (length === undefined) return undefined;
  const { value = 0, unit } = length;
  return unit === 's' ? `${value}s` : seconds(value);
}

/** Whether a name is an address of IPv4 or IPv6, and no URI. */
export const isAddress = (name: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(name) || (name.includes(':') && !name.includes('://'));

export const socketAddress = (address: string, port: number): ProtoJson => ({ socket_address: { address, port_value: port } });

/** Resources come over the same aggregated stream. Zero: no time bound on the first fetch, as AWS's sidecars had it. */
export const overAds: ProtoJson = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

/** Leaves out fields that are undefined, so that what is not set does not appear. */
export const compact = (fields: ProtoJson): ProtoJson => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
