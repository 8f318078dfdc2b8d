import { readdirSync, readFileSync } from 'node:fs';
import { readMeshFiles, type TextFile } from '../../src/mesh/files/read-mesh-files.ts';
import { checkInput } from '../../src/mesh/check-input.ts';

const parseMeshFiles = (files: readonly TextFile[]) => readMeshFiles(files).resources;
const parseMeshFile = (text: string, file: string) => parseMeshFiles([{ file, text }]);

const mistakesOf = (parse: () => unknown): string[] => {
  try {
    parse();
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('a mesh file', () => {
  test('is a YAML or JSON list of { create, input }', () => {
    const list = [{ create: 'CreateMesh', input: { meshName: 'm' } }];
    expect(parseMeshFile('- { create: CreateMesh, input: { meshName: m } }', 'm.yaml')).toEqual(list);
    expect(parseMeshFile(JSON.stringify(list), 'm.json')).toEqual(list);
  });

  test('or one input of the CLI, of any kind', () => {
    const names = { meshName: 'm', virtualRouterName: 'r', virtualGatewayName: 'g' };
    expect(parseMeshFile(JSON.stringify({ meshName: 'm' }), 'f')).toMatchObject([{ create: 'CreateMesh' }]);
    expect(parseMeshFile(JSON.stringify({ ...names, routeName: 'x' }), 'f')).toMatchObject([{ create: 'CreateRoute' }]);
    expect(parseMeshFile(JSON.stringify({ meshName: 'm', virtualServiceName: 'x', spec: { provider: {} } }), 'f')).toMatchObject([{ create: 'CreateVirtualService' }]);
    expect(parseMeshFile(JSON.stringify({ ...names, gatewayRouteName: 'x' }), 'f')).toMatchObject([{ create: 'CreateGatewayRoute' }]);
  });

  test('says every mistake at once, with file, path, value and rule', () => {
    expect(mistakesOf(() => parseMeshFile('- { create: CreateRoute, input: { meshName: "", virtualRouterName: 3 } }\n- { create: Foo }\n- { create: CreateMesh, input: { meshName: m }, extra: 1 }', 'm.yaml'))).toEqual([
      'm.yaml:1: [0].input.meshName: "": must not be empty',
      'm.yaml:1: [0].input.virtualRouterName: 3: must be a name',
      'm.yaml:1: [0].input.routeName: missing: must be a name',
      expect.stringMatching(/^m\.yaml:2: \[1\]\.create: "Foo": must be one of CreateMesh, /) as string,
      'm.yaml:2: [1].input: missing: must be the input JSON of the operation',
      'm.yaml:3: [2].extra: 1: is not a field here',
    ]);
    expect(mistakesOf(() => parseMeshFiles([{ file: 'a.json', text: '{' }, { file: 'b.json', text: '[]' }]))).toEqual([expect.stringMatching(/^a\.json:1: /) as string, 'b.json: []: must hold at least one resource']);
  });

  test('refuses two files that create the same in two ways; the same twice is one', () => {
    const text = '{"meshName":"m","virtualNodeName":"n"}';
    const other = { file: 'b.json', text: '{"meshName":"m","virtualNodeName":"n","spec":{}}' };
    expect(mistakesOf(() => parseMeshFiles([{ file: 'a.json', text }, other]))).toEqual(['b.json: "CreateVirtualNode m/n": must be created once only']);
    expect(parseMeshFiles([{ file: 'a.json', text }, { file: 'b.json', text }])).toHaveLength(2);
  });

  test("takes the walkthrough's CLI inputs of a folder as they are: updates overlay creates, and the mesh is implied", () => {
    const folder = new URL('../../examples/pgmesh/cli-input/', import.meta.url);
    const files = readdirSync(folder).map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
    const resources = parseMeshFiles(files);
    expect(resources[0]).toEqual({ create: 'CreateMesh', input: { meshName: 'pgMesh' } });
    for (const resource of resources) expect(checkInput(resource)).toEqual([]);
    const update = files.find(({ file }) => file === 'update-route.json');
    if (update !== undefined) expect(resources.find(({ create }) => create === 'CreateRoute')?.input).toEqual(JSON.parse(update.text));
  });
});

describe('the input of a resource', () => {
  const input = (spec: unknown) => ({ create: 'CreateVirtualNode' as const, input: { meshName: 'm', virtualNodeName: 'n', spec } });
  test.each([
    [{}, []],
    [{ listeners: {} }, ['input.spec.listeners: must be a list']],
    [{ listeners: [{ portMapping: { port: '80', protocol: 'http' } }] }, ['input.spec.listeners[0].portMapping.port: must be a number']],
    [{ serviceDiscovery: { dns: { hostname: 'a' }, awsCloudMap: { namespaceName: 'a', serviceName: 'b' } } }, ['input.spec.serviceDiscovery: must have exactly one member of ServiceDiscovery']],
    [{ serviceDiscovery: { dns: {} } }, ['input.spec.serviceDiscovery.dns.hostname: is required']],
    [{ backends: [{ virtualService: { virtualServiceName: 3 } }] }, ['input.spec.backends[0].virtualService.virtualServiceName: must be a string']],
  ])('%j: %j', (spec, mistakes) => {
    expect(checkInput(input(spec)).map(({ path, rule }) => `${path}: ${rule}`)).toEqual(mistakes);
  });
});
