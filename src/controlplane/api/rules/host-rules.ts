import type { AwsCloudMapServiceDiscovery, DnsServiceDiscovery, GatewayRouteHostnameMatch } from '@aws-sdk/client-app-mesh';
import { isIP } from 'node:net';
import { unless, type Finding, type Rule } from './finding.ts';

const HOST = /^[A-Za-z0-9_.-]+$/;
const LIKE_ADDRESS = /^[\d.]+$|:/;

/** A name to resolve, or an address; the proxy refuses what looks like an address and is none. */
export const hostnameRule: Rule<DnsServiceDiscovery> = ({ hostname = '' }) =>
  unless(isIP(hostname) !== 0 || (HOST.test(hostname) && !LIKE_ADDRESS.test(hostname) && !/^\.|\.\./.test(hostname)), 'hostname', 'must be a host name or an IP address', hostname);

/** AWS Cloud Map's own rule for names of namespaces; that for services is within it. They are the node's name to health checks and certificates. */
const CLOUD_MAP = /^[!-~]*$/;

export const cloudMapRule: Rule<AwsCloudMapServiceDiscovery> = (discovery) =>
  (['namespaceName', 'serviceName'] as const).flatMap((member) => unless(CLOUD_MAP.test(discovery[member] ?? ''), member, 'must have printable ASCII characters without spaces only', discovery[member]));

const hostPart = (at: string, value: string | undefined): Finding[] => unless(value === undefined || HOST.test(value), at, 'must have letters, digits, hyphens, underscores and dots only', value);

/** They become domains of a virtual host, where * has a meaning of its own. */
export const hostMatchRule: Rule<GatewayRouteHostnameMatch> = ({ exact, suffix }) => [...hostPart('exact', exact), ...hostPart('suffix', suffix)];
