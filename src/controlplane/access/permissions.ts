import type { Proxy } from '../translate/types.ts';
import { forbidden } from './errors.ts';
import { scopeOf, type Grant } from './grants.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function decodeSegment(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `/v20190125/meshes/{mesh}…`, and the control plane's own `/meshshift/v1/{family}/{mesh}/{node}`. */
const PATHS = [/^\/v20190125\/meshes\/([^/]+)/, /^\/meshshift\/v1\/[^/]+\/([^/]+)/];

/** The mesh that a request is about, by its path or (tags) by the ARN in its query. */
function meshOf(path: string, query: string): string | undefined {
  const segment = decodeSegment(PATHS.map((pattern) => pattern.exec(path)?.[1]).find((found) => found !== undefined));
  if (segment !== undefined) return segment;
  const arn = /^\/v20190125\/(?:tag|untag|tags)$/.test(path) ? new URLSearchParams(query).get('resourceArn') : null;
  return /^arn:[^:]+:appmesh:[^:]*:[^:]*:mesh\/([^/]+)/.exec(arn ?? '')?.[1];
}

/** A key of one node registers that node's endpoints, and reads them; the API is not for sidecars. */
function isOwnEndpoint({ only }: Grant, path: string): boolean {
  const [, mesh, node] = /^\/meshshift\/v1\/endpoints\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  return only?.kind === 'virtualNode' && decodeSegment(mesh) === only.mesh && decodeSegment(node) === only.name;
}

/** @throws AccessRefused ForbiddenException where the caller may not make this request. */
export function checkRequest(grant: Grant, method: string, path: string, query: string): void {
  const { who, readOnly, only } = grant;
  const refuse = (reason: string): never => {
    throw forbidden(`${who} is not allowed to ${method} ${path.slice(0, 200)}: ${reason}`);
  };
  if (readOnly && !READS.has(method)) refuse('it may only read');
  if (only === undefined || isOwnEndpoint(grant, path)) return;
  if (only.name !== undefined) refuse(`it is for the ${only.kind ?? ''} ${only.name} of mesh ${only.mesh} alone`);
  if (meshOf(path, query) !== only.mesh) refuse(`it is for the mesh ${only.mesh} alone`);
}

/** @throws AccessRefused ForbiddenException where the caller may not have this proxy's configuration. */
export function checkProxy({ who, only }: Grant, { mesh, kind, name }: Pick<Proxy, 'mesh' | 'kind' | 'name'>): void {
  if (only === undefined) return;
  if (only.mesh === mesh && (only.name === undefined || (only.kind === kind && only.name === name))) return;
  const mine = only.name === undefined ? `mesh ${only.mesh}` : `${only.kind ?? ''} ${only.name} of mesh ${only.mesh}`;
  throw forbidden(`${who} is not allowed the configuration of ${kind} ${name} of mesh ${mesh}: it is for the ${mine} alone`);
}

/** What a certificate may do that no list names: be the node that its SPIFFE id ends with, `spiffe://DOMAIN/mesh/M/virtualNode/N`. */
export function grantOfSpiffe(uri: string): Grant | undefined {
  const path = /^spiffe:\/\/[^/]+\/(.+)$/.exec(uri)?.[1];
  const only = path === undefined ? undefined : scopeOf(path);
  return only?.name === undefined ? undefined : { who: uri, readOnly: true, only };
}
