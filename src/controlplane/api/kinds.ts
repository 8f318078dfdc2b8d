import type { Kind, MeshView, Resource } from '../model/resources.ts';

/** Where a view keeps the resources of a kind; the mesh itself is not in a collection. */
export type Collection = Exclude<keyof MeshView, 'mesh'>;

export type ChildKind = Exclude<Kind, 'mesh'>;

export interface KindInfo {
  readonly kind: Kind;
  /** As operation names and error texts call it. */
  readonly noun: string;
  readonly plural: string;
  /** The member that names it in requests and answers. */
  readonly nameMember: string;
  /** The list's member in the answer, and the collection in a view. */
  readonly collection: Collection | 'meshes';
  readonly parent?: ChildKind;
  readonly parentMember?: string;
}

const describeKind = (kind: Kind, noun: string, parent?: ChildKind): KindInfo => ({
  kind,
  noun,
  plural: kind === 'mesh' ? 'Meshes' : `${noun}s`,
  nameMember: `${kind}Name`,
  collection: kind === 'mesh' ? 'meshes' : `${kind}s`,
  ...(parent === undefined ? {} : { parent, parentMember: `${parent}Name` }),
});

/** The seven kinds of resource. Everything generic about an operation is read from here. */
export const KINDS: Readonly<Record<Kind, KindInfo>> = {
  mesh: describeKind('mesh', 'Mesh'),
  virtualNode: describeKind('virtualNode', 'VirtualNode'),
  virtualRouter: describeKind('virtualRouter', 'VirtualRouter'),
  route: describeKind('route', 'Route', 'virtualRouter'),
  virtualService: describeKind('virtualService', 'VirtualService'),
  virtualGateway: describeKind('virtualGateway', 'VirtualGateway'),
  gatewayRoute: describeKind('gatewayRoute', 'GatewayRoute', 'virtualGateway'),
};

export const collectionOf = (kind: ChildKind): Collection => `${kind}s`;

/** Names a resource within its mesh: the parent is the router of a route or the gateway of a gateway route. */
export interface ResourceId {
  readonly kind: Kind;
  readonly mesh: string;
  readonly name: string;
  readonly parent?: string;
}

/** A resource's key in its collection: `name`, or `parent/name`. A name never holds a slash. */
export const keyOf = ({ name, parent }: Pick<ResourceId, 'name' | 'parent'>): string => (parent === undefined ? name : `${parent}/${name}`);

/** `mesh/M/virtualRouter/R/route/N`: the ARN's last part, as the model's arn templates have it. */
export function resourcePath({ kind, mesh, name, parent }: ResourceId): string {
  if (kind === 'mesh') return `mesh/${mesh}`;
  const { parent: parentKind } = KINDS[kind];
  return parentKind === undefined || parent === undefined ? `mesh/${mesh}/${kind}/${name}` : `mesh/${mesh}/${parentKind}/${parent}/${kind}/${name}`;
}

const isKind = (word: string): word is Kind => Object.hasOwn(KINDS, word);

/** The resource an ARN's path names, or undefined where it names none. */
export function parseResourcePath(path: string): ResourceId | undefined {
  const [root, mesh, first, name, second, child, ...rest] = path.split('/');
  if (root !== 'mesh' || mesh === undefined || mesh === '' || rest.length > 0) return undefined;
  if (first === undefined) return { kind: 'mesh', mesh, name: mesh };
  if (!isKind(first) || first === 'mesh' || name === undefined) return undefined;
  if (second === undefined) return KINDS[first].parent === undefined ? { kind: first, mesh, name } : undefined;
  if (!isKind(second) || KINDS[second].parent !== first || child === undefined) return undefined;
  return { kind: second, mesh, name: child, parent: name };
}

/** A resource as it is kept: with the version of its document in the store. */
export type Stored<K extends Kind = Kind> = Resource<K> & { readonly revision: number };
