import { status } from '@grpc/grpc-js';
import { parseNodeId, type NodeIdentity } from '../bootstrap/node-id.ts';
import type { Grant } from './grants.ts';
import { checkProxy } from './permissions.ts';
import { StreamRefused } from './refuse-stream.ts';

/**
 * Whose a stream is, by the node id of its first message.
 * @throws StreamRefused for what is no such id, AccessRefused where the caller may not be that proxy
 */
export function identifyProxy(nodeId: string, grant: Grant | undefined): NodeIdentity {
  const identity = parseNodeId(nodeId);
  if (identity === undefined) throw new StreamRefused(status.INVALID_ARGUMENT, `node id "${nodeId}" is not mesh/NAME/virtualNode/NAME or such an ARN`);
  if (grant !== undefined) checkProxy(grant, identity);
  return identity;
}
