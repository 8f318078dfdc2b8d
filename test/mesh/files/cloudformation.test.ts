import { checkInput } from '../../../src/mesh/check-input.ts';
import { inputsOf, mistakesOf, readFiles, readOne, type Told } from './reading.ts';

/** A template with one virtual node that has the value as its hostname. */
const withHostname = (value: string, rest = ''): string => `
${rest}
Resources:
  Node:
    Type: AWS::AppMesh::VirtualNode
    Properties:
      MeshName: shop
      VirtualNodeName: cart
      Spec:
        ServiceDiscovery:
          DNS:
            Hostname: ${value}
`;

interface Node {
  readonly serviceDiscovery?: { readonly dns?: { readonly hostname?: string } };
}
const hostnameOf = (value: string, rest = '', told: Told = {}): unknown => (inputsOf(readOne(withHostname(value, rest), told), 'CreateVirtualNode')[0]?.['spec'] as Node).serviceDiscovery?.dns?.hostname;

const PARAMETERS = `
Parameters:
  Domain: { Type: String, Default: shop.local }
  Port: { Type: Number, Default: '8080' }
  Zones: { Type: CommaDelimitedList, Default: 'a, b,c' }
  Stage: { Type: String, AllowedValues: [dev, prod], Default: dev }
  Secret: { Type: String }
Mappings:
  Hosts:
    dev: { name: cart-dev }
    us-east-1: { name: cart-us }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Either: !Or [!Condition IsProd, !Condition IsDev]
`;

