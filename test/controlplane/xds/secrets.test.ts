import type { VirtualGatewaySpec } from '@aws-sdk/client-app-mesh';
import type { Log } from '../../../src/contracts/log.ts';
import { createAccess } from '../../../src/controlplane/access/access.ts';
import { parseGrants } from '../../../src/controlplane/access/grants.ts';
import type { Certificate, CertificateSource } from '../../../src/controlplane/certificates/port.ts';
import { startXds, type Xds } from '../../../src/controlplane/start-xds.ts';
import { propagationOf } from '../../../src/controlplane/xds/propagation.ts';
import { openAdsClient, type AdsClient, type AdsClientStream } from '../../support/ads-client.ts';
import { openDeltaClient } from '../../support/delta-client.ts';
import { eventually } from '../../support/eventually.ts';
import { manualTimers } from '../../support/manual-timers.ts';
import { editableMesh, type EditableMesh } from '../../support/mesh.ts';
import { ACCESS_KEYS } from '../access/signing.ts';

const CALLER = { id: 'mesh/m/virtualNode/caller', user_agent_name: 'envoy', metadata: { 'meshshift.listen': { 'svc.local': 18_080 } } };
const GATEWAY = 'mesh/m/virtualGateway/gw';
const [OWN, CA, OTHER_CA] = ['arn:aws:acm:r:1:certificate/own', 'arn:aws:acm-pca:r:1:certificate-authority/a', 'arn:aws:acm-pca:r:1:certificate-authority/b'];
const TRUST = `trust:${CA},${OTHER_CA}`;
const ROUTES = 'rds_loopback_http_18080';
const KEY = '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n';

const http = { portMapping: { port: 80, protocol: 'http' as const } };
/** The second listener's secret is not the control plane's to give. */
const GATEWAY_SPEC: VirtualGatewaySpec = {
  listeners: [
    { ...http, tls: { mode: 'STRICT', certificate: { acm: { certificateArn: OWN } } } },
    { portMapping: { port: 81, protocol: 'http' }, tls: { mode: 'STRICT', certificate: { sds: { secretName: 'local' } } } },
  ],
};
const GATEWAY_ROUTES = ['rds_ingress_http_80', 'rds_ingress_http_81'];

/** Certificates as they are put. */
function editableCertificates(start: Readonly<Record<string, Certificate>>): CertificateSource & { put(arn: string, certificate: Certificate): void } {
  const known = new Map(Object.entries(start));
  const listeners = new Set<(arns: readonly string[]) => void>();
  return {
    of: (arn) => known.get(arn) ?? { missing: 'nobody put it' },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    put: (arn, certificate) => {
      known.set(arn, certificate);
      for (const listener of listeners) listener([arn]);
    },
  };
}

let mesh: EditableMesh;
let certificates: ReturnType<typeof editableCertificates>;
let xds: Xds;
let logged: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[];
const closers: (() => void)[] = [];

const log: Log = (level, message, fields = {}) => void logged.push({ level, message, fields });
const complaints = () => logged.filter(({ level }) => level === 'error').map(({ message, fields }) => ({ message, ...fields }));
const propagation = () => propagationOf(mesh.view(), xds.connected(), xds.publisher);
const stateOf = (nodeId: string) => propagation().proxies.find((proxy) => proxy.nodeId === nodeId)?.state;

async function start(known: Readonly<Record<string, Certificate>>, host = '127.0.0.1'): Promise<AdsClient> {
  mesh = editableMesh({
    name: 'm',
    virtualNodes: {
      caller: { backends: [{ virtualService: { virtualServiceName: 'svc.local', clientPolicy: { tls: { validation: { trust: { acm: { certificateAuthorityArns: [CA, OTHER_CA] } } } } } } }] },
      a: { listeners: [http] },
    },
    virtualServices: { 'svc.local': { provider: { virtualNode: { virtualNodeName: 'a' } } } },
    virtualGateways: { gw: GATEWAY_SPEC },
    endpoints: { a: [{ ip: '127.0.0.1', port: 1 }] },
  });
  certificates = editableCertificates(known);
  logged = [];
  const access = host === '127.0.0.1' ? undefined : createAccess({ grants: parseGrants(ACCESS_KEYS), openOnLoopback: true }, 'r', Date.now);
  const { after } = manualTimers();
  xds = await startXds({ reader: mesh.reader, endpoints: mesh.endpoints, clock: () => 0, log, xds: { host, port: 0 }, after, certificates, access });
  const client = openAdsClient(xds.port);
  closers.push(() => xds.close(), () => client.close());
  return client;
}
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** Everything the caller asks for before its routes. */
async function reach(client: AdsClient): Promise<AdsClientStream> {
  const stream = client.open(CALLER);
  stream.request('cluster');
  const { names } = await stream.accept('cluster');
  stream.request('endpoint', { names });
  await stream.accept('endpoint');
  stream.request('listener');
  return stream;
}

