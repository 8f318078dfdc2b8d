import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from '../../../contracts/is-record.ts';
import type { Create, MeshResource } from '../../../contracts/mesh-file.ts';
import { formatPath, InvalidInput, type Mistake } from '../../../contracts/mistakes.ts';
import { specSchema } from '../../input-schema.ts';
import { conform, type Path, type Translated } from '../conform.ts';
import { reportInto, type ImportOptions, type Read, type Source, type Sourced } from '../source.ts';
import { awsName, gatewayOf, meshOf, nameOfReference, type Cluster } from './names.ts';
import { asNamespace, asObject, isKubernetes, itemsOf, type KubernetesObject, type Namespace } from './objects.ts';

/** Members of specs that are the controller's own, not App Mesh's. */
const OF_CONTROLLER: ReadonlySet<string> = new Set([
  'awsName', 'podSelector', 'namespaceSelector', 'gatewayRouteSelector', 'meshRef', 'virtualGatewayRef', 'backendGroups', 'routes', 'meshOwner',
]);

const REFERENCE = /^(virtual(?:Node|Service|Router))(Ref|ARN)$/;

/**
 * `virtualNodeRef: { name }` and `virtualNodeARN` stand for the member `virtualNode` or `virtualNodeName`, whichever the structure has.
 * Fields that nobody knows are left out, as the cluster's API server prunes them.
 */
const translateFor =
  (cluster: Cluster, object: KubernetesObject) =>
  (structure: NormalizedSchema, key: string, value: unknown, path: Path): Translated | undefined => {
    // The mesh's own member, by the name that its kind gives it.
    if (key === 'meshServiceDiscovery') return { member: 'serviceDiscovery', value };
    const [, target = '', form] = REFERENCE.exec(key) ?? [];
    if (target === '') {
      cluster.leftOut.push(`unknown field ${object.kind} ${formatPath(path.slice(object.path.length))}`);
      return 'leaveOut';
    }
    const members = new Set([...structure.structIterator()].map(([name]) => name));
    const kind = `${target.charAt(0).toUpperCase()}${target.slice(1)}`;
    const name = form === 'Ref' ? nameOfReference(cluster, kind, value, object) : typeof value === 'string' ? value.split('/').at(-1) : undefined;
    if (name === undefined) object.report(path, value, form === 'Ref' ? 'must be { name, namespace }' : 'must be an ARN');
    return { member: members.has(target) ? target : `${target}Name`, value: name };
  };

/** Lists without items are left out, as the controller leaves them. */
function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (Array.isArray(inner) && inner.length === 0 ? [] : [[key, withoutEmptyLists(inner)]])));
}

const ownSpec = (spec: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(spec).filter(([key]) => !OF_CONTROLLER.has(key)));

const specOf = (cluster: Cluster, object: KubernetesObject, create: Create, spec: Readonly<Record<string, unknown>>, path: Path): unknown =>
  withoutEmptyLists(conform(specSchema(create), ownSpec(spec), path, { report: object.report, translate: translateFor(cluster, object) }));

const references = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** The services of a node's backend groups: those that the group names, or (`*`) all of a namespace. */
function groupedBackends(cluster: Cluster, object: KubernetesObject): { readonly virtualServiceRef: object }[] {
  return references(object.spec['backendGroups']).flatMap(({ name, namespace = object.namespace }) => {
    const inNamespace = cluster.objects.filter((one) => one.namespace === namespace);
    if (name === '*') return inNamespace.filter(({ kind }) => kind === 'VirtualService').map((service) => ({ virtualServiceRef: { name: service.name, namespace } }));
    const group = inNamespace.find((one) => one.kind === 'BackendGroup' && one.name === name);
    if (group === undefined) object.report([...object.path, 'spec', 'backendGroups'], name, 'must name a BackendGroup of the files');
    return references(group?.spec['virtualservices']).map((service) => ({ virtualServiceRef: { namespace, ...service } }));
  });
}

type ReadObject = (cluster: Cluster, object: KubernetesObject) => MeshResource[];

const nameIn = (cluster: Cluster, { kind, name, namespace }: KubernetesObject): string => awsName(cluster, kind, name, namespace);

