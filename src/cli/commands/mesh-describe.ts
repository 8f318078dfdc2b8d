import type { GatewayRouteSpec, RouteSpec, VirtualNodeSpec, VirtualServiceSpec } from '@aws-sdk/client-app-mesh';
import { typeOf } from '../../canary/weights.ts';
import type { Call, Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { listMeshes, readMeshResources, type Described, type DescribedMesh } from '../read-mesh.ts';
import { describePropagation, readPropagation, type MeshPropagation } from '../read-propagation.ts';

function describeRoute(spec: RouteSpec): string {
  const type = typeOf(spec);
  const targets = (type === undefined ? undefined : spec[type]?.action?.weightedTargets) ?? [];
  return `${type ?? 'no route'} to ${targets.map(({ virtualNode, weight }) => `${String(virtualNode)} ${String(weight)}`).join(', ')}`;
}

interface WithListeners {
  readonly listeners?: readonly { readonly portMapping: { readonly protocol: string | undefined; readonly port: number | undefined } | undefined }[] | undefined;
}

const portsOf = ({ listeners = [] }: WithListeners): string[] => listeners.map(({ portMapping }) => `${String(portMapping?.protocol)}:${String(portMapping?.port)}`);
const describeListeners = (spec: WithListeners): string => portsOf(spec).join(' ');

function describeNode({ listeners, serviceDiscovery, backends = [] }: VirtualNodeSpec): string {
  const ports = portsOf({ listeners });
  const hostname = serviceDiscovery?.dns?.hostname ?? serviceDiscovery?.awsCloudMap?.serviceName;
  const calls = backends.flatMap(({ virtualService }) => virtualService?.virtualServiceName ?? []);
  return [...ports, ...(hostname === undefined ? [] : [hostname]), ...(calls.length === 0 ? [] : [`calls ${calls.join(', ')}`])].join(' ');
}

function describeService({ provider }: VirtualServiceSpec): string {
  if (provider?.virtualRouter !== undefined) return `by virtualRouter ${String(provider.virtualRouter.virtualRouterName)}`;
  return provider?.virtualNode === undefined ? 'by nothing yet' : `by virtualNode ${String(provider.virtualNode.virtualNodeName)}`;
}

function describeGatewayRoute(spec: GatewayRouteSpec): string {
  const type = (['httpRoute', 'http2Route', 'grpcRoute'] as const).find((one) => spec[one] !== undefined);
  return `${type ?? 'no route'} to ${String(type && spec[type]?.action?.target?.virtualService?.virtualServiceName)}`;
}

const DETAILS: Readonly<Record<string, (spec: never) => string>> = {
  route: describeRoute,
  virtualNode: describeNode,
  virtualService: describeService,
  virtualRouter: describeListeners,
  virtualGateway: describeListeners,
  gatewayRoute: describeGatewayRoute,
};
const detailsOf = ({ kind, spec }: Described): string => DETAILS[kind]?.(spec as never) ?? '';

const describeMesh = ({ mesh, resources }: DescribedMesh): string[] =>
  table(['kind', 'name', 'version', 'status', 'what'], [mesh, ...resources].map((resource) => [resource.kind, resource.name, String(resource.version), resource.status, detailsOf(resource)]), [2]);

type Shown = DescribedMesh & MeshPropagation;

async function run(call: Call): Promise<typeof EXIT.ok> {
  const connection = connect(call.endpoint, call.io.env);
  const client = await connection.appMesh();
  const [name] = call.args;
  const read = async (mesh: string): Promise<Shown> => ({ ...(await readMeshResources(client, mesh)), ...(await readPropagation(connection, mesh)) });
  const meshes = await Promise.all((name === undefined ? await listMeshes(client) : [name]).map(read));
  const show = (mesh: Shown): string[] => [...describeMesh(mesh), ...describePropagation(mesh)];
  print(call, { meshes }, () => (meshes.length === 0 ? ['no meshes'] : meshes.flatMap((mesh, index) => [...(index === 0 ? [] : ['']), ...show(mesh)])));
  return EXIT.ok;
}

export const meshDescribe: Command = {
  words: ['mesh', 'describe'],
  about: 'show a mesh, or all of them: resources, weights, proxies that refused it and why, certificates that are missing',
  remote: true,
  args: [{ name: 'MESH', about: 'the name of a mesh; without it, all are shown', optional: true }],
  examples: ['meshshift mesh describe pgMesh', "meshshift mesh describe pgMesh --json | jq '.meshes[0].resources[] | select(.kind == \"route\") | .spec'"],
  run,
};
