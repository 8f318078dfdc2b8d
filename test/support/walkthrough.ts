import {
  CreateMeshCommand,
  CreateRouteCommand,
  CreateVirtualNodeCommand,
  CreateVirtualRouterCommand,
  CreateVirtualServiceCommand,
  UpdateRouteCommand,
  UpdateVirtualServiceCommand,
  type AppMeshClient,
} from '@aws-sdk/client-app-mesh';
import type { NodeTelemetry } from '../../src/controlplane/model/counts.ts';

/** The names of the walkthrough's mesh. */
export const MESH = 'pgMesh';
export const SERVICE = 'svc1.pgMesh.local';
/** The node whose proxy calls `SERVICE`. */
export const CALLER = `mesh/${MESH}/virtualNode/svcNode2`;

const http2 = [{ portMapping: { port: 80, protocol: 'http2' as const } }];

const node = (virtualNodeName: string, hostname: string, backends?: string[]): CreateVirtualNodeCommand =>
  new CreateVirtualNodeCommand({
    meshName: MESH,
    virtualNodeName,
    spec: {
      listeners: http2,
      serviceDiscovery: { dns: { hostname } },
      ...(backends === undefined ? {} : { backends: backends.map((virtualServiceName) => ({ virtualService: { virtualServiceName } })) }),
    },
  });

const weights = (targets: Readonly<Record<string, number>>) => ({
  match: { prefix: '/' },
  action: { weightedTargets: Object.entries(targets).map(([virtualNode, weight]) => ({ virtualNode, weight })) },
});

/** Sets the weights of the walkthrough's route. */
export const shift = async (client: AppMeshClient, targets: Readonly<Record<string, number>>): Promise<void> => {
  await client.send(
    new UpdateRouteCommand({ meshName: MESH, virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: { http2Route: weights(targets) } }),
  );
};

/** Adds a virtual node beside those of the walkthrough. */
export const addNode = async (client: AppMeshClient, name: string): Promise<void> => {
  await client.send(node(name, `${name}.pgMesh.local`));
};

/** The walkthrough, command by command, up to its 75/25. */
export async function buildWalkthrough(client: AppMeshClient): Promise<void> {
  await client.send(new CreateMeshCommand({ meshName: MESH }));
  await client.send(new CreateVirtualServiceCommand({ meshName: MESH, virtualServiceName: SERVICE, spec: {} }));
  await client.send(node('svcNode1', 'svcNode1.pgMesh.local'));
  await client.send(new CreateVirtualRouterCommand({ meshName: MESH, virtualRouterName: 'svcNode1', spec: { listeners: http2 } }));
  await client.send(
    new CreateRouteCommand({ meshName: MESH, virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: { httpRoute: weights({ svcNode1: 100 }) } }),
  );
  await client.send(node('svcNode1v2', 'svcNode1v2.pgMesh.local'));
  await client.send(node('svcNode2', 'svc2.pgMesh.local', [SERVICE]));
  await client.send(
    new UpdateVirtualServiceCommand({ meshName: MESH, virtualServiceName: SERVICE, spec: { provider: { virtualRouter: { virtualRouterName: 'svcNode1' } } } }),
  );
  await shift(client, { svcNode1: 75, svcNode1v2: 25 });
  await client.send(
    new CreateVirtualServiceCommand({ meshName: MESH, virtualServiceName: 'svc2.pgMesh.local', spec: { provider: { virtualNode: { virtualNodeName: 'svcNode2' } } } }),
  );
}

/** Registers where a node's workload is, through the control plane's own API. */
export async function register(url: string, virtualNode: string, ports: readonly number[]): Promise<void> {
  const response = await fetch(`${url}/meshshift/v1/endpoints/${MESH}/${virtualNode}`, {
    method: 'PUT',
    body: JSON.stringify(ports.map((port) => ({ ip: '127.0.0.1', port }))),
  });
  if (!response.ok) throw new Error(`registering ${virtualNode}: ${response.status} ${await response.text()}`);
}

/** What a control plane tells of a node. @param since as a telemetry's `now` */
export const telemetryOf = async (url: string, virtualNode: string, since = 0): Promise<NodeTelemetry> =>
  (await (await fetch(`${url}/meshshift/v1/telemetry/${MESH}/${virtualNode}?since=${since}`)).json()) as NodeTelemetry;
