import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { silent } from '../../../src/contracts/log.ts';
import { createAccess } from '../../../src/controlplane/access/access.ts';
import { parseGrants } from '../../../src/controlplane/access/grants.ts';
import { startXds, type Xds, type XdsEndpoint } from '../../../src/controlplane/start-xds.ts';
import { decode, encode } from '../../../src/controlplane/xds/codec.ts';
import { typeUrl } from '../../../src/controlplane/xds/types.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../../support/certificates.ts';
import { describeWith } from '../../support/components.ts';
import { editableMesh } from '../../support/mesh.ts';
import { ACCESS_KEYS, KEYS, signer, TOKEN } from './signing.ts';

const ADS = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
const LRS = 'envoy.service.load_stats.v3.LoadReportingService';
const METRICS = 'envoy.service.metrics.v3.MetricsService';
const PATHS = { state: `/${ADS}/StreamAggregatedResources`, delta: `/${ADS}/DeltaAggregatedResources`, lrs: `/${LRS}/StreamLoadStats`, metrics: `/${METRICS}/StreamMetrics` };
const MESSAGES = { state: 'envoy.service.discovery.v3.DiscoveryRequest', delta: 'envoy.service.discovery.v3.DeltaDiscoveryRequest', lrs: 'envoy.service.load_stats.v3.LoadStatsRequest', metrics: 'envoy.service.metrics.v3.StreamMetricsMessage' };
type Protocol = keyof typeof PATHS;

const identity = (bytes: Buffer): Buffer => bytes;
const node = (name: string) => `mesh/pgMesh/virtualNode/${name}`;

let xds: Xds;
let port: number;
const closers: (() => void)[] = [];

async function start(endpoint: Partial<XdsEndpoint> = {}, keys: string | undefined = ACCESS_KEYS, catchUp?: (mesh: string) => Promise<void>): Promise<void> {
  const mesh = editableMesh({ name: 'pgMesh', virtualNodes: { svc1: {}, svc2: {} } });
  xds = await startXds({
    reader: mesh.reader,
    endpoints: mesh.endpoints,
    clock: Date.now,
    log: silent,
    xds: { host: '127.0.0.1', port: 0, ...endpoint },
    catchUp,
    access: keys === '' ? undefined : createAccess({ grants: parseGrants(keys) }, 'us-east-1', Date.now),
  });
  port = xds.port;
  closers.push(() => xds.close());
}
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

interface CallOptions {
  readonly metadata?: Metadata;
  readonly channel?: ChannelCredentials;
  readonly protocol?: Protocol;
}

/** Asks for a node's configuration (or reports its load); the status the stream ended with, or 0 for an answer. */
function ask(id: string, { metadata = new Metadata(), channel = credentials.createInsecure(), protocol = 'state' }: CallOptions = {}): Promise<{ code: number; details?: string }> {
  const client = new Client(`localhost:${port}`, channel, { 'grpc.enable_retries': 0 });
  closers.push(() => client.close());
  const call = client.makeBidiStreamRequest(PATHS[protocol], identity, identity, metadata);
  closers.push(() => call.cancel());
  const as = { node: { id, user_agent_name: 'envoy' } };
  const first = protocol === 'metrics' ? { identifier: as } : { ...as, ...(protocol === 'lrs' ? {} : { type_url: typeUrl('cluster') }) };
  call.write(Buffer.from(encode(MESSAGES[protocol], first)));
  // Who only streams is answered at the end.
  if (protocol === 'metrics') call.end();
  return new Promise((resolve) => {
    call.on('data', (bytes: Buffer) => {
      if (protocol === 'state') decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
      resolve({ code: 0 });
    });
    call.on('error', (error: ServiceError) => resolve({ code: error.code, details: error.details }));
  });
}

