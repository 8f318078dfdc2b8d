import type { IncomingMessage } from 'node:http';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const hostNameOf = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).hostname;
  } catch {
    return undefined;
  }
}

/**
 * Why a request is refused, or undefined. Only this machine is served: a Host that is not loopback comes of DNS rebinding,
 * an Origin that is not of a page elsewhere in the browser. `also`: the one other host name by which people come.
 */
export function refusalOf({ headers }: Pick<IncomingMessage, 'headers'>, also?: string): string | undefined {
  const { host = '', origin } = headers;
  const isKnown = (name: string): boolean => LOOPBACK.has(name) || name === also;
  if (!isKnown(hostNameOf(host))) return `Host: ${host}: must be 127.0.0.1, localhost or [::1]`;
  if (origin !== undefined && !isKnown(originHost(origin) ?? '')) return `Origin: ${origin}: must be of this machine`;
  return undefined;
}