const single =
  (create: Create, member: string): ReadObject =>
  (cluster, object) => [{ create, input: { meshName: meshOf(cluster, object), [member]: nameIn(cluster, object), spec: specOf(cluster, object, create, object.spec, [...object.path, 'spec']) } }];

/** The name of the service that a backend refers to, by whichever of the two forms. */
function backendName(cluster: Cluster, object: KubernetesObject, { virtualServiceRef, virtualServiceARN }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof virtualServiceARN === 'string' ? virtualServiceARN.split('/').at(-1) : nameOfReference(cluster, 'VirtualService', virtualServiceRef, object);
}

/** A service that the node names itself is not taken from a group once more: its client policy is the node's. */
const readNode: ReadObject = (cluster, object) => {
  const nameOf = (service: unknown): string | undefined => (isRecord(service) ? backendName(cluster, object, service) : undefined);
  const own = new Set(references(object.spec['backends']).map(({ virtualService }) => nameOf(virtualService)));
  const grouped = groupedBackends(cluster, object).filter((service) => !own.has(nameOf(service))).map((virtualService) => ({ virtualService }));
  const backends = [...references(object.spec['backends']), ...grouped];
  return single('CreateVirtualNode', 'virtualNodeName')(cluster, grouped.length === 0 ? object : { ...object, spec: { ...object.spec, backends } });
};

const readRouter: ReadObject = (cluster, object) => {
  const [meshName, virtualRouterName] = [meshOf(cluster, object), nameIn(cluster, object)];
  const routes = references(object.spec['routes']).map(({ name, ...spec }, index): MeshResource => {
    const path = [...object.path, 'spec', 'routes', index];
    if (typeof name !== 'string') object.report([...path, 'name'], name, 'must be a name');
    return { create: 'CreateRoute', input: { meshName, virtualRouterName, routeName: name, spec: specOf(cluster, object, 'CreateRoute', spec, path) } };
  });
  const spec = specOf(cluster, object, 'CreateVirtualRouter', object.spec, [...object.path, 'spec']);
  return [{ create: 'CreateVirtualRouter', input: { meshName, virtualRouterName, spec } }, ...routes];
};

const readMesh: ReadObject = (cluster, object) => [
  { create: 'CreateMesh', input: { meshName: nameIn(cluster, object), spec: specOf(cluster, object, 'CreateMesh', object.spec, [...object.path, 'spec']) } },
];

const readGatewayRoute: ReadObject = (cluster, object) =>
  single('CreateGatewayRoute', 'gatewayRouteName')(cluster, object).map(({ create, input }) => ({ create, input: { ...input, virtualGatewayName: gatewayOf(cluster, object) } }));

const READ: Readonly<Record<string, ReadObject | undefined>> = {
  Mesh: readMesh,
  VirtualNode: readNode,
  VirtualService: single('CreateVirtualService', 'virtualServiceName'),
  VirtualRouter: readRouter,
  VirtualGateway: single('CreateVirtualGateway', 'virtualGatewayName'),
  GatewayRoute: readGatewayRoute,
  BackendGroup: () => [],
};

/**
 * The resources of App Mesh in Kubernetes manifests: what the controller (appmesh.k8s.aws/v1beta2) would make of them. Objects of other kinds are left out.
 * @throws InvalidInput with every mistake
 */
export function readManifests(sources: readonly Source[], options: ImportOptions): Read {
  const mistakes: Mistake[] = [];
  const objects: KubernetesObject[] = [];
  const namespaces: Namespace[] = [];
  const leftOut: string[] = [];
  for (const source of sources) {
    const report = reportInto(mistakes, source);
    for (const { item, path } of itemsOf(source.value as Readonly<Record<string, unknown>>)) {
      if (!isKubernetes(item)) continue;
      const object = asObject(item, path, source, report, options);
      namespaces.push(...asNamespace(item, options));
      if (object !== undefined && READ[object.kind] !== undefined) objects.push(object);
      else leftOut.push(String(item['kind']));
    }
  }
  const cluster: Cluster = { objects, namespaces, names: options.names, leftOut };
  const resources = objects.flatMap((object): Sourced[] => (READ[object.kind]?.(cluster, object) ?? []).map((resource) => ({ file: object.file, resource })));
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return { resources, leftOut };
}
