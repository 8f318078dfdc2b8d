import * as appMesh from '@aws-sdk/client-app-mesh';
import { readOperations, type Operation } from '../../src/controlplane/api/wire/operations.ts';
import type { NormalizedSchema } from '@smithy/core/schema';
import { generateSpec, pick, type Random, type World } from '../support/generate-spec.ts';
import { METHODS, message, oddQuery, spoilPath, withBody, type Probe } from './probe.ts';
import { spoil } from './spoil.ts';

const OPERATIONS = readOperations();
const inputs = appMesh as unknown as Readonly<Record<string, [unknown, unknown, unknown, unknown, unknown] | undefined>>;

/** Few names, so that what is made by chance stays little. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  meshName: ['pgMesh', 'pgMesh', 'pgMesh', 'pgMesh', 'other'],
  virtualNodeName: ['svcNode1', 'n2'],
  virtualRouterName: ['r1', 'r2'],
  routeName: ['a', 'b'],
  virtualServiceName: ['svc1.pgMesh.local', 's2'],
  virtualGatewayName: ['g1'],
  gatewayRouteName: ['gr1'],
  clientToken: ['token-one', 'token-two'],
  resourceArn: ['arn:aws:appmesh:us-east-1:000000000000:mesh/pgMesh', 'arn:aws:appmesh:us-east-1:000000000000:mesh/pgMesh/virtualNode/svcNode1', 'arn:aws:iam::1:role/x'],
  meshOwner: ['000000000000'],
};

const WORLD: World = {
  files: {},
  hints: {
    'PortMapping.port': [80, 81],
    'WeightedTarget.virtualNode': ['svcNode1', 'n2'],
    'WeightedTarget.weight': [0, 1, 100],
    'VirtualNodeServiceProvider.virtualNodeName': ['svcNode1'],
    'VirtualRouterServiceProvider.virtualRouterName': ['r1'],
    'GatewayRouteVirtualService.virtualServiceName': ['svc1.pgMesh.local'],
    'DnsServiceDiscovery.hostname': ['a.local', '127.0.0.1'],
    'HttpRouteMatch.prefix': ['/'],
    'HttpGatewayRouteMatch.prefix': ['/'],
  },
};

/** An input of an operation's shape: names of the few, the rest as the model may have it. */
function inputOf(random: Random, { name }: Operation): Record<string, unknown> {
  const schema = inputs[`${name}$`]?.[4];
  const made = generateSpec(random, schema as Parameters<typeof NormalizedSchema.of>[0], WORLD) as Record<string, unknown>;
  for (const [member, names] of Object.entries(NAMES)) if (member in made) made[member] = pick(random, names);
  return made;
}

/** Makes the resources that bear the names, so that what is wrong about a request is not only that they are not there. */
export async function buildWorld(client: appMesh.AppMeshClient): Promise<void> {
  const meshName = 'pgMesh';
  const listeners = [{ portMapping: { port: 80, protocol: 'http' as const } }];
  const httpRoute = { match: { prefix: '/' }, action: { weightedTargets: [{ virtualNode: 'svcNode1', weight: 1 }] } };
  const toService = { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'svc1.pgMesh.local' } } } };
  await client.send(new appMesh.CreateMeshCommand({ meshName }));
  for (const virtualNodeName of ['svcNode1', 'n2']) await client.send(new appMesh.CreateVirtualNodeCommand({ meshName, virtualNodeName, spec: { listeners, serviceDiscovery: { dns: { hostname: 'a.local' } } } }));
  for (const virtualRouterName of ['r1', 'r2']) {
    await client.send(new appMesh.CreateVirtualRouterCommand({ meshName, virtualRouterName, spec: { listeners } }));
    for (const routeName of ['a', 'b']) await client.send(new appMesh.CreateRouteCommand({ meshName, virtualRouterName, routeName, spec: { httpRoute } }));
  }
  await client.send(new appMesh.CreateVirtualServiceCommand({ meshName, virtualServiceName: 'svc1.pgMesh.local', spec: { provider: { virtualRouter: { virtualRouterName: 'r1' } } } }));
  await client.send(new appMesh.CreateVirtualGatewayCommand({ meshName, virtualGatewayName: 'g1', spec: { listeners } }));
  await client.send(new appMesh.CreateGatewayRouteCommand({ meshName, virtualGatewayName: 'g1', gatewayRouteName: 'gr1', spec: { httpRoute: toService } }));
}

const encode = (value: unknown): string => encodeURIComponent(String(value)).replace('%EF%BF%BD', '%ff');

function pathOf(operation: Operation, input: Readonly<Record<string, unknown>>): string {
  const segments = operation.segments.map((segment) => (segment.startsWith('{') ? encode(input[segment.slice(1, -1)]) : segment));
  const query = operation.query.filter(({ member }) => input[member] !== undefined).map(({ parameter, member }) => `${parameter}=${encode(input[member])}`);
  return `/${segments.join('/')}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** A request to one of the 38 operations with something wrong about its body, path, query, method or headers. */
export function appMeshProbe(random: Random): Probe {
  const operation = pick(random, OPERATIONS);
  const input = inputOf(random, operation);
  const bound = new Set([...operation.segments.map((segment) => segment.slice(1, -1)), ...operation.query.map(({ member }) => member)]);
  const members = Object.fromEntries(Object.entries(input).filter(([member]) => !bound.has(member)));
  const wrong = random();
  const path = pathOf(operation, input);
  const at = wrong < 0.15 ? `/v20190125${spoilPath(random, path.replace('/v20190125', ''))}` : wrong < 0.3 ? `${path.split('?')[0] ?? ''}${oddQuery(random)}` : path;
  const method = wrong > 0.95 ? pick(random, METHODS) : operation.method;
  const headers = random() < 0.1 ? [`x-meshshift-if-version: ${pick(random, ['0', '1', '-1', 'a', '', '1e3', '9'.repeat(40), '1, 2'])}`] : [];
  const toHead = method === 'HEAD';
  const request = { method, path: at, headers };
  const json = random() < 0.9 ? spoil(random, members) : JSON.stringify(members);
  const bytes = message(operation.hasBody || random() < 0.1 ? withBody(random, request, json) : request);
  return { what: `${method} ${at.slice(0, 200)} ${json.slice(0, 300)}`, bytes, manner: 'app-mesh', end: 'answered', toHead };
}
