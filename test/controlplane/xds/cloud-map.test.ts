import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCloudMap, type CloudMap } from '../../../src/controlplane/endpoints/cloud-map.ts';
import { cloudMapEndpoint, cloudMapFinder } from '../../../src/controlplane/endpoints/cloud-map-finder.ts';
import { withInstances } from '../../../src/controlplane/endpoints/with-instances.ts';
import type { SpecOf } from '../../../src/controlplane/model/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { editableMesh, type EditableMesh } from '../../support/mesh.ts';

type Attributes = Readonly<Record<string, string>>;
type Node = SpecOf['virtualNode'];

const discovered = (serviceName: string, more: object = {}): Node => ({
  listeners: [{ portMapping: { port: 8080, protocol: 'http' } }],
  serviceDiscovery: { awsCloudMap: { namespaceName: 'n.local', serviceName, ...more } },
});

describe('AWS Cloud Map', () => {
  let server: Server;
  let asked: { target: string; body: Record<string, unknown> }[];
  let services: Record<string, readonly Attributes[]>;
  let mesh: EditableMesh;
  let cloudMap: CloudMap;
  let told: string[];
  let said: unknown[];
  let rounds: (() => void)[];
  const environment = { ...process.env };

  beforeEach(async () => {
    [asked, told, said, rounds] = [[], [], [], []];
    services = { s: [{ AWS_INSTANCE_IPV4: '10.0.0.2', AWS_INSTANCE_IPV6: '::2' }, { AWS_INSTANCE_IPV4: '10.0.0.1' }] };
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const body = JSON.parse(text) as Record<string, unknown>;
        asked.push({ target: String(request.headers['x-amz-target']), body });
        const found = services[String(body['ServiceName'])];
        const answer = found === undefined ? { __type: 'ServiceNotFound', Message: 'no such service' } : { Instances: found.map((one, index) => ({ InstanceId: String(index), Attributes: one })) };
        response.writeHead(found === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });
    mesh = editableMesh({ name: 'm', virtualNodes: { a: discovered('s', { attributes: [{ key: 'version', value: '2' }] }) } });
    const finder = cloudMapFinder({ region: 'us-east-1', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const after = (_delay: number, run: () => void): (() => void) => {
      rounds.push(run);
      return () => void (rounds = rounds.filter((one) => one !== run));
    };
    cloudMap = createCloudMap({ reader: mesh.reader, finder, after, log: (...line) => said.push(line) });
    cloudMap.onChange((name, node) => told.push(`${name}/${node}`));
  });

  afterEach(async () => {
    cloudMap.close();
    process.env['AWS_ACCESS_KEY_ID'] = environment['AWS_ACCESS_KEY_ID'];
    process.env['AWS_SECRET_ACCESS_KEY'] = environment['AWS_SECRET_ACCESS_KEY'];
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Runs the round that is due and waits until the next one is. */
  const nextRound = async (): Promise<void> => {
    const due = rounds.splice(0);
    for (const run of due) run();
    await eventually(() => rounds.length > 0 || undefined, 'the round ends');
  };

  test('is asked for the healthy instances with the attributes of the spec', async () => {
    expect(cloudMap.instancesOf('m', 'a')).toBeUndefined();
    await nextRound();
    expect(asked).toEqual([
      {
        target: 'Route53AutoNaming_v20170314.DiscoverInstances',
        body: expect.objectContaining({ NamespaceName: 'n.local', ServiceName: 's', QueryParameters: { version: '2' }, HealthStatus: 'HEALTHY' }) as unknown,
      },
    ]);
    expect([cloudMap.instancesOf('m', 'a'), told]).toEqual([['10.0.0.1', '10.0.0.2'], ['m/a']]);
  });

  test('tells of changes, and of nothing else', async () => {
    await nextRound();
    await nextRound();
    expect(told).toEqual(['m/a']);
    services['s'] = [{ AWS_INSTANCE_IPV4: '10.0.0.9' }];
    await nextRound();
    expect([cloudMap.instancesOf('m', 'a'), told]).toEqual([['10.0.0.9'], ['m/a', 'm/a']]);
  });

  test.each([
    { preference: 'IPv4_ONLY', expected: ['10.0.0.1', '10.0.0.2'] },
    { preference: 'IPv6_ONLY', expected: ['::2'] },
    { preference: 'IPv6_PREFERRED', expected: ['10.0.0.1', '::2'] },
  ])('$preference picks $expected', async ({ preference, expected }) => {
    mesh.set('virtualNode', 'b', discovered('s', { ipPreference: preference }));
    await nextRound();
    expect(cloudMap.instancesOf('m', 'b')).toEqual(expected);
  });

  test('holds on to what it heard while it hears nothing, and says so once', async () => {
    await nextRound();
    services = {};
    await nextRound();
    await nextRound();
    expect(cloudMap.instancesOf('m', 'a')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(said).toEqual([['warn', 'Cloud Map did not answer', { namespace: 'n.local', service: 's', reason: 'no such service' }]]);
  });

  test('a node that is discovered otherwise has no instances any more', async () => {
    await nextRound();
    mesh.set('virtualNode', 'a', { listeners: [], serviceDiscovery: { dns: { hostname: 'a.local' } } });
    expect(cloudMap.instancesOf('m', 'a')).toBeUndefined();
  });

  test('registered endpoints and instances are one to who reads them', async () => {
    const both = withInstances(mesh.endpoints, cloudMap);
    const heard: string[] = [];
    const stop = both.onChange((name, node) => heard.push(`${name}/${node}`));
    mesh.setEndpoints('z', [{ ip: '127.0.0.1', port: 1 }]);
    await nextRound();
    stop();
    mesh.setEndpoints('z', undefined);
    expect([heard, both.of('m', 'a'), both.instancesOf?.('m', 'a')]).toEqual([['m/z', 'm/a'], undefined, ['10.0.0.1', '10.0.0.2']]);
  });
});

test.each([
  ['AWS itself', {}, undefined],
  ['what stands in for all of AWS', { AWS_ENDPOINT_URL: 'http://all' }, 'http://all'],
  ['what stands in for Cloud Map', { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_SERVICEDISCOVERY: 'http://own' }, 'http://own'],
])('instances are asked of %s', (_who, env: Readonly<Record<string, string>>, endpoint) => {
  expect(cloudMapEndpoint(env)).toBe(endpoint);
});
