import type { ListenerTls } from './specs.ts';
import { downstreamTls } from './tls.ts';
import type { Protocol, ProtoJson } from './types.ts';

const matching = (match: ProtoJson): ProtoJson => (Object.keys(match).length === 0 ? {} : { filter_chain_match: match });

/** A filter chain by a listener's TLS mode: STRICT takes nothing but TLS, PERMISSIVE both by two chains, DISABLED plain text. */
export function withTls(chain: ProtoJson, match: ProtoJson, tls: ListenerTls | undefined, protocol: Protocol): ProtoJson[] {
  if (tls?.mode === 'STRICT') return [{ ...matching(match), ...chain, transport_socket: downstreamTls(tls, protocol) }];
  if (tls?.mode !== 'PERMISSIVE') return [{ ...matching(match), ...chain }];
  return [
    { ...matching({ ...match, transport_protocol: 'tls' }), ...chain, transport_socket: downstreamTls(tls, protocol) },
    { ...matching({ ...match, transport_protocol: 'raw_buffer' }), ...chain },
  ];
}

interface WithTlsMode {
  readonly tls?: ListenerTls | undefined;
}

/** Whether some port must look at the first bytes to tell TLS from plain text. */
export const inspectsTls = (listeners: readonly WithTlsMode[] | undefined): boolean => (listeners ?? []).some(({ tls }) => tls?.mode === 'PERMISSIVE');
