import type { Duration, HealthCheckPolicy, Listener, OutlierDetection, VirtualGatewayListener, VirtualNodeSpec } from '@aws-sdk/client-app-mesh';
import { pathFindings, unless, type Finding, type Rule } from './finding.ts';

/** A 64-bit count of nanoseconds ends here; the proxy refuses more. */
const MAX_SECONDS = 9_000_000_000;
const MAX_COUNT = 2 ** 31 - 1;

/** The model requires neither member. A value alone says nothing; a unit alone is 0 of it, as Terraform leaves zeros out. */
export const durationRule: Rule<Duration> = ({ value, unit }) => [
  ...unless(unit !== undefined, 'unit', 'is required'),
  ...unless((value ?? 0) / (unit === 'ms' ? 1000 : 1) <= MAX_SECONDS, 'value', `must be at most ${MAX_SECONDS} seconds`, value),
];

const positive = (duration: Duration | undefined, at: string): Finding[] => unless(duration === undefined || (duration.value ?? 0) > 0, `${at}.value`, 'must be greater than 0', 0);

/** Envoy's outlier detection refuses an interval or ejection time of zero, and counts in 32 bits. */
export const outlierRule: Rule<OutlierDetection> = ({ interval, baseEjectionDuration, maxServerErrors }) => [
  ...positive(interval, 'interval'),
  ...positive(baseEjectionDuration, 'baseEjectionDuration'),
  ...unless((maxServerErrors ?? 0) <= MAX_COUNT, 'maxServerErrors', `must be at most ${MAX_COUNT}`, maxServerErrors),
];

/** The path is used for HTTP health checks only, and needed by them (API reference, HealthCheckPolicy). */
export const healthCheckRule: Rule<Pick<HealthCheckPolicy, 'protocol' | 'path'>> = ({ protocol, path }) =>
  protocol === 'http' || protocol === 'http2' ? pathFindings('path', path, `must start with / for a health check by ${protocol}`) : [];

function healthCheckFits(listener: Listener | VirtualGatewayListener): Finding[] {
  const { healthCheck, portMapping } = listener;
  if (healthCheck === undefined) return [];
  const { protocol, port } = healthCheck;
  const grpc = portMapping?.protocol === 'http2' || portMapping?.protocol === 'grpc';
  return [
    ...unless(protocol !== 'grpc' || grpc, 'healthCheck.protocol', 'GRPC HealthCheck requires listener type of HTTP2 or GRPC.', protocol),
    ...unless(port === undefined || port === portMapping?.port, 'healthCheck.port', `must be the listener's port, ${portMapping?.port ?? ''}`, port),
  ];
}

/** The user guide: the protocols of connectionPool and portMapping must be the same. Timeouts are held to the same. */
function memberFits(listener: Listener | VirtualGatewayListener, name: string, member: object | undefined): Finding[] {
  const protocol = listener.portMapping?.protocol ?? '';
  const set = Object.keys(member ?? {});
  return unless(
    member === undefined || set.includes(protocol),
    name,
    `must be for the listener's protocol, ${protocol}, and is for ${set.join(', ')}`,
  );
}

export const gatewayListenerRule: Rule<VirtualGatewayListener> = (listener) => [
  ...healthCheckFits(listener),
  ...memberFits(listener, 'connectionPool', listener.connectionPool),
];

export const listenerRule: Rule<Listener> = (listener) => [
  ...healthCheckFits(listener),
  ...memberFits(listener, 'connectionPool', listener.connectionPool),
  ...memberFits(listener, 'timeout', listener.timeout),
];

interface WithPort {
  readonly portMapping?: { readonly port?: number | undefined } | undefined;
}

/** Two listeners on one port could not be told apart. */
export const uniquePorts: Rule<{ readonly listeners?: readonly WithPort[] | undefined }> = ({ listeners = [] }) => {
  const ports = listeners.map(({ portMapping }) => portMapping?.port);
  return ports.flatMap((port, index) =>
    unless(ports.indexOf(port) === index, `listeners[${index}].portMapping.port`, 'must be the port of one listener only', port),
  );
};

/** API reference, VirtualNodeSpec: one with a listener says how it is found, and one without cannot be. */
export const discoveryRule: Rule<VirtualNodeSpec> = ({ listeners = [], serviceDiscovery }) => [
  ...unless(serviceDiscovery === undefined || listeners.length > 0, 'serviceDiscovery', "Service Discovery can't be set without a listener."),
  ...unless(serviceDiscovery !== undefined || listeners.length === 0, 'serviceDiscovery', 'is required when there is a listener'),
];

export const needsListener: Rule<{ readonly listeners?: readonly unknown[] | undefined }> = ({ listeners = [] }) =>
  unless(listeners.length > 0, 'listeners', 'must have at least one listener');
