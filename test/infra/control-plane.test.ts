import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMeshClient } from '../../src/mesh/client.ts';
import { describeWith } from '../support/components.ts';
import { hasDynamoDbLocal, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { hasMoto, startMoto, type Moto } from '../support/moto.ts';
import { startServe } from '../support/serve.ts';
import { OTHER_WAYS, packageStack, ROOT, serverless, type PackagedStack } from './support/package-stack.ts';

interface Container {
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets: readonly { readonly Name: string; readonly ValueFrom: { readonly Ref: string } }[];
  readonly PortMappings: readonly { readonly ContainerPort: number }[];
  readonly HealthCheck: { readonly Command: readonly string[] };
  readonly StopTimeout: number;
}

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

/** What Secrets Manager makes of a secret's description in the template. */
function secretValue(properties: Readonly<Record<string, unknown>>): string {
  if (typeof properties['SecretString'] === 'string') return properties['SecretString'];
  const { PasswordLength, SecretStringTemplate, GenerateStringKey } = properties['GenerateSecretString'] as { PasswordLength: number; SecretStringTemplate?: string; GenerateStringKey?: string };
  const password = 'A'.repeat(PasswordLength);
  return SecretStringTemplate === undefined ? password : JSON.stringify({ ...(JSON.parse(SecretStringTemplate) as object), [GenerateStringKey ?? '']: password });
}

describe('the control plane of the stack', () => {
  let stack: PackagedStack;
  beforeAll(async () => {
    stack = await packageStack(OTHER_WAYS);
  }, 120_000);
  afterAll(() => stack.remove());
  const container = (): Container => (stack.template.Resources['ControlPlaneTask']!.Properties['ContainerDefinitions'] as Container[])[0]!;
  const resource = (name: string) => stack.template.Resources[name]!.Properties;

  test('is where functions ask for the mesh', () => {
    for (const [, { Properties }] of stack.ofType('AWS::Lambda::Function')) {
      expect((Properties['Environment'] as { Variables: object }).Variables).toMatchObject({ AWS_ENDPOINT_URL_APP_MESH: 'https://mesh.example.com' });
    }
    expect(resource('ControlPlaneApiListener')).toMatchObject({ Port: 443, Protocol: 'TLS', Certificates: [{ CertificateArn: OTHER_WAYS['controlPlaneCertificate'] }] });
    expect(resource('ControlPlaneXdsListener')).toMatchObject({ Protocol: 'TLS', AlpnPolicy: ['HTTP2Only'] });
  });

  test('has a new instance before an old one goes, and time for its end', () => {
    expect(resource('ControlPlaneService')).toMatchObject({ DesiredCount: OTHER_WAYS['controlPlaneCount'], DeploymentConfiguration: { MinimumHealthyPercent: 100, DeploymentCircuitBreaker: { Enable: true, Rollback: true } } });
    const drain = Number(container().Environment.find(({ Name }) => Name === 'MESHSHIFT_DRAIN')?.Value);
    expect(container().StopTimeout).toBeGreaterThan(drain + 10);
    expect(stack.template.Resources['Removal']!.Properties['Needs']).toContainEqual({ Ref: 'ControlPlaneService' });
  });

  test('listens where the image, its health check, the load balancer and the security groups say', () => {
    const ports = container().PortMappings.map(({ ContainerPort }) => ContainerPort);
    expect(/^EXPOSE (.*)$/m.exec(dockerfile)?.[1]).toBe(ports.join(' '));
    expect(dockerfile).toContain(`CMD ${JSON.stringify(container().HealthCheck.Command.slice(1)).replaceAll(',', ', ')}\n`);
    expect(['ControlPlaneApiTargets', 'ControlPlaneXdsTargets'].map((name) => resource(name)['Port'])).toEqual(ports);
    for (const name of ['ControlPlaneApiTargets', 'ControlPlaneXdsTargets']) expect(resource(name)).toMatchObject({ HealthCheckPort: String(ports[0]), HealthCheckPath: '/meshshift/v1/health', TargetType: 'ip' });
    expect(resource('ControlPlaneTaskGroup')['SecurityGroupIngress']).toMatchObject([{ FromPort: ports[0], ToPort: ports[1] }]);
  });

  (hasDynamoDbLocal ? test : test.skip)('starts with just the variables and secrets that the task gives it, and lets in who has its keys', async () => {
    const dynamo = await startDynamoDbLocal();
    const { Environment, Secrets } = container();
    const image = Object.fromEntries([...dockerfile.matchAll(/(MESHSHIFT_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
    const secrets = Object.fromEntries(Secrets.map(({ Name, ValueFrom }) => [Name, secretValue(resource(ValueFrom.Ref))]));
    const plain = Object.fromEntries(Environment.map(({ Name, Value }) => [Name, typeof Value === 'string' ? Value : { 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '123456789012' }[(Value as { Ref: string }).Ref]!]));
    const here = { MESHSHIFT_TABLE: await dynamo.createTable(), AWS_ENDPOINT_URL_DYNAMODB: dynamo.url, MESHSHIFT_HOST: '127.0.0.1', MESHSHIFT_PORT: '0', MESHSHIFT_XDS_PORT: '0', MESHSHIFT_DRAIN: '0' };
    const served = await startServe({ ...image, ...plain, ...secrets, ...here });
    const as = async (method: 'GET' | 'PUT', variable?: string): Promise<number> => {
      const key = variable === undefined ? { accessKeyId: 'nobody', secretAccessKey: 'nobody' } : (JSON.parse(secrets[variable] ?? '') as { accessKeyId: string; secretAccessKey: string });
      const mesh = openMeshClient(served.url, () => Promise.resolve(key), 'eu-central-1');
      const answer = method === 'GET' ? (await mesh.get('/v20190125/meshes', 5_000)).status : await mesh.create({ create: 'CreateMesh', input: { meshName: 'm' } }).then(() => 200, (error: unknown) => (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode);
      mesh.close();
      return answer;
    };
    expect([await as('GET'), await as('GET', 'MESHSHIFT_PROXY_KEY'), await as('PUT', 'MESHSHIFT_PROXY_KEY'), await as('PUT', 'MESHSHIFT_MESH_KEY')]).toEqual([403, 200, 403, 200]);
    await served.end();
    await dynamo.stop();
  }, 60_000);
});

describeWith('moto', hasMoto, 'serverless deploy with the control plane', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  }, 60_000);
  afterAll(() => moto.stop());

  const ask = async (service: string, version: string, action: string, fields: Record<string, string> = {}): Promise<string> => {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const response = await fetch(moto.url, { method: 'POST', headers: { authorization }, body: new URLSearchParams({ Action: action, Version: version, ...fields }) });
    return response.text();
  };
  const requestCertificate = async (): Promise<string> => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/acm/aws4_request, SignedHeaders=host, Signature=0';
    const headers = { authorization, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'CertificateManager.RequestCertificate' };
    return ((await (await fetch(moto.url, { method: 'POST', headers, body: JSON.stringify({ DomainName: 'mesh.example.com' }) })).json()) as { CertificateArn: string }).CertificateArn;
  };
  const found = (xml: string, tag: string): string => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(xml)?.[1] ?? '';

  test('makes its service, load balancer and groups in a network that is there', async () => {
    const ec2 = (action: string, fields: Record<string, string>): Promise<string> => ask('ec2', '2016-11-15', action, fields);
    const vpc = found(await ec2('CreateVpc', { CidrBlock: '10.1.0.0/16' }), 'vpcId');
    const subnets = [];
    for (const part of [1, 2]) subnets.push(found(await ec2('CreateSubnet', { VpcId: vpc, CidrBlock: `10.1.${part}.0/24`, AvailabilityZone: `us-east-1${part === 1 ? 'a' : 'b'}` }), 'subnetId'));
    const params = { controlPlane: 'fargate', controlPlaneName: 'mesh.example.com', controlPlaneCertificate: await requestCertificate(), controlPlaneVpc: vpc, controlPlaneSubnets: subnets.join(',') };
    await serverless(['deploy', ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])], moto.env);
    const listed = await ask('cloudformation', '2010-05-15', 'ListStackResources', { StackName: 'meshshift-dev' });
    const made = [...listed.matchAll(/<LogicalResourceId>(ControlPlane\w+)<\/LogicalResourceId>/g)].map(([, name = '']) => name);
    const wanted = ['ApiListener', 'ApiTargets', 'Balancer', 'BalancerGroup', 'Cluster', 'ExecutionRole', 'LogGroup', 'Peers', 'Service', 'Task', 'TaskGroup', 'TaskRole', 'XdsListener', 'XdsTargets'];
    expect(made.sort()).toEqual(wanted.map((name) => `ControlPlane${name}`));
  }, 180_000);
});