async function openGateway(client: AdsClient): Promise<AdsClientStream> {
  const stream = client.open(GATEWAY);
  stream.request('cluster');
  await stream.accept('cluster');
  stream.request('listener');
  await stream.accept('listener');
  stream.request('route', { names: GATEWAY_ROUTES });
  await stream.accept('route');
  return stream;
}

const trusts = (text: string): object => ({ name: TRUST, validation_context: { trusted_ca: { inline_string: text } } });
const serves = (chain: string): object => ({ name: OWN, tls_certificate: { certificate_chain: { inline_string: chain }, private_key: { inline_string: KEY } } });

describe('secrets, state of the world', () => {
  test('of a cluster are answered before its routes are sent; several authorities are one', async () => {
    const stream = await reach(await start({ [CA]: { chain: 'A' }, [OTHER_CA]: { chain: 'B' } }));
    stream.request('secret', { names: [TRUST] });
    expect((await stream.next()).resources).toMatchObject([trusts('AB')]);
    expect(stream.heard.map(({ type }) => type)).toEqual(['cluster', 'endpoint', 'secret']);
    stream.request('secret', { names: [TRUST], nonce: stream.heard[2]!.nonce });
    expect((await stream.accept('listener')).type).toBe('listener');
  });

  test('that are not there hold nothing up, and come when they are; of several authorities those there are trusted', async () => {
    const stream = await reach(await start({}));
    stream.request('secret', { names: [TRUST] });
    const order = [await stream.next(), await stream.next()].map(({ type, names }) => [type, names]);
    expect(order).toEqual(expect.arrayContaining([['secret', []], ['listener', ['lds_loopback_127.0.0.1_18080']]]));
    for (const { type, nonce } of stream.heard.slice(2)) stream.request(type, { nonce, names: type === 'secret' ? [TRUST] : [] });
    stream.request('route', { names: [ROUTES] });
    await stream.accept('route');
    await eventually(() => stateOf(CALLER.id) === 'acked' || undefined, 'all else is accepted');
    certificates.put(OTHER_CA, { chain: 'B' });
    expect((await stream.accept('secret', [TRUST])).resources).toMatchObject([trusts('B')]);
  });

  test('a new certificate is sent by itself, to those alone whose node names it, and counts when it is answered', async () => {
    const client = await start({ [OWN]: { chain: 'old', privateKey: KEY } });
    const stream = await openGateway(client);
    stream.request('secret', { names: [OWN] });
    expect((await stream.accept('secret')).resources).toMatchObject([serves('old')]);
    await eventually(() => stateOf(GATEWAY) === 'acked' || undefined, 'accepted');
    const other = await reach(client);
    other.request('secret', { names: [TRUST, OWN] });
    await eventually(() => other.heard.length === 4 || undefined, 'listeners and secrets are answered');
    expect(other.heard.find(({ type }) => type === 'secret')).toMatchObject({ names: [] });
    const before = stream.heard.length;
    certificates.put(OWN, { chain: 'new', privateKey: KEY });
    const pushed = await stream.next();
    expect(pushed.resources).toMatchObject([serves('new')]);
    expect(stateOf(GATEWAY)).toBe('pending');
    stream.request('secret', { names: [OWN], nonce: pushed.nonce });
    await eventually(() => stateOf(GATEWAY) === 'acked' || undefined, 'accepted');
    expect(stream.heard.length).toBe(before + 1);
  });

  test('one that the proxy refuses is told in its words', async () => {
    const stream = await openGateway(await start({ [OWN]: { chain: 'x', privateKey: KEY } }));
    stream.request('secret', { names: [OWN] });
    const { nonce } = await stream.next();
    stream.request('secret', { names: [OWN], nonce, error: 'Failed to load certificate chain from <inline>' });
    await eventually(() => stateOf(GATEWAY) === 'rejected' || undefined, 'refused');
    expect(propagation().proxies[0]).toMatchObject({ error: 'secret: Failed to load certificate chain from <inline>' });
  });

  test('a proxy that comes back with the secrets it has is not sent them again', async () => {
    const client = await start({ [OWN]: { chain: 'c', privateKey: KEY } });
    const first = await openGateway(client);
    first.request('secret', { names: [OWN] });
    await first.accept('secret');
    const versions = Object.fromEntries(first.heard.map(({ type, version }) => [type, version]));
    first.cancel();
    const second = client.open(GATEWAY);
    for (const [type, names] of [['cluster', []], ['listener', []], ['route', GATEWAY_ROUTES], ['secret', [OWN]]] as const) {
      second.request(type, { names, version: versions[type] ?? '' });
    }
    await eventually(() => stateOf(GATEWAY) === 'acked' || undefined, 'it has everything');
    await client.settled('mesh/m/virtualNode/a');
    expect(second.heard).toEqual([]);
  });
});