const bearer = (token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

/** Metadata as Envoy's AWS IAM credentials make it: a POST of nothing to the method, with the host as gRPC's service URL has it. */
async function iam(key: { accessKeyId: string; secretAccessKey: string }, host = `localhost:${port}`, path = PATHS.state): Promise<Metadata> {
  const { headers } = await signer(key).sign({ method: 'POST', protocol: 'https:', hostname: 'localhost', path, query: {}, headers: { host } });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) if (name !== 'host') metadata.set(name, value);
  return metadata;
}

describe.each<Protocol>(['state', 'delta', 'lrs', 'metrics'])('who may open a stream (%s)', (protocol) => {
  beforeEach(() => start());
  const of = (metadata?: Metadata): CallOptions => ({ protocol, ...(metadata === undefined ? {} : { metadata }) });

  test('nobody without credentials: status 16', async () => {
    expect(await ask(node('svc1'), of())).toMatchObject({ code: 16, details: expect.stringContaining('no credentials') as string });
  });

  test('a token of a node has its own, and status 7 for another', async () => {
    expect(await ask(node('svc1'), of(bearer(TOKEN)))).toEqual({ code: 0 });
    expect(await ask(node('svc2'), of(bearer(TOKEN)))).toMatchObject({ code: 7, details: expect.stringMatching(/svc1-sidecar is not allowed.*svc2/) as string });
    expect(await ask('mesh/other/virtualNode/svc1', of(bearer(TOKEN)))).toMatchObject({ code: 7 });
    expect(await ask(node('svc1'), of(bearer(`${TOKEN}x`)))).toMatchObject({ code: 16 });
  });

  test('Signature Version 4 in the metadata, of a key of the node, the mesh or all', async () => {
    const path = PATHS[protocol];
    const host = `localhost:${port}`;
    for (const key of [KEYS.svc1, KEYS.pgMesh, KEYS.admin, KEYS.reader]) expect(await ask(node('svc1'), of(await iam(key, host, path)))).toEqual({ code: 0 });
    expect(await ask(node('svc2'), of(await iam(KEYS.svc1, host, path)))).toMatchObject({ code: 7 });
    expect(await ask(node('svc1'), of(await iam({ ...KEYS.svc1, secretAccessKey: 'wrong-secret-0123456789' }, host, path)))).toMatchObject({ code: 16 });
    expect(await ask(node('svc1'), of(await iam(KEYS.svc1, 'elsewhere:1', path)))).toMatchObject({ code: 16 });
    expect(await ask(node('svc1'), of(await iam(KEYS.svc1, host, '/another.Service/Method')))).toMatchObject({ code: 16 });
  });
});

test('an unknown resource is status 3 for who may ask, and 7 for who may not', async () => {
  await start();
  expect(await ask(node('absent'), { metadata: await iam(KEYS.pgMesh) })).toMatchObject({ code: 3 });
  expect(await ask(node('absent'), { metadata: bearer(TOKEN) })).toMatchObject({ code: 7 });
});

test('more proxies of a node than its quota end with status 8, until one leaves', async () => {
  await start({ maxProxiesPerNode: 2 }, '');
  for (let index = 0; index < 2; index++) expect(await ask(node('svc1'))).toEqual({ code: 0 });
  expect(await ask(node('svc1'))).toMatchObject({ code: 8, details: expect.stringContaining('may have 2') as string });
  expect(await ask(node('svc2'))).toEqual({ code: 0 });
});

test('proxies that come in the same moment do not pass their quota together', async () => {
  let come = (): void => undefined;
  const bothCame = new Promise<void>((resolve) => (come = resolve));
  let asked = 0;
  await start({ maxProxiesPerNode: 1 }, '', () => {
    asked += 1;
    if (asked === 2) come();
    return bothCame;
  });
  const answers = await Promise.all([ask(node('svc1')), ask(node('svc1'))]);
  expect(answers.map(({ code }) => code).sort()).toEqual([0, 8]);
});