describe('functions of a template', () => {
  test.each([
    ['a value as it is', 'cart.shop.local', 'cart.shop.local'],
    ["Ref of a parameter's default", '!Ref Domain', 'shop.local'],
    ['Ref of a pseudo parameter', '!Ref AWS::Region', 'us-east-1'],
    ['Sub with a parameter and a literal', '!Sub "cart.${Domain}.${!x}"', 'cart.shop.local.${x}'],
    ['Sub with a map of its own', '!Sub ["${a}.${Domain}", { a: !Join ["-", [x, y]] }]', 'x-y.shop.local'],
    ['Sub with an attribute', '!Sub "${Other.MeshName}.local"', 'shop2.local'],
    ['Join', '!Join [".", [cart, !Ref Domain]]', 'cart.shop.local'],
    ['Join of a list parameter', '!Join ["-", !Ref Zones]', 'a-b-c'],
    ['Select and Split', '!Select [1, !Split [".", "x.y.z"]]', 'y'],
    ['Select of a list parameter, index as text', '!Select ["2", !Ref Zones]', 'c'],
    ['FindInMap', '!FindInMap [Hosts, !Ref Stage, name]', 'cart-dev'],
    ['FindInMap by a pseudo parameter', '!FindInMap [Hosts, !Ref "AWS::Region", name]', 'cart-us'],
    ['FindInMap with a default', '!FindInMap [Hosts, x, name, { DefaultValue: fallback }]', 'fallback'],
    ['ImportValue', '!ImportValue other:Host', 'imported'],
    ['ImportValue of a made-up name, in its long form', '{ "Fn::ImportValue": !Sub "other:${Stage}" }', 'by stage'],
    ['If not', '!If [IsProd, prod.local, !Ref Domain]', 'shop.local'],
    ['If', '!If [IsDev, dev.local, prod.local]', 'dev.local'],
    ['And', '!If [Both, x, y]', 'y'],
    ['Or', '!If [Either, x, y]', 'x'],
    ['GetAtt of a name of App Mesh', '!GetAtt Other.MeshName', 'shop2'],
    ['GetAtt as a list', '{ "Fn::GetAtt": [Other, MeshName] }', 'shop2'],
    ['GetAtt of a plain property of another resource', '!GetAtt Service.Name', 'cart-service'],
    ['GetAtt of what is known only once it is deployed', '!GetAtt Balancer.DNSName', 'lb.example.com'],
    ['Ref of what is known only once it is deployed', '!Ref Balancer', 'arn:lb'],
    ['Base64', '!Base64 hi', 'aGk='],
  ])('%s', (_, value, expected) => {
    const others = `${withHostname(value, PARAMETERS)}
  Other: { Type: AWS::AppMesh::Mesh, Properties: { MeshName: shop2 } }
  Service: { Type: AWS::ServiceDiscovery::Service, Properties: { Name: !Join ["-", [cart, service]] } }
  Balancer: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer }
`;
    const read = readOne(others, { imports: { 'other:Host': 'imported', 'other:dev': 'by stage' }, params: { 'Balancer.DNSName': 'lb.example.com', Balancer: 'arn:lb' } });
    expect((inputsOf(read, 'CreateVirtualNode')[0]?.['spec'] as Node).serviceDiscovery?.dns?.hostname).toBe(expected);
  });

  test('parameters that are given stand before defaults, and decide conditions', () => {
    expect(hostnameOf('!Sub "${Domain}-${Stage}"', PARAMETERS, { params: { Domain: 'x', Stage: 'prod' } })).toBe('x-prod');
    expect(hostnameOf('!If [IsProd, p, d]', PARAMETERS, { params: { Stage: 'prod' } })).toBe('p');
    expect(hostnameOf('!Sub "${AWS::AccountId} ${AWS::StackName} ${AWS::Partition} ${AWS::URLSuffix}"', '', { params: { 'AWS::AccountId': '111122223333' } })).toBe('111122223333 stack aws amazonaws.com');
    expect(hostnameOf('!Ref AWS::Region', '', { region: 'eu-west-1' })).toBe('eu-west-1');
  });

  test('what is not known is told with its line, its path and how to give it, everything at once', () => {
    expect(mistakesOf(() => hostnameOf('!Ref Secret', PARAMETERS))).toEqual([
      expect.stringMatching(/^stack\.yaml:\d+: Resources\.Node\.Properties\.Spec\.ServiceDiscovery\.DNS\.Hostname\.Ref: "Secret": is a parameter without a default: give it by --param Secret=VALUE$/) as string,
    ]);
    const told = (value: string): string => mistakesOf(() => hostnameOf(value, PARAMETERS)).join('\n');
    expect(told('!Ref Nothing')).toContain('"Nothing": must name a parameter or a resource of the template');
    expect(told('!GetAtt Nothing.Arn')).toContain('"Nothing.Arn": must name a resource of the template: give what another template makes by --param Nothing.Arn=VALUE');
    expect(told('!GetAtt Node.Uid')).toContain('is known only once AWS::AppMesh::VirtualNode is deployed: give it by --param Node.Uid=VALUE');
    expect(told('!ImportValue other:Host')).toContain('is an export of another stack: give it by --import other:Host=VALUE');
    expect(told('!FindInMap [Hosts, prod, name]')).toContain('"Hosts.prod.name": must be a key of Mappings');
    expect(told('!If [Nothing, a, b]')).toContain('"Nothing": must name a condition of the template');
    expect(told('!Select [7, !Ref Zones]')).toContain('"7": must be the index of one of 3 values');
    expect(told('!GetAZs ""')).toContain('Fn::GetAZs: "": is a function that is not resolved here');
    expect(told('!Sub "{{resolve:ssm:/${Stage}/host}}"')).toBe('stack.yaml:28: Resources.Node.Properties.Spec.ServiceDiscovery.DNS.Hostname: "{{resolve:ssm:/dev/host}}": is a dynamic reference, which is not looked up here: write its value in its place');
    expect(told('!Join [x]')).toContain('must have a list of 2 arguments');
    expect(told('!Sub "${Secret} ${Nothing}"').split('\n')).toHaveLength(2);
    expect(told('!GetAtt Node.VirtualNodeName')).toBe('');
    expect(mistakesOf(() => hostnameOf('!Ref Stage', PARAMETERS, { params: { Stage: 'test' } }))).toEqual([expect.stringContaining('"test": must be one of dev, prod, the allowed values of Stage') as string]);
  });

  test('what depends on itself has no value', () => {
    const circular = 'Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }';
    expect(mistakesOf(() => hostnameOf('!If [A, x, y]', circular))).toEqual([expect.stringContaining('must not depend on itself') as string]);
    expect(mistakesOf(() => readOne('Resources: { A: { Type: AWS::AppMesh::Mesh, Properties: { MeshName: !Sub "${A}" } } }'))).toEqual([expect.stringContaining('must not depend on itself') as string]);
  });

  test('a parameter of the Systems Manager is not its default, which names where it is', () => {
    const parameter = 'Parameters: { Image: { Type: "AWS::SSM::Parameter::Value<String>", Default: /path } }';
    expect(mistakesOf(() => hostnameOf('!Ref Image', parameter))).toEqual([expect.stringContaining('is a parameter of the Systems Manager: give it by --param Image=VALUE') as string]);
    expect(hostnameOf('!Ref Image', parameter, { params: { Image: 'x' } })).toBe('x');
    expect(hostnameOf('x', parameter)).toBe('x');
  });

  test('a value needed in many places is asked for once', () => {
    const twice = withHostname('!Ref Secret', 'Parameters: { Secret: { Type: String } }').replace('VirtualNodeName: cart', 'VirtualNodeName: !Sub "${Secret}-cart"');
    expect(mistakesOf(() => readOne(twice))).toHaveLength(1);
  });
});

