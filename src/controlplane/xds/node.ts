import type { NodeIdentity } from '../bootstrap/node-id.ts';
import type { ProtoJson, Proxy } from '../translate/types.ts';

const isPort = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

/** The node's wish for loopback listeners; anything else than `true` or ports by service is no wish. */
function listenOf(metadata: ProtoJson | undefined): Proxy['listen'] {
  const wish = metadata?.['meshshift.listen'];
  if (wish === true) return true;
  if (typeof wish !== 'object' || wish === null) return undefined;
  return Object.fromEntries(Object.entries(wish).filter((entry): entry is [string, number] => isPort(entry[1])).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** gRPC's xDS clients name themselves `gRPC Node Pure JS`, `gRPC C-core`, `grpc-go`, `gRPC Java`, …; Envoy `envoy`. */
const clientOf = (userAgent: unknown): Proxy['client'] => (typeof userAgent === 'string' && /^grpc/i.test(userAgent) ? 'grpc' : 'envoy');

/** What kind of proxy is calling, and what it wishes, from the Node of its first message (as protobuf JSON). */
export function proxyOf(identity: NodeIdentity, node: ProtoJson | undefined): Proxy {
  const client = clientOf(node?.['user_agent_name']);
  const listen = client === 'envoy' ? listenOf(node?.['metadata'] as ProtoJson | undefined) : undefined;
  return { ...identity, client, ...(listen === undefined ? {} : { listen }) };
}
