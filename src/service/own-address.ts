import { networkInterfaces } from 'node:os';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The address by which other machines reach what listens on `host`: of all addresses, the first IPv4 one that is no loopback; in a URL's form. */
export function ownAddress(host: string): string {
  if (!WILDCARDS.has(host)) return host.includes(':') ? `[${host}]` : host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