const WHOLE = `
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Weight: { Type: Number, Default: '30' }
  Port: { Type: String, Default: '8080' }
  UseTls: { Type: String, Default: 'false' }
Conditions:
  Tls: !Equals [!Ref UseTls, 'true']
Resources:
  Mesh:
    Type: AWS::AppMesh::Mesh
    Properties: { MeshName: shop, Spec: { EgressFilter: { Type: DROP_ALL } }, Tags: [{ Key: team, Value: a }] }
  Route:
    Type: AWS::AppMesh::Route
    DependsOn: [Router]
    Properties:
      MeshName: !Ref Mesh
      MeshOwner: '123456789012'
      VirtualRouterName: !GetAtt Router.VirtualRouterName
      Spec:
        Priority: '5'
        Http2Route:
          Match: { Prefix: /, Headers: [{ Name: x, Invert: 'true', Match: { Range: { Start: 1, End: '5' } } }] }
          Action: { WeightedTargets: [{ VirtualNode: !GetAtt Node.VirtualNodeName, Weight: !Ref Weight }] }
          RetryPolicy: { HttpRetryEvents: [server-error], MaxRetries: 2, PerRetryTimeout: { Unit: ms, Value: 250 } }
  Router:
    Type: AWS::AppMesh::VirtualRouter
    Properties: { MeshName: !GetAtt Mesh.MeshName, Spec: { Listeners: [{ PortMapping: { Port: !Ref Port, Protocol: http2 } }] } }
  Node:
    Type: AWS::AppMesh::VirtualNode
    Properties:
      MeshName: !GetAtt Mesh.MeshName
      VirtualNodeName: cart
      Spec:
        Listeners:
          - PortMapping: { Port: !Ref Port, Protocol: http2 }
            HealthCheck: { Protocol: http2, Path: /, HealthyThreshold: 2, UnhealthyThreshold: 2, TimeoutMillis: 2000, IntervalMillis: 5000 }
            ConnectionPool: { HTTP2: { MaxRequests: 5 } }
            TLS: !If [Tls, { Mode: STRICT, Certificate: { ACM: { CertificateArn: arn:x } } }, !Ref AWS::NoValue]
        BackendDefaults: { ClientPolicy: { TLS: { Enforce: false, Validation: { Trust: { SDS: { SecretName: ca } } } } } }
        ServiceDiscovery: { AWSCloudMap: { NamespaceName: local, ServiceName: !GetAtt Discovery.Name } }
  Prod:
    Type: AWS::AppMesh::VirtualService
    Condition: Tls
    Properties: { MeshName: shop, VirtualServiceName: prod.local, Spec: {} }
  Service:
    Type: AWS::AppMesh::VirtualService
    Properties: { MeshName: shop, VirtualServiceName: cart.local, Spec: { Provider: { VirtualRouter: { VirtualRouterName: !GetAtt Router.VirtualRouterName } } } }
  Discovery: { Type: AWS::ServiceDiscovery::Service, Properties: { Name: cart } }
  Task: { Type: AWS::ECS::TaskDefinition, Properties: { Cpu: !Ref Nothing } }
  Task2: { Type: AWS::ECS::TaskDefinition }
`;

