/** The two forms in which a sidecar names itself, as AWS's own image does: `mesh/M/virtualNode/N` or the whole ARN. */
export interface NodeIdentity {
  readonly mesh: string;
  readonly kind: 'virtualNode' | 'virtualGateway';
  readonly name: string;
}

const FORM = /^(?:arn:[^:]+:appmesh:[^:]*:[^:]*:)?mesh\/([^/]+?)(?:@\d{12})?\/(virtualNode|virtualGateway)\/([^/]+)$/;

/**
 * What a node id stands for, or undefined when it has neither form. An ARN's region and account are not compared, nor is the owner of a mesh that was
 * shared (`mesh/M@OWNER/…`, as ARNs in such a mesh have it): a migrated sidecar keeps its own.
 */
export function parseNodeId(id: string): NodeIdentity | undefined {
  const [, mesh, kind, name] = FORM.exec(id) ?? [];
  return mesh === undefined || name === undefined ? undefined : { mesh, kind: kind as NodeIdentity['kind'], name };
}
