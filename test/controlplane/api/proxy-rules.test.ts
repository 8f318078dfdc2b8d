import { errorOf, gatewayRouteSpec, naming, prepare, sender, type Json, type Send } from './calls.ts';
import { makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
let send: Send;
const MESH = 'proxy-rules';

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
  send = sender(server.client);
  await prepare(send, MESH);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const ACM = 'must be an ARN, such as';
const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/x';
const listener = { portMapping: { port: 80, protocol: 'http' } };
const found = (hostname: string): Json => ({ listeners: [listener], serviceDiscovery: { dns: { hostname } } });
const logging = (format: Json): Json => ({ logging: { accessLog: { file: { path: '/dev/stdout', format } } } });
const backend = (virtualServiceName: string): Json => ({ backends: [{ virtualService: { virtualServiceName } }] });
const acmListener = (certificateArn: string): Json => ({ ...listener, tls: { mode: 'STRICT', certificate: { acm: { certificateArn } } } });
const acmTrust = (...certificateAuthorityArns: string[]): Json => ({ backendDefaults: { clientPolicy: { tls: { validation: { trust: { acm: { certificateAuthorityArns } } } } } } });
const host = (hostname: Json): Json => {
  const { httpRoute } = gatewayRouteSpec('service.local') as { httpRoute: { match: object; action: object } };
  return { httpRoute: { ...httpRoute, match: { ...httpRoute.match, hostname } } };
};

describe('what every proxy would refuse is refused before', () => {
  test.each<[string, 'VirtualNode' | 'GatewayRoute' | 'VirtualGateway', Json, string]>([
    ['a listener’s certificate by no ARN', 'VirtualNode', { listeners: [acmListener('certificate')], serviceDiscovery: { dns: { hostname: 'a.local' } } }, ACM],
    ['a gateway’s certificate by no ARN', 'VirtualGateway', { listeners: [acmListener('')] }, ACM],
    ['a certificate by two ARNs in one', 'VirtualGateway', { listeners: [acmListener(`${CERTIFICATE},${CERTIFICATE}`)] }, ACM],
    ['an authority by no ARN', 'VirtualNode', acmTrust(CERTIFICATE, 'ca'), 'certificateAuthorityArns[1]'],
    ['an address that is none', 'VirtualNode', found('300.1.1.1'), 'must be a host name or an IP address'],
    ['a host name with a port', 'VirtualNode', found('a.local:80'), 'must be a host name or an IP address'],
    ['a name of Cloud Map with a line end', 'VirtualNode', { listeners: [listener], serviceDiscovery: { awsCloudMap: { namespaceName: 'a\n.local', serviceName: 'b' } } }, 'must have printable ASCII characters'],
    ['an operator that Envoy does not know', 'VirtualNode', logging({ text: 'x %NONE%' }), 'must have known command operators, and %NONE% is none'],
    ['an operator without its argument', 'VirtualNode', logging({ json: [{ key: 'a', value: '%REQ%' }] }), 'logging.accessLog.file.format.json[0].value'],
    ['a length where none is known', 'VirtualNode', logging({ text: '%DURATION:5%' }), 'must have known command operators, and %DURATION:5% is none'],
    ['a time of two lines', 'VirtualNode', logging({ text: '%START_TIME(a\nb)%' }), 'must have known command operators'],
    ['a percent sign by itself', 'VirtualNode', logging({ text: '100 %' }), 'a percent sign by itself is %%'],
    ['a health check of two lines', 'VirtualNode', { ...found('a.local'), listeners: [{ ...listener, healthCheck: { protocol: 'http', path: '/\n', healthyThreshold: 2, unhealthyThreshold: 2, timeoutMillis: 2000, intervalMillis: 5000 } }] }, 'must not have control characters'],
    ['a backend of all names', 'VirtualNode', backend('*'), 'must be a name that a virtual service can have'],
    ['a backend with a line end', 'VirtualNode', backend('a\r\nb'), 'must be a name that a virtual service can have'],
    ['a host name with an asterisk', 'GatewayRoute', host({ exact: '*.a.com' }), 'must have letters, digits, hyphens, underscores and dots only'],
    ['a suffix with an asterisk', 'GatewayRoute', host({ suffix: '*' }), 'must have letters, digits, hyphens, underscores and dots only'],
  ])('%s', async (_title, noun, spec, rule) => {
    const kind = ({ VirtualNode: 'virtualNode', GatewayRoute: 'gatewayRoute', VirtualGateway: 'virtualGateway' } as const)[noun];
    const error = await errorOf(send(`Create${noun}`, { ...naming(kind, MESH, 'refused'), spec }));
    expect([error.name, error.message]).toEqual(['BadRequestException', expect.stringContaining(rule)]);
  });

  test.each<[string, Json]>([
    ['a certificate of ACM', { ...found('a.local'), listeners: [acmListener(CERTIFICATE)] }],
    ['authorities of ACM', acmTrust('arn:aws:acm-pca:us-west-2:123456789012:certificate-authority/a', 'arn:aws-cn:acm-pca:cn-north-1:123456789012:certificate-authority/b')],
    ['an address of version 6', found('::1')],
    ['a name with a dot at its end', found('a.internal.')],
    ['operators of all forms', logging({ text: '%START_TIME(%Y-%m-%d)% %REQ(X-A?:PATH):10% 100 %% %RESPONSE_CODE%' })],
    ['the body of an answer of its own', logging({ text: 'x:%LOCAL_REPLY_BODY%:%RESPONSE_CODE%:path=%REQ(:path)%\n' })],
    ['a backend with a port', backend('a.local:80')],
  ])('but not %s', async (title, spec) => {
    const name = naming('virtualNode', MESH, title.replaceAll(' ', '-'));
    await send('CreateVirtualNode', { ...name, spec });
    expect(await send('DescribeVirtualNode', name)).toMatchObject({ virtualNode: { spec } });
  });
});
