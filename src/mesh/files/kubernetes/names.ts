import { isRecord } from '../../../contracts/is-record.ts';
import { fits, type KubernetesObject, type Namespace } from './objects.ts';

/** Objects by kind, namespace and name, and the labels of their namespaces. */
export interface Cluster {
  readonly objects: readonly KubernetesObject[];
  readonly namespaces: readonly Namespace[];
  /** From flags: meshName, virtualGatewayName. */
  readonly names: Readonly<Record<string, string | undefined>>;
  /** Takes what is no concern of a mesh. */
  readonly leftOut: string[];
}

/** Names as the controller makes them where an object gives none (`spec.awsName`). */
const DEFAULT_NAME: Readonly<Record<string, (name: string, namespace: string) => string>> = {
  Mesh: (name) => name,
  VirtualService: (name, namespace) => `${name}.${namespace}`,
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The name that App Mesh knows an object by. One that is not among the files is taken to have the name the controller would give it. */
export function awsName({ objects }: Cluster, kind: string, name: string, namespace: string): string {
  const object = objects.find((one) => one.kind === kind && one.name === name && (kind === 'Mesh' || one.namespace === namespace));
  const own = object?.spec['awsName'];
  return isText(own) ? own : (DEFAULT_NAME[kind] ?? ((given, of) => `${given}_${of}`))(name, namespace);
}

/** `{ name, namespace? }` from an object: the namespace is its own unless told otherwise. */
export function nameOfReference(cluster: Cluster, kind: string, reference: unknown, from: KubernetesObject): string | undefined {
  if (!isRecord(reference) || !isText(reference['name'])) return undefined;
  return awsName(cluster, kind, reference['name'], isText(reference['namespace']) ? reference['namespace'] : from.namespace);
}

const labelsOf = ({ namespaces }: Cluster, namespace: string): Namespace['labels'] | undefined => namespaces.find(({ name }) => name === namespace)?.labels;

/** The only candidate, or the only one whose selectors fit; undefined where none is, or several are. */
function designated(cluster: Cluster, candidates: readonly KubernetesObject[], object: KubernetesObject): KubernetesObject | undefined {
  if (candidates.length < 2) return candidates[0];
  const labels = labelsOf(cluster, object.namespace);
  const fitting = candidates.filter(({ spec }) => (labels === undefined || fits(spec['namespaceSelector'], labels)) && fits(spec['gatewayRouteSelector'], object.labels));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The objects of a kind; one that several files repeat is one. */
const ofKind = ({ objects }: Cluster, kind: string): KubernetesObject[] => {
  const key = ({ name, namespace }: KubernetesObject): string => (kind === 'Mesh' ? name : `${namespace}/${name}`);
  return [...new Map(objects.filter((object) => object.kind === kind).map((object) => [key(object), object])).values()];
};

const list = (candidates: readonly KubernetesObject[]): string => (candidates.length === 0 ? 'there is none' : `there are ${candidates.map(({ name }) => name).join(', ')}`);

/** The mesh an object belongs to: the one it names, the only one of the files (or the one whose selector fits), or that of the flag. */
export function meshOf(cluster: Cluster, object: KubernetesObject): string | undefined {
  const named = nameOfReference(cluster, 'Mesh', object.spec['meshRef'], object);
  if (named !== undefined) return named;
  const meshes = ofKind(cluster, 'Mesh');
  const mesh = designated(cluster, meshes, object);
  if (mesh !== undefined) return awsName(cluster, 'Mesh', mesh.name, '');
  const given = cluster.names['meshName'];
  if (given === undefined) object.report([...object.path, 'metadata', 'namespace'], object.namespace, `must belong to one mesh, and in the files ${list(meshes)}: give it by --mesh NAME`);
  return given;
}

/** The gateway of a gateway route, found in the same way. */
export function gatewayOf(cluster: Cluster, object: KubernetesObject): string | undefined {
  const named = nameOfReference(cluster, 'VirtualGateway', object.spec['virtualGatewayRef'], object);
  if (named !== undefined) return named;
  const gateways = ofKind(cluster, 'VirtualGateway');
  const gateway = designated(cluster, gateways, object);
  if (gateway !== undefined) return awsName(cluster, 'VirtualGateway', gateway.name, gateway.namespace);
  const given = cluster.names['virtualGatewayName'];
  if (given === undefined) object.report([...object.path, 'metadata', 'name'], object.name, `must belong to one virtual gateway, and in the files ${list(gateways)}: give it by --virtual-gateway-name NAME`);
  return given;
}
