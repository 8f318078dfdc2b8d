import { checkInput } from '../../../src/mesh/check-input.ts';
import { mistakesOf, readFiles, readOne } from './reading.ts';

const SPEC = { listeners: [{ portMapping: { port: 80, protocol: 'http' } }], serviceDiscovery: { dns: { hostname: 'a' } } };
const read = (value: unknown, names: Readonly<Record<string, string>> = {}, params: Readonly<Record<string, string>> = {}): unknown => readOne(typeof value === 'string' ? value : JSON.stringify(value), { names, params }, 'a.json').resources;

describe('an input of `aws appmesh`', () => {
  test('takes the names that its flags give from flags; its own stand before them', () => {
    const names = { meshName: 'm', virtualNodeName: 'a' };
    expect(read({ spec: SPEC }, names)).toEqual([{ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'a', spec: SPEC } }]);
    expect(read({ virtualNodeName: 'own', spec: SPEC }, names)).toEqual([{ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'own', spec: SPEC } }]);
    expect(read({ spec: {} }, { meshName: 'm' })).toEqual([{ create: 'CreateMesh', input: { meshName: 'm', spec: {} } }]);
    expect(read({ routeName: 'r', spec: {} }, { meshName: 'm', virtualRouterName: 'v' })).toEqual([{ create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'v', routeName: 'r', spec: {} } }]);
    expect(read([{ create: 'CreateVirtualNode', input: { virtualNodeName: 'a', spec: SPEC } }], { meshName: 'm' })).toEqual([{ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'a', spec: SPEC } }]);
  });

  test('may be the spec by itself, as --spec takes it', () => {
    expect(read(SPEC, { meshName: 'm', virtualNodeName: 'a' })).toEqual([{ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'a', spec: SPEC } }]);
    expect(read({ provider: {} }, { meshName: 'm', virtualServiceName: 's' })).toEqual([{ create: 'CreateVirtualService', input: { meshName: 'm', virtualServiceName: 's', spec: { provider: {} } } }]);
  });

  test('without names is refused with how to give them', () => {
    const asked = [expect.stringContaining('has no names: give them by flags, as `aws appmesh` takes them beside it: --mesh NAME and one of --virtual-node-name') as string];
    expect(mistakesOf(() => read({ spec: SPEC }))).toEqual(asked);
    expect(mistakesOf(() => read(SPEC))).toEqual(asked);
    expect(mistakesOf(() => read({ virtualNodeName: 'a', spec: SPEC }))).toEqual([expect.stringContaining('input.meshName: missing: must be a name') as string]);
    expect(mistakesOf(() => read({ something: 1 }))).toEqual(['a.json: {"something":1}: must be a list of { create, input }']);
  });

  test("may say whose the mesh is: here a mesh has no other account's", () => {
    expect(read({ meshName: 'm', meshOwner: '111122223333', virtualNodeName: 'a', spec: SPEC })).toEqual([{ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName: 'a', spec: SPEC } }]);
  });

  test('may be what describe answered: names and spec are taken, the rest is of the control plane it comes from', () => {
    const metadata = { arn: 'x', version: 3, meshOwner: '1', createdAt: '2020-06-17T09:51:37.920000-05:00' };
    const route = { meshName: 'm', virtualRouterName: 'v', routeName: 'r', metadata, status: { status: 'ACTIVE' }, spec: { tcpRoute: { action: { weightedTargets: [] } } } };
    expect(read({ route })).toEqual([{ create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'v', routeName: 'r', spec: route.spec } }]);
    expect(read({ mesh: { meshName: 'm', metadata, spec: {}, status: {} } })).toEqual([{ create: 'CreateMesh', input: { meshName: 'm', spec: {} } }]);
  });

  test('may be a list of what describe answered, as scripts collect it, boto3’s own member left out', () => {
    const metadata = { arn: 'arn:aws:appmesh:us-east-1:111122223333:mesh/m/virtualNode/a', version: 3 };
    const nodes = ['a', 'b'].map((virtualNodeName) => ({ ResponseMetadata: { HTTPStatusCode: 200 }, virtualNode: { meshName: 'm', virtualNodeName, metadata, spec: SPEC, status: { status: 'ACTIVE' } } }));
    expect(read(nodes)).toEqual(['a', 'b'].map((virtualNodeName) => ({ create: 'CreateVirtualNode', input: { meshName: 'm', virtualNodeName, spec: SPEC } })));
    const file = (name: string, value: unknown) => ({ file: name, text: JSON.stringify(value) });
    const meshes = [{ mesh: { meshName: 'm', metadata, spec: {}, status: { status: 'ACTIVE' } } }];
    expect(readFiles([file('meshes.json', meshes), file('nodes.json', nodes)]).resources.map(({ create }) => create)).toEqual(['CreateMesh', 'CreateVirtualNode', 'CreateVirtualNode']);
  });
});

