import { DescribeRouteCommand, type RouteSpec } from '@aws-sdk/client-app-mesh';
import { CREATES } from '../../src/contracts/mesh-file.ts';
import { toCommand } from '../../src/mesh/operations.ts';
import type { World } from './world.ts';

const listeners = [{ portMapping: { port: 80, protocol: 'http2' } }];
const node = (virtualNodeName: string) => ({
  create: 'CreateVirtualNode' as const,
  input: { meshName: 'pgMesh', virtualNodeName, spec: { listeners, serviceDiscovery: { dns: { hostname: `${virtualNodeName}.pgMesh.local` } } } },
});

/** A route with everything a rewrite could lose. */
export const routeSpec: RouteSpec = {
  http2Route: {
    action: { weightedTargets: [{ virtualNode: 'svcNode1', weight: 100 }] },
    match: { prefix: '/', headers: [{ name: 'x-team', match: { exact: 'a' } }] },
    retryPolicy: { maxRetries: 3, perRetryTimeout: { unit: 'ms', value: 200 }, httpRetryEvents: ['server-error'] },
    timeout: { perRequest: { unit: 's', value: 2 } },
  },
  priority: 7,
};

/** The walkthrough's mesh, before its route is split; listed in an order that only ordering makes right. */
export const resources = [
  { create: 'CreateVirtualService' as const, input: { meshName: 'pgMesh', virtualServiceName: 'svc1.pgMesh.local', spec: { provider: { virtualRouter: { virtualRouterName: 'svcNode1' } } } } },
  { create: 'CreateRoute' as const, input: { meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1', spec: routeSpec } },
  { create: 'CreateVirtualRouter' as const, input: { meshName: 'pgMesh', virtualRouterName: 'svcNode1', spec: { listeners } } },
  node('svcNode1'),
  { create: 'CreateMesh' as const, input: { meshName: 'pgMesh' } },
];

export const definition = {
  name: 'svc1',
  image: { repository: 'svc1', tag: 'v*' },
  target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
  canary: { virtualNode: 'svcNode1{{tag}}', hostname: 'svcNode1{{tag}}.pgMesh.local' },
  steps: [25, 50, 75, 100],
  bake: '5s',
  analysis: { metrics: [{ name: 'errors', margin: '1%' }], minRequests: 50 },
};

export async function routeOf(world: World): Promise<RouteSpec> {
  const { route } = await world.mesh.send(new DescribeRouteCommand({ meshName: 'pgMesh', virtualRouterName: 'svcNode1', routeName: 'svcNode1' }));
  return route!.spec!;
}

/** Stores the definition. */
export async function define(world: World, fields: Record<string, unknown> = {}): Promise<void> {
  const { status: stored, body } = await world.api('PUT', '/canaries/svc1', { ...definition, ...fields });
  if (stored !== 200) throw new Error(JSON.stringify(body));
}

/** Makes the mesh, as its users do by the SDK, and stores the definition. */
export async function provision(world: World, fields: Record<string, unknown> = {}): Promise<void> {
  for (const { create, input } of resources.toSorted((a, b) => CREATES.indexOf(a.create) - CREATES.indexOf(b.create))) await world.mesh.send(toCommand(create, 'create', input));
  await define(world, fields);
}

export const pushOf = (tag: string, digest = `sha256:${tag}`, source = 'aws.ecr') => ({
  version: '0',
  id: 'e',
  source,
  'detail-type': 'ECR Image Action',
  account: '000000000000',
  time: '2026-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'svc1', 'image-tag': tag, 'image-digest': digest },
});
