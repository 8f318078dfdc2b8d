import { CreateClusterCommand, CreateServiceCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { CreatePrivateDnsNamespaceCommand, ListNamespacesCommand, ListServicesCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startMoto, type Moto } from './moto.ts';

/** An operation's answer as a test changes it on its way; undefined: as it is. */
export type Change = (operation: string, input: Record<string, unknown>, answer: () => Promise<{ status: number; body: Record<string, unknown> }>) => Promise<{ status: number; body: Record<string, unknown> } | undefined>;

/** moto's ECS, whose services run at once, behind a door that counts what is asked and lets a test change answers. */
export interface Ecs {
  readonly url: string;
  readonly client: ECSClient;
  readonly asked: { readonly operation: string; readonly input: Record<string, unknown> }[];
  change: Change;
  count(operation: string): number;
  stop(): Promise<void>;
}

export async function openEcs(moto: Moto): Promise<Ecs> {
  const asked: Ecs['asked'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const input = JSON.parse(text) as Record<string, unknown>;
      asked.push({ operation, input });
      const { authorization = '', 'x-amz-target': target = '' } = request.headers as Record<string, string>;
      const answer = async () => {
        const answered = await fetch(moto.url, { method: 'POST', body: text, headers: { authorization, 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' } });
        return { status: answered.status, body: (await answered.json()) as Record<string, unknown> };
      };
      void ecs.change(operation, input, answer).then(async (changed) => {
        const { status, body } = changed ?? (await answer());
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new ECSClient({ endpoint: moto.url, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const ecs: Ecs = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    client,
    asked,
    change: () => Promise.resolve(undefined),
    count: (operation) => asked.filter((each) => each.operation === operation).length,
    stop: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return ecs;
}

const REGISTRY = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

/** A cluster with svc1 behind svcNode1, as App Mesh's users have it: the service's own container and Envoy beside it. */
export async function runService({ client }: Ecs, cluster: string): Promise<void> {
  await client.send(new CreateClusterCommand({ clusterName: cluster }));
  await client.send(
    new RegisterTaskDefinitionCommand({
      family: cluster,
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      taskRoleArn: 'arn:aws:iam::123456789012:role/svc1-task',
      executionRoleArn: 'arn:aws:iam::123456789012:role/svc1-execution',
      proxyConfiguration: { type: 'APPMESH', containerName: 'envoy', properties: [{ name: 'AppPorts', value: '8080' }] },
      containerDefinitions: [
        { name: 'app', image: `${REGISTRY}/svc1:v1`, essential: true, environment: [{ name: 'COLOUR', value: 'blue' }] },
        { name: 'envoy', image: `${REGISTRY}/envoy:v1.40`, environment: [{ name: 'APPMESH_RESOURCE_ARN', value: 'arn:aws:appmesh:us-east-1:123456789012:mesh/pgMesh/virtualNode/svcNode1' }] },
      ],
      tags: [{ key: 'team', value: 'one' }],
    }),
  );
  await client.send(
    new CreateServiceCommand({
      cluster,
      serviceName: 'svc1',
      taskDefinition: cluster,
      desiredCount: 2,
      launchType: 'FARGATE',
      serviceRegistries: [{ registryArn: 'arn:aws:servicediscovery:us-east-1:123456789012:service/srv-stable' }],
      loadBalancers: [{ targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stable/1', containerName: 'app', containerPort: 8080 }],
      tags: [{ key: 'team', value: 'one' }],
    }),
  );
}

/** A private DNS namespace of Cloud Map, named as the canaries' host names end. */
export async function makeNamespace({ url }: Moto, name: string): Promise<string> {
  const client = new ServiceDiscoveryClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  await client.send(new CreatePrivateDnsNamespaceCommand({ Name: name, Vpc: 'vpc-1' }));
  const { Namespaces = [] } = await client.send(new ListNamespacesCommand({}));
  client.destroy();
  return Namespaces.find((namespace) => namespace.Name === name)?.Id ?? '';
}

/** The registries of a namespace, by name. */
export async function registriesIn({ url }: Moto, namespace: string): Promise<Record<string, string>> {
  const client = new ServiceDiscoveryClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const { Services = [] } = await client.send(new ListServicesCommand({ Filters: [{ Name: 'NAMESPACE_ID', Values: [namespace] }] }));
  client.destroy();
  return Object.fromEntries(Services.map(({ Name = '', Arn = '' }) => [Name, Arn]));
}

/** What each test of a block has of its own, but for moto. */
export interface EcsOfTest {
  readonly moto: Moto;
  readonly ecs: Ecs;
  readonly cluster: string;
}

/** Gives each test of a block a cluster with svc1 in it, which functions find by their variables. */
export function useEcs(): () => EcsOfTest {
  let moto: Moto;
  let own: EcsOfTest;
  let count = 0;
  beforeAll(async () => {
    moto = await startMoto({ MOTO_ECS_SERVICE_RUNNING: '2' });
  }, 60_000);
  afterAll(() => moto.stop());
  beforeEach(async () => {
    own = { moto, ecs: await openEcs(moto), cluster: `prod${(count += 1)}` };
    await runService(own.ecs, own.cluster);
    Object.assign(process.env, { AWS_ENDPOINT_URL_ECS: own.ecs.url, AWS_ENDPOINT_URL_SERVICEDISCOVERY: moto.url });
    own.ecs.asked.length = 0;
  });
  afterEach(async () => {
    delete process.env['AWS_ENDPOINT_URL_ECS'];
    delete process.env['AWS_ENDPOINT_URL_SERVICEDISCOVERY'];
    await own.ecs.stop();
  });
  return () => own;
}