test('connections older than their age are closed, so that credentials are shown again', async () => {
  await start({ maxConnectionAgeMs: 50 }, '');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closers.push(() => client.close());
  const ready = () => new Promise<void>((resolve, reject) => client.waitForReady(Date.now() + 5_000, (error) => (error === undefined ? resolve() : reject(error))));
  await ready();
  const before = client.getChannel().getConnectivityState(false);
  await new Promise<void>((resolve) => client.getChannel().watchConnectivityState(before, Date.now() + 10_000, () => resolve()));
  expect(client.getChannel().getConnectivityState(false)).not.toBe(before);
});

describeWith('openssl', hasOpenssl, 'TLS', () => {
  let authority: Authority;
  let tls: { certificate: string; key: string };
  beforeAll(() => {
    authority = createAuthority();
    tls = issue('localhost');
  });
  afterAll(() => authority.dispose());

  const issue = (name: string, by = authority): { certificate: string; key: string } => {
    const { certificateChain, privateKey } = by.issue(name);
    return { certificate: read(certificateChain), key: read(privateKey) };
  };
  const channel = (client?: { certificate: string; key: string }) =>
    credentials.createSsl(Buffer.from(read(authority.file)), ...(client === undefined ? [] : [Buffer.from(client.key), Buffer.from(client.certificate)]));

  test('a server certificate is shown, and plain text not understood', async () => {
    await start({ tls });
    expect(await ask(node('svc1'), { channel: channel(), metadata: bearer(TOKEN) })).toEqual({ code: 0 });
    expect(await ask(node('svc1'), { channel: channel() })).toMatchObject({ code: 16 });
    expect(await ask(node('svc1'), { metadata: bearer(TOKEN) })).toMatchObject({ code: 14 });
  });

  test('a client certificate stands for the node that a list or its SPIFFE id names', async () => {
    await start({ tls: { ...tls, clientAuthorities: read(authority.file) } });
    const listed = { channel: channel(issue('svc2.pgMesh.local')) };
    expect(await ask(node('svc2'), listed)).toEqual({ code: 0 });
    expect(await ask(node('svc1'), listed)).toMatchObject({ code: 7 });
    const spiffe = { channel: channel(issue('spiffe://example.org/mesh/pgMesh/virtualNode/svc1')) };
    expect(await ask(node('svc1'), spiffe)).toEqual({ code: 0 });
    expect(await ask(node('svc2'), spiffe)).toMatchObject({ code: 7 });
    expect(await ask(node('svc1'), { channel: channel(issue('nobody.local')) })).toMatchObject({ code: 16 });
  });

  test('who shows no certificate, or one of another authority, does not come in', async () => {
    await start({ tls: { ...tls, clientAuthorities: read(authority.file) } });
    expect(await ask(node('svc1'), { channel: channel(), metadata: bearer(TOKEN) })).toMatchObject({ code: 14 });
    const other = createAuthority();
    const foreign = issue('spiffe://example.org/mesh/pgMesh/virtualNode/svc1', other);
    other.dispose();
    expect(await ask(node('svc1'), { channel: channel(foreign) })).toMatchObject({ code: 14 });
  });

  test('a signature without the port that is a scheme’s own is taken, as gRPC leaves it out', async () => {
    await start({ tls });
    const client = { 'grpc.default_authority': 'mesh.internal:443' };
    const connection = new Client(`localhost:${port}`, channel(), { ...client, 'grpc.ssl_target_name_override': 'localhost', 'grpc.enable_retries': 0 });
    closers.push(() => connection.close());
    const call = connection.makeBidiStreamRequest(PATHS.state, identity, identity, await iam(KEYS.svc1, 'mesh.internal'));
    closers.push(() => call.cancel());
    call.write(Buffer.from(encode(MESSAGES.state, { node: { id: node('svc1') }, type_url: typeUrl('cluster') })));
    const answer = await new Promise((resolve) => call.on('data', () => resolve(0)).on('error', (error: ServiceError) => resolve(error.details)));
    expect(answer).toBe(0);
  });
});
