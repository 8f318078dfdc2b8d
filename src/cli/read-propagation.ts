import type { Client } from './client.ts';
import { Refused } from './errors.ts';

export interface CertificateProblem {
  readonly arn: string;
  readonly kind: string;
  readonly name: string;
  readonly field: string;
  readonly state: string;
  readonly problem: string;
}

/** A proxy that is connected, and what it made of its newest configuration. */
interface ProxyState {
  readonly nodeId: string;
  readonly kind: string;
  readonly state: 'acked' | 'pending' | 'rejected';
  /** In the proxy's own words, while it has refused. */
  readonly error?: string;
}

export interface MeshPropagation {
  readonly proxies: readonly ProxyState[];
  /** Certificates that specs name and that cannot be served. */
  readonly certificates: readonly CertificateProblem[];
}

/** How far a mesh's configuration has come. Another control plane than meshshift's, or one that wants credentials, does not tell. */
export async function readPropagation(client: Client, mesh: string): Promise<MeshPropagation> {
  try {
    const { proxies = [], certificates = [] } = (await client.ask('GET', `/meshshift/v1/propagation/${encodeURIComponent(mesh)}`)) as Partial<MeshPropagation>;
    return { proxies, certificates };
  } catch (error) {
    if (error instanceof Refused) return { proxies: [], certificates: [] };
    throw error;
  }
}

const describeProblem = ({ kind, name, field, arn, state, problem }: CertificateProblem): string => `certificate ${state}: ${kind} ${name}: ${field}: ${arn}: ${problem}`;

const describeRefusal = ({ nodeId, kind, error }: ProxyState): string => `refused by ${nodeId} (${kind}): ${error ?? 'it did not say why'}`;

const STATES: readonly (readonly [ProxyState['state'], string])[] = [
  ['acked', 'with the newest configuration'],
  ['pending', 'yet to answer'],
  ['rejected', 'that refused it, and go on with their last'],
];

function describeProxies(proxies: readonly ProxyState[]): string[] {
  const counts = STATES.map(([state, what]) => [proxies.filter((proxy) => proxy.state === state).length, what] as const).filter(([count]) => count > 0);
  if (counts.length === 0) return [];
  return [`proxies: ${counts.map(([count, what]) => `${count} ${what}`).join(', ')}`, ...proxies.filter(({ state }) => state === 'rejected').map(describeRefusal)];
}

/** Lines for a person: how many proxies have it, who refused it and why, and which certificates are missing. */
export const describePropagation = ({ proxies, certificates }: MeshPropagation): string[] => [...describeProxies(proxies), ...certificates.map(describeProblem)];