describe('a template', () => {
  test("gives inputs in the API's own spelling and types, ordered, the rest counted", () => {
    const { resources, leftOut } = readOne(WHOLE, {}, 'dir/shop-mesh.yaml');
    expect(leftOut).toEqual({ 'AWS::ServiceDiscovery::Service': 1, 'AWS::ECS::TaskDefinition': 2 });
    for (const resource of resources) expect(checkInput(resource)).toEqual([]);
    expect(resources).toEqual([
      { create: 'CreateMesh', input: { meshName: 'shop', spec: { egressFilter: { type: 'DROP_ALL' } }, tags: [{ key: 'team', value: 'a' }] } },
      {
        create: 'CreateVirtualNode',
        input: {
          meshName: 'shop',
          virtualNodeName: 'cart',
          spec: {
            listeners: [
              {
                portMapping: { port: 8080, protocol: 'http2' },
                healthCheck: { protocol: 'http2', path: '/', healthyThreshold: 2, unhealthyThreshold: 2, timeoutMillis: 2000, intervalMillis: 5000 },
                connectionPool: { http2: { maxRequests: 5 } },
              },
            ],
            backendDefaults: { clientPolicy: { tls: { enforce: false, validation: { trust: { sds: { secretName: 'ca' } } } } } },
            serviceDiscovery: { awsCloudMap: { namespaceName: 'local', serviceName: 'cart' } },
          },
        },
      },
      { create: 'CreateVirtualRouter', input: { meshName: 'shop', virtualRouterName: 'shop-mesh-Router', spec: { listeners: [{ portMapping: { port: 8080, protocol: 'http2' } }] } } },
      {
        create: 'CreateRoute',
        input: {
          meshName: 'shop',
          virtualRouterName: 'shop-mesh-Router',
          routeName: 'shop-mesh-Route',
          spec: {
            priority: 5,
            http2Route: {
              match: { prefix: '/', headers: [{ name: 'x', invert: true, match: { range: { start: 1, end: 5 } } }] },
              action: { weightedTargets: [{ virtualNode: 'cart', weight: 30 }] },
              retryPolicy: { httpRetryEvents: ['server-error'], maxRetries: 2, perRetryTimeout: { unit: 'ms', value: 250 } },
            },
          },
        },
      },
      { create: 'CreateVirtualService', input: { meshName: 'shop', virtualServiceName: 'cart.local', spec: { provider: { virtualRouter: { virtualRouterName: 'shop-mesh-Router' } } } } },
    ]);
  });

  test('conditions say which resources there are, and which properties', () => {
    const read = readOne(WHOLE, { params: { UseTls: 'true' } });
    expect(inputsOf(read, 'CreateVirtualService')).toHaveLength(2);
    expect(inputsOf(read, 'CreateVirtualNode')).toMatchObject([{ spec: { listeners: [{ tls: { mode: 'STRICT', certificate: { acm: { certificateArn: 'arn:x' } } } }] } }]);
  });

  test('names that it leaves to CloudFormation are of the stack and the logical id', () => {
    const text = 'Resources: { M: { Type: AWS::AppMesh::Mesh }, N: { Type: AWS::AppMesh::VirtualNode, Properties: { MeshName: !GetAtt M.MeshName, Spec: {} } } }';
    expect(inputsOf(readOne(text, {}, 'x/shop.template.yaml'), 'CreateVirtualNode')).toEqual([{ meshName: 'shop-M', virtualNodeName: 'shop-N', spec: {} }]);
    expect(inputsOf(readOne(text, { params: { 'AWS::StackName': 'prod' } }), 'CreateMesh')).toEqual([{ meshName: 'prod-M' }]);
  });

  test('is read as JSON too', () => {
    const template = { Resources: { N: { Type: 'AWS::AppMesh::VirtualNode', Properties: { MeshName: { 'Fn::Sub': '${AWS::StackName}' }, VirtualNodeName: { 'Fn::Join': ['-', ['a', 'b']] }, Spec: {} } } } };
    const { resources } = readOne(JSON.stringify(template), {}, 'shop.json');
    expect(resources).toEqual([
      { create: 'CreateMesh', input: { meshName: 'shop' } },
      { create: 'CreateVirtualNode', input: { meshName: 'shop', virtualNodeName: 'a-b', spec: {} } },
    ]);
  });

  test('a member that App Mesh does not have, or of another type, is told by its path', () => {
    const wrong = withHostname('x').replace('Hostname: x', 'HostNames: [x]').replace('Spec:', 'Extra: 1\n      Spec:\n        Listeners: [{ PortMapping: { Port: eighty, Protocol: http } }]');
    expect(mistakesOf(() => readOne(wrong))).toEqual([
      expect.stringMatching(/^stack\.yaml:\d+: Resources\.Node\.Properties\.Extra: 1: is not a member of CreateVirtualNodeInput; its members are /) as string,
      expect.stringMatching(/Spec\.Listeners\[0\]\.PortMapping\.Port: "eighty": must be a number$/) as string,
      expect.stringMatching(/DNS\.HostNames: \["x"\]: is not a member of DnsServiceDiscovery; its members are hostname, responseType, ipPreference$/) as string,
    ]);
    expect(mistakesOf(() => readOne('Resources: { N: { Type: AWS::AppMesh::VirtualNode, Properties: { VirtualNodeName: n, Spec: {} } } }'))).toEqual([expect.stringContaining('must have meshName') as string]);
    expect(inputsOf(readOne('Resources: { N: { Type: AWS::AppMesh::VirtualNode, Properties: { VirtualNodeName: n, Spec: {} } } }', { names: { meshName: 'm' } }), 'CreateVirtualNode')).toHaveLength(1);
  });

  test('without anything of App Mesh has nothing to make', () => {
    expect(readFiles([{ file: 'a.yaml', text: 'Resources: { T: { Type: AWS::ECS::Service } }' }, { file: 'b.yaml', text: withHostname('x') }]).leftOut).toEqual({ 'AWS::ECS::Service': 1 });
  });
});