test('incremental: a secret that is not there is told so at once, and comes when it is', async () => {
  await start({});
  const client = openDeltaClient(xds.port);
  closers.push(() => client.close());
  const stream = client.open({ id: GATEWAY, user_agent_name: 'envoy' });
  stream.request('secret', { subscribe: [OWN] });
  expect(await stream.accept('secret')).toMatchObject({ names: [], removed: [OWN] });
  certificates.put(OWN, { chain: 'c', privateKey: KEY });
  expect((await stream.accept('secret')).resources).toMatchObject([serves('c')]);
});

describe('what is missing', () => {
  test('is logged once for a proxy, by ARN and reason, and shown for its node, whether or not a proxy is there', async () => {
    const client = await start({ [CA]: { chain: 'A' } });
    const shown = (arn: string, kind: string, name: string, field: string) => ({ arn, kind, name, field, state: 'missing', problem: 'nobody put it' });
    expect(propagation().certificates).toEqual([
      shown(OTHER_CA, 'virtualNode', 'caller', 'spec.backends[0].virtualService.clientPolicy.tls.validation.trust.acm.certificateAuthorityArns[1]'),
      shown(OWN, 'virtualGateway', 'gw', 'spec.listeners[0].tls.certificate.acm.certificateArn'),
    ]);
    await openGateway(client);
    certificates.put(CA, { chain: 'A2' });
    mesh.set('virtualGateway', 'gw', { ...GATEWAY_SPEC });
    await client.settled('mesh/m/virtualNode/a');
    const message = 'a certificate is missing; TLS that needs it fails, all else is served';
    expect(complaints()).toEqual([{ message, mesh: 'm', kind: 'virtualGateway', name: 'gw', arn: OWN, reason: 'nobody put it' }]);
  });

  test('is a certificate without a key, too, and one that could not be renewed is told as outdated', async () => {
    await start({ [OWN]: { chain: 'c' }, [CA]: { chain: 'A', problem: 'ca.pem: ENOENT' }, [OTHER_CA]: { chain: 'B' } });
    expect(propagation().certificates).toMatchObject([
      { arn: CA, state: 'outdated', problem: 'ca.pem: ENOENT' },
      { arn: OWN, state: 'missing', problem: expect.stringContaining('without a private key') as string },
    ]);
  });
});

test('private keys are not sent in plain text to others than this machine; authorities are', async () => {
  const client = await start({ [OWN]: { chain: 'c', privateKey: KEY }, [CA]: { chain: 'A' }, [OTHER_CA]: { chain: 'B' } }, '0.0.0.0');
  const gateway = await openGateway(client);
  gateway.request('secret', { names: [OWN] });
  expect((await gateway.next()).resources).toEqual([]);
  expect(propagation().certificates).toMatchObject([{ arn: OWN, problem: expect.stringContaining('not sent in plain text') as string }]);
  const caller = await reach(client);
  caller.request('secret', { names: [TRUST] });
  expect((await caller.next()).resources).toMatchObject([trusts('AB')]);
});

test('no private key is in what is logged or answered', async () => {
  const client = await start({ [OWN]: { chain: 'c', privateKey: KEY } });
  const stream = await openGateway(client);
  stream.request('secret', { names: [OWN] });
  const { nonce } = await stream.next();
  stream.request('secret', { names: [OWN], nonce, error: 'no' });
  await eventually(() => stateOf(GATEWAY) === 'rejected' || undefined, 'refused');
  expect(JSON.stringify([logged, propagation()])).not.toContain('PRIVATE KEY');
});
