import type { DnsServiceDiscovery, GatewayRouteHostnameMatch } from '@aws-sdk/client-app-mesh';
import { isIP } from 'node:net';
import { unless, type Finding, type Rule } from './finding.ts';

const HOST = /^[A-Za-z0-9_.-]+$/;
const LIKE_ADDRESS = /^[\d.]+$|:/;

/** A name to resolve, or an address; the proxy refuses what looks like an address and is none. */
export const hostnameRule: Rule<DnsServiceDiscovery> = ({ hostname = '' }) =>
  unless(isIP(hostname) !== 0 || (HOST.test(hostname) && !LIKE_ADDRESS.test(hostname) && !/^\.|\.\./.test(hostname)), 'hostname', 'must be a host name or an IP address', hostname);

const hostPart = (at: string, value: string | undefined): Finding[] => unless(value === undefined || HOST.test(value), at, 'must have letters, digits, hyphens, underscores and dots only', value);

/** They become domains of a virtual host, where * has a meaning of its own. */
export const hostMatchRule: Rule<GatewayRouteHostnameMatch> = ({ exact, suffix }) => [...hostPart('exact', exact), ...hostPart('suffix', suffix)];