describe('placeholders', () => {
  const text = '{ "virtualNodeName": "a", "spec": { "serviceDiscovery": { "dns": { "hostname": $DNS_HOSTNAME } }, "listeners": [ { "portMapping": { "port": "${PORT}", "protocol": "http" } } ] } }';

  test('of jq and envsubst are filled in, numbers as numbers', () => {
    const [resource] = readOne(text, { names: { meshName: 'm' }, params: { DNS_HOSTNAME: 'cart.local', PORT: '8080' } }).resources;
    expect(resource?.input['spec']).toEqual({ serviceDiscovery: { dns: { hostname: 'cart.local' } }, listeners: [{ portMapping: { port: 8080, protocol: 'http' } }] });
    if (resource !== undefined) expect(checkInput(resource)).toEqual([]);
  });

  test('that nobody gave are all asked for', () => {
    expect(mistakesOf(() => readOne(text, { names: { meshName: 'm' } }, 'a.json'))).toEqual([
      'a.json:1: spec.serviceDiscovery.dns.hostname: "$DNS_HOSTNAME": has the placeholder $DNS_HOSTNAME: give it by --param DNS_HOSTNAME=VALUE, or fill it in before',
      'a.json:1: spec.listeners[0].portMapping.port: "${PORT}": has the placeholder ${PORT}: give it by --param PORT=VALUE, or fill it in before',
    ]);
  });

  test('that stand unquoted, so that the text is neither JSON nor YAML, are filled in all the same', () => {
    const unquoted = '{\n  "meshName": "m", "virtualNodeName": "a",\n  "spec": { "listeners": [ { "portMapping": { "port": ${PORT}, "protocol": "${PROTOCOL}" } } ] }\n}';
    expect(readOne(unquoted, { params: { PORT: '80', PROTOCOL: 'http' } }).resources[0]?.input['spec']).toEqual({ listeners: [{ portMapping: { port: 80, protocol: 'http' } }] });
    expect(mistakesOf(() => readOne(unquoted, {}, 'a.json'))).toEqual([
      'a.json:3: "${PORT}": has the placeholder ${PORT}: give it by --param PORT=VALUE, or fill it in before',
      'a.json:3: "${PROTOCOL}": has the placeholder ${PROTOCOL}: give it by --param PROTOCOL=VALUE, or fill it in before',
    ]);
  });

  test("elsewhere do not hide what is wrong with a text, and a regular expression's end is none", () => {
    expect(mistakesOf(() => readOne('Resources:\n  A: { Name: !Sub "${X}"\nB: [', {}, 'a.yaml'))[0]).toMatch(/^a\.yaml:\d+: .*(Flow|flow)/);
    const match = { path: { regex: '^/a$' }, headers: [{ name: 'x', match: { regex: '^[A-Z]+$' } }] };
    expect(read({ meshName: 'm', virtualRouterName: 'v', routeName: 'r', spec: { httpRoute: { match } } })).toMatchObject([{ input: { spec: { httpRoute: { match } } } }]);
  });
});

describe('a folder of mixed files', () => {
  const files = [
    { file: 'f/mesh.yaml', text: 'Resources: { M: { Type: AWS::AppMesh::Mesh, Properties: { MeshName: shop, Spec: {} } }, T: { Type: AWS::ECS::Service } }' },
    { file: 'f/node.yaml', text: 'apiVersion: appmesh.k8s.aws/v1beta2\nkind: VirtualNode\nmetadata: { name: b, namespace: x }\nspec: { meshRef: { name: shop } }' },
    { file: 'f/a.json', text: '{ "meshName": "shop", "virtualNodeName": "a", "spec": {} }' },
    { file: 'f/update-a.json', text: '{ "meshName": "shop", "virtualNodeName": "a", "spec": { "backends": [] } }' },
    { file: 'f/task.json', text: '{ "containerDefinitions": [] }' },
    { file: 'f/list.yaml', text: '- { create: CreateVirtualNode, input: { meshName: elsewhere, virtualNodeName: c, spec: {} } }' },
  ];

  test('is one set of resources; what is of no mesh is told', () => {
    const { resources, leftOut } = readFiles(files);
    expect(leftOut).toEqual({ 'AWS::ECS::Service': 1, 'f/task.json': 1 });
    expect(resources.map(({ create, input }) => [create, input['meshName'], input['virtualNodeName'], input['spec']])).toEqual([
      ['CreateMesh', 'elsewhere', undefined, undefined],
      ['CreateMesh', 'shop', undefined, {}],
      ['CreateVirtualNode', 'shop', 'a', { backends: [] }],
      ['CreateVirtualNode', 'elsewhere', 'c', {}],
      ['CreateVirtualNode', 'shop', 'b_x', {}],
    ]);
  });

  test('tells the mistakes of all its files at once', () => {
    const wrong = [...files, { file: 'f/x.json', text: '{' }, { file: 'f/y.json', text: '{ "spec": {} }' }, { file: 'f/z.yaml', text: 'Resources: { M: { Type: AWS::AppMesh::Mesh, Properties: { MeshName: !Ref X } } }' }];
    expect(mistakesOf(() => readFiles(wrong)).map((mistake) => mistake.split(':')[0])).toEqual(['f/x.json', 'f/y.json', 'f/z.yaml']);
  });
});
