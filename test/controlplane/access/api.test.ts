import { AppMeshClient, CreateMeshCommand, DescribeMeshCommand, ForbiddenException, ListMeshesCommand, TagResourceCommand } from '@aws-sdk/client-app-mesh';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAccess } from '../../../src/controlplane/access/access.ts';
import { AccessKeysUnusable } from '../../../src/controlplane/access/errors.ts';
import { parseGrants, readGrants } from '../../../src/controlplane/access/grants.ts';
import { startXds } from '../../../src/controlplane/start-xds.ts';
import { describeWith, hasCommand } from '../../support/components.ts';
import { startTestControlPlane, temporaryFolder, type TestControlPlane } from '../../support/control-plane.ts';
import { editableMesh } from '../../support/mesh.ts';
import { silent } from '../../../src/contracts/log.ts';
import { ACCESS_KEYS, KEYS, requestFor, sendRaw, signer, TOKEN, toQuery, type Answer, type Unsigned } from './signing.ts';

const run = promisify(execFile);
const MESHES = '/v20190125/meshes';
const MINUTE = 60_000;

let plane: TestControlPlane;
let now = Date.now();
const logged: string[] = [];
const clients: AppMeshClient[] = [];

beforeAll(async () => {
  plane = await startTestControlPlane({
    access: { grants: parseGrants(ACCESS_KEYS) },
    clock: () => now,
    log: (level, message, fields) => logged.push(JSON.stringify({ level, message, ...fields })),
  });
  await sdk(KEYS.admin).send(new CreateMeshCommand({ meshName: 'pgMesh' }));
});
beforeEach(() => {
  now = Date.now();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await plane.dispose();
  const secrets = [...Object.values(KEYS).map(({ secretAccessKey }) => secretAccessKey), TOKEN];
  expect(secrets.filter((secret) => logged.some((line) => line.includes(secret)))).toEqual([]);
});

function sdk(credentials: { accessKeyId: string; secretAccessKey: string }, options: object = {}): AppMeshClient {
  const client = new AppMeshClient({ endpoint: plane.url, region: 'us-east-1', credentials, maxAttempts: 1, ...options });
  clients.push(client);
  return client;
}

/** Signs as the peer does, lets the test change what is sent, and sends it. */
async function signed(request: Unsigned, change: (sent: Unsigned & { headers: Record<string, string> }) => Unsigned = (sent) => sent, options: { key?: typeof KEYS.admin; at?: number; scope?: object } = {}): Promise<Answer> {
  const { key = KEYS.admin, at = now, scope = {} } = options;
  const made = await signer(key, scope).sign(requestFor(plane.url, request), { signingDate: new Date(at) });
  const query = toQuery(request.query);
  return sendRaw(plane.url, change({ method: made.method, path: query === '' ? made.path : `${made.path}?${query}`, headers: made.headers, ...(request.body === undefined ? {} : { body: request.body }) }));
}

async function presigned(request: Unsigned, options: { at?: number; expiresIn?: number; change?: (path: string) => string } = {}): Promise<Answer> {
  const { at = now, expiresIn = 60, change = (path: string): string => path } = options;
  const made = await signer(KEYS.admin).presign(requestFor(plane.url, request), { signingDate: new Date(at), expiresIn });
  return sendRaw(plane.url, { method: made.method, path: change(`${made.path}?${toQuery(made.query)}`), headers: { host: new URL(plane.url).host } });
}

const INVALID = { status: 403, type: 'InvalidSignatureException' };
const FORBIDDEN = { status: 403, type: 'ForbiddenException' };

describe('signed by their headers', () => {
  test('requests are answered', async () => {
    expect(await signed({ path: MESHES, query: { limit: '5' } })).toMatchObject({ status: 200, body: { meshes: [{ meshName: 'pgMesh' }] } });
  });

  test.each(['name with space', 'ünïcode', "it's(*)!", 'a+b=c&d', '%41', 'a~b.c-d_e'])('a path with %j is signed by its encoding, encoded once more', async (name) => {
    const path = `${MESHES}/${encodeURIComponent(name).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)}`;
    expect(await signed({ path })).toMatchObject({ status: 404, type: 'NotFoundException' });
  });

  test('a query is signed whatever its order, and with names and values that need encoding', async () => {
    const swapped = await signed({ path: MESHES, query: { limit: '5', a: 'x y/z', 'ü&': ['2', '1'] } }, (sent) => {
      const [path, query = ''] = sent.path.split('?');
      return { ...sent, path: `${path}?${query.split('&').reverse().join('&')}` };
    });
    expect(swapped.status).toBe(200);
  });

  test.each<[string, (sent: Unsigned & { headers: Record<string, string> }) => Unsigned]>([
    ['the path', (sent) => ({ ...sent, path: sent.path.replace('meshes', 'meshes/pgMesh') })],
    ['the query', (sent) => ({ ...sent, path: `${sent.path}&nextToken=x` })],
    ['the method', (sent) => ({ ...sent, method: 'DELETE' })],
    ['the host', (sent) => ({ ...sent, headers: { ...sent.headers, host: 'elsewhere:1' } })],
    ['a digit of the signature', (sent) => ({ ...sent, headers: { ...sent.headers, authorization: sent.headers['authorization']!.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) } })],
    ['the signature’s length', (sent) => ({ ...sent, headers: { ...sent.headers, authorization: `${sent.headers['authorization']!}0` } })],
    ['the date', (sent) => ({ ...sent, headers: { ...sent.headers, 'x-amz-date': sent.headers['x-amz-date']!.replace(/\d\dZ$/, (end) => (end === '00Z' ? '01Z' : '00Z')) } })],
  ])('another %s is no longer what was signed', async (_what, change) => {
    expect(await signed({ path: MESHES, query: { limit: '5' } }, change)).toMatchObject(INVALID);
  });

  test('a body is signed', async () => {
    const body = JSON.stringify({ meshName: 'other' });
    expect(await signed({ method: 'PUT', path: MESHES, body }, (sent) => ({ ...sent, body: body.replace('other', 'changed') }))).toMatchObject({ ...INVALID, message: expect.stringContaining('hash') as string });
  });

  test('a body is signed, too, where no header tells its hash', async () => {
    const { path, headers } = await signer(KEYS.admin).sign(requestFor(plane.url, { method: 'PUT', path: MESHES, body: '{"meshName":"plain"}' }), { signingDate: new Date(now) });
    const { 'x-amz-content-sha256': hash, ...rest } = headers;
    expect(hash).toBeDefined();
    // Signed anew without it, as botocore does.
    const bare = await signerWithoutHash().sign(requestFor(plane.url, { method: 'PUT', path: MESHES, body: '{"meshName":"plain"}' }), { signingDate: new Date(now) });
    expect(bare.headers['x-amz-content-sha256']).toBeUndefined();
    expect(await sendRaw(plane.url, { method: 'PUT', path, headers: bare.headers, body: '{"meshName":"plaid"}' })).toMatchObject(INVALID);
    expect(await sendRaw(plane.url, { method: 'PUT', path, headers: bare.headers, body: '{"meshName":"plain"}' })).toMatchObject({ status: 200 });
    expect(Object.keys(rest)).toContain('authorization');
  });

  test('a body may be left unsigned, where the signature says so', async () => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    expect(await signed({ method: 'PUT', path: MESHES, headers, body: '{"meshName":"unsigned"}' })).toMatchObject({ status: 200 });
    expect(await signed({ method: 'PUT', path: MESHES, body: '{"meshName":"unsigned2"}' }, (sent) => ({ ...sent, headers: { ...sent.headers, ...headers } }))).toMatchObject(INVALID);
  });

  test('a header that changes what a request means must be signed', async () => {
    const added = (name: string) => signed({ path: MESHES }, (sent) => ({ ...sent, headers: { ...sent.headers, [name]: '1' } }));
    expect(await added('x-meshshift-if-version')).toMatchObject({ status: 403, type: 'IncompleteSignatureException', message: expect.stringContaining('x-meshshift-if-version') as string });
    expect(await added('x-amz-other')).toMatchObject({ status: 403, type: 'IncompleteSignatureException' });
    expect(await added('user-agent')).toMatchObject({ status: 200 });
  });

  test('header values are signed without the spaces around and between', async () => {
    const answer = await signed({ path: MESHES, headers: { 'x-amz-meta': 'a b' } }, (sent) => ({ ...sent, headers: { ...sent.headers, 'x-amz-meta': ' a   b ' } }));
    expect(answer.status).toBe(200);
  });

  test.each([
    [-5 * MINUTE + 2_000, 200],
    [-5 * MINUTE - 2_000, 403],
    [5 * MINUTE - 2_000, 200],
    [5 * MINUTE + 2_000, 403],
  ])('a clock that is %d ms off gets %d', async (skew, status) => {
    const answer = await signed({ path: MESHES }, undefined, { at: now + skew });
    expect(answer).toMatchObject(status === 200 ? { status } : INVALID);
  });

  test.each([
    ['region', { region: 'eu-west-1' }],
    ['service', { service: 's3' }],
  ])('another %s is refused by name', async (what, scope) => {
    expect(await signed({ path: MESHES }, undefined, { scope })).toMatchObject({ ...INVALID, message: expect.stringContaining(what) as string });
  });

  test.each([
    ['no credential', 'AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00'],
    ['nothing', 'AWS4-HMAC-SHA256 '],
    ['a short scope', 'AWS4-HMAC-SHA256 Credential=MSADMIN/20260101, SignedHeaders=host, Signature=00'],
    ['another algorithm', 'AWS4-ECDSA-P256-SHA256 Credential=x'],
  ])('an authorization with %s is incomplete', async (_what, authorization) => {
    expect(await sendRaw(plane.url, { path: MESHES, headers: { authorization } })).toMatchObject({ status: 403, type: 'IncompleteSignatureException' });
  });

  test('a write is not taken again later, and a read as often as it comes', async () => {
    const body = '{"meshName":"twice"}';
    const made = await signer(KEYS.admin).sign(requestFor(plane.url, { method: 'PUT', path: MESHES, body }), { signingDate: new Date(now) });
    const again = () => sendRaw(plane.url, { method: 'PUT', path: MESHES, headers: made.headers, body });
    expect(await again()).toMatchObject({ status: 200 });
    now += 2_001;
    expect(await again()).toMatchObject({ ...INVALID, message: expect.stringContaining('repeated') as string });
    now += 4 * MINUTE;
    expect(await again()).toMatchObject(INVALID);
    const read = await signer(KEYS.admin).sign(requestFor(plane.url, { path: MESHES }), { signingDate: new Date(now) });
    for (let index = 0; index < 2; index++) expect((await sendRaw(plane.url, { path: MESHES, headers: read.headers })).status).toBe(200);
  });

  test('the same call within a second has the same signature, and is answered for itself', async () => {
    const remove = (path: string) => signed({ method: 'DELETE', path: `${MESHES}/shared${path}` });
    const put = (path: string, body: object) => signed({ method: 'PUT', path: `${MESHES}${path}`, body: JSON.stringify(body) });
    await put('', { meshName: 'shared' });
    await put('/shared/virtualServices', { virtualServiceName: 'a.local', spec: {} });
    expect(await remove('')).toMatchObject({ status: 409, type: 'ResourceInUseException' });
    expect(await remove('/virtualServices/a.local')).toMatchObject({ status: 200 });
    now += 999;
    expect(await signed({ method: 'DELETE', path: `${MESHES}/shared` }, undefined, { at: now - 999 })).toMatchObject({ status: 200 });
  });
});

const signerWithoutHash = () => {
  const made = signer(KEYS.admin);
  (made as unknown as { applyChecksum: boolean }).applyChecksum = false;
  return made;
};

describe('presigned', () => {
  test('URLs are answered, as often as asked, until they expire', async () => {
    expect(await presigned({ path: MESHES, query: { limit: '3' } })).toMatchObject({ status: 200 });
    expect(await presigned({ path: `${MESHES}/pgMesh` }, { at: now - 50_000 })).toMatchObject({ status: 200 });
    expect(await presigned({ path: MESHES }, { at: now - 62_000 })).toMatchObject({ ...INVALID, message: expect.stringContaining('expired') as string });
    expect(await presigned({ path: MESHES }, { at: now - 62_000, expiresIn: 3600 })).toMatchObject({ status: 200 });
    expect(await presigned({ path: MESHES }, { at: now + 6 * MINUTE })).toMatchObject(INVALID);
  });

  test.each<[string, string, (path: string) => string]>([
    ['InvalidSignatureException', 'a parameter added', (path) => `${path}&limit=1`],
    ['InvalidSignatureException', 'a longer life', (path) => path.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')],
    ['IncompleteSignatureException', 'too long a life', (path) => path.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801')],
    ['IncompleteSignatureException', 'no life', (path) => path.replace('X-Amz-Expires=60', 'X-Amz-Expires=0')],
    ['InvalidSignatureException', 'two dates', (path) => `${path}&X-Amz-Date=20260101T000000Z`],
    ['IncompleteSignatureException', 'no signature', (path) => path.replace(/&?X-Amz-Signature=\w+/, '')],
  ])('%s for %s', async (type, _what, change) => {
    expect(await presigned({ path: MESHES }, { change })).toMatchObject({ status: 403, type });
  });
});

describe('who may do what', () => {
  test('without credentials nothing is answered', async () => {
    for (const path of [MESHES, '/meshshift/v1/propagation/pgMesh', '/v20190125/nothing']) {
      expect(await sendRaw(plane.url, { path })).toMatchObject({ status: 403, type: 'MissingAuthenticationTokenException' });
    }
  });

  test('a body that is too large to be checked is not passed on', async () => {
    const made = await signer(KEYS.admin).sign(requestFor(plane.url, { method: 'DELETE', path: `${MESHES}/pgMesh` }), { signingDate: new Date(now) });
    const answer = await sendRaw(plane.url, { method: 'DELETE', path: `${MESHES}/pgMesh`, headers: { ...made.headers, 'content-length': String(300 * 1024) }, body: 'x'.repeat(300 * 1024) });
    expect(answer).toMatchObject({ status: 413, type: 'RequestEntityTooLargeException' });
    expect(await sdk(KEYS.admin).send(new DescribeMeshCommand({ meshName: 'pgMesh' }))).toMatchObject({ mesh: { status: { status: 'ACTIVE' } } });
  });

  test('a read-only key reads, and is forbidden the rest by an error that the SDK knows', async () => {
    const client = sdk(KEYS.reader);
    expect((await client.send(new ListMeshesCommand({}))).meshes?.length).toBeGreaterThan(0);
    const refused = await client.send(new CreateMeshCommand({ meshName: 'no' })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ForbiddenException);
    expect(refused).toMatchObject({ message: 'MSREADER is not allowed to PUT /v20190125/meshes: it may only read', $metadata: { httpStatusCode: 403 } });
  });

  test('a key of a mesh has that mesh alone', async () => {
    await sdk(KEYS.admin).send(new CreateMeshCommand({ meshName: 'foreign' }));
    const client = sdk(KEYS.pgMesh);
    const arn = (mesh: string) => `arn:aws:appmesh:us-east-1:000000000000:mesh/${mesh}`;
    const tags = [{ key: 'a', value: 'b' }];
    expect((await client.send(new DescribeMeshCommand({ meshName: 'pgMesh' }))).mesh?.meshName).toBe('pgMesh');
    await client.send(new TagResourceCommand({ resourceArn: arn('pgMesh'), tags }));
    const name = 'ForbiddenException';
    await expect(client.send(new DescribeMeshCommand({ meshName: 'foreign' }))).rejects.toMatchObject({ name });
    await expect(client.send(new TagResourceCommand({ resourceArn: arn('foreign'), tags }))).rejects.toMatchObject({ name });
    await expect(client.send(new ListMeshesCommand({}))).rejects.toMatchObject({ name });
    await expect(client.send(new CreateMeshCommand({ meshName: 'pgMesh2' }))).rejects.toMatchObject({ name });
  });

  test('a key or token of a node registers its own endpoints and nothing else', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const put = (path: string) => sendRaw(plane.url, { method: 'PUT', path: `/meshshift/v1/endpoints/${path}`, headers, body: '[{"ip":"127.0.0.1","port":9}]' });
    expect(await put('pgMesh/svc1')).toMatchObject({ status: 200 });
    expect(await put('pgMesh/svc2')).toMatchObject(FORBIDDEN);
    expect(await put('foreign/svc1')).toMatchObject(FORBIDDEN);
    expect(await sendRaw(plane.url, { path: `${MESHES}/pgMesh`, headers })).toMatchObject(FORBIDDEN);
    expect(await signed({ path: '/meshshift/v1/endpoints/pgMesh/svc1' }, undefined, { key: KEYS.svc1 as never })).toMatchObject({ status: 200 });
  });

  test('an unknown key or token, and a session token that is not the key’s own, are not recognised', async () => {
    const unknown = { status: 403, type: 'UnrecognizedClientException' };
    expect(await signed({ path: MESHES }, undefined, { key: { ...KEYS.admin, accessKeyId: 'MSNOBODY' } as never })).toMatchObject(unknown);
    expect(await sendRaw(plane.url, { path: MESHES, headers: { authorization: `Bearer ${TOKEN}x` } })).toMatchObject(unknown);
    expect(await signed({ path: MESHES }, undefined, { key: { ...KEYS.session, sessionToken: 'another' } as never })).toMatchObject(unknown);
    expect(await signed({ path: MESHES }, undefined, { key: { ...KEYS.admin, sessionToken: 'any' } as never })).toMatchObject(unknown);
    expect(await signed({ path: MESHES }, undefined, { key: KEYS.session as never })).toMatchObject({ status: 200 });
  });

  test('the SDK learns from a refusal how far its clock is off', async () => {
    const client = sdk(KEYS.admin, { maxAttempts: 3, systemClockOffset: -3_600_000 });
    await expect(client.send(new ListMeshesCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    expect((await client.send(new ListMeshesCommand({}))).meshes?.length).toBeGreaterThan(0);
  });
});

describe('on this machine', () => {
  test('callers come in without credentials where that is asked for', async () => {
    const open = await startTestControlPlane({ access: { grants: parseGrants(ACCESS_KEYS), openOnLoopback: true } });
    expect(await sendRaw(open.url, { path: MESHES })).toMatchObject({ status: 200 });
    await open.dispose();
  });

  test('without access keys nothing listens elsewhere', async () => {
    const mesh = editableMesh({ name: 'm' });
    const start = (host: string, grants?: string) =>
      startXds({ reader: mesh.reader, endpoints: mesh.endpoints, clock: Date.now, log: silent, xds: { host, port: 0 }, ...(grants === undefined ? {} : { access: createAccess({ grants: parseGrants(grants) }, 'us-east-1', Date.now) }) });
    await expect(start('0.0.0.0')).rejects.toThrow(/0\.0\.0\.0.*access keys/);
    (await start('0.0.0.0', ACCESS_KEYS)).close();
  });
});

describe('access keys', () => {
  test('come as JSON or from a file that holds it', () => {
    const file = join(temporaryFolder(), 'keys.json');
    writeFileSync(file, ACCESS_KEYS);
    expect(readGrants(file)).toEqual(readGrants(ACCESS_KEYS));
    expect(readGrants(file).keys.get('MSSVC1')).toMatchObject({ who: 'MSSVC1', readOnly: false, only: { mesh: 'pgMesh', kind: 'virtualNode', name: 'svc1' } });
    expect(() => readGrants('/nowhere/keys.json')).toThrow(/\/nowhere\/keys\.json: ENOENT/);
  });

  test.each([
    ['not valid JSON', '{"keys": [{"secretAccessKey": "quoted-secret'],
    ['nobody could come in', '{}'],
    ['keys[0].secretAccessKey: must have at least 16', '{"keys":[{"accessKeyId":"ABC","secretAccessKey":"quoted-secret"}]}'],
    ['keys[0].only: must be mesh/NAME', '{"keys":[{"accessKeyId":"ABC","secretAccessKey":"quoted-secret-0123456789","only":"pgMesh"}]}'],
    ['keys: an id or name is there twice', '{"keys":[{"accessKeyId":"ABC","secretAccessKey":"quoted-secret-0123456789"},{"accessKeyId":"ABC","secretAccessKey":"quoted-secret-9876543210"}]}'],
    ['keys[0].readonly: is not a field here', '{"keys":[{"accessKeyId":"ABC","secretAccessKey":"quoted-secret-0123456789","readonly":true}]}'],
    ['keys[0].accessKeyId: must be a string; access keys: keys[0].id: is not a field here', '{"keys":[{"id":"ABC","secretAccessKey":"quoted-secret-0123456789"}]}'],
    ['access keys: must be an object', '["quoted-secret-0123456789"]'],
  ])('that say "%s" are refused, without quoting a secret', (message, json) => {
    const refused = (() => {
      try {
        return parseGrants(json);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refused).toBeInstanceOf(AccessKeysUnusable);
    expect((refused as Error).message).toContain(message);
    expect((refused as Error).message).not.toContain('quoted-secret');
  });
});

const awsEnv = (key: { accessKeyId: string; secretAccessKey: string }) => ({ ...process.env, AWS_ENDPOINT_URL: plane.url, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true' });

describeWith('AWS CLI', hasCommand('aws'), 'the AWS CLI', () => {
  const aws = (key: { accessKeyId: string; secretAccessKey: string }, ...words: string[]) => run('aws', ['appmesh', ...words, '--output', 'json'], { env: awsEnv(key) });

  test('signs writes and reads that are answered, and is told why not', async () => {
    await aws(KEYS.admin, 'create-mesh', '--mesh-name', 'by-cli', '--tags', 'key=a b,value=c/d');
    const { stdout } = await aws(KEYS.reader, 'list-tags-for-resource', '--resource-arn', 'arn:aws:appmesh:us-east-1:000000000000:mesh/by-cli');
    expect(JSON.parse(stdout)).toEqual({ tags: [{ key: 'a b', value: 'c/d' }] });
    await expect(aws(KEYS.reader, 'delete-mesh', '--mesh-name', 'by-cli')).rejects.toThrow(/ForbiddenException.*MSREADER is not allowed/s);
    await expect(aws({ ...KEYS.admin, secretAccessKey: 'wrong-secret-0123456789' }, 'list-meshes')).rejects.toThrow(/InvalidSignatureException/);
  }, 60_000);
});

const BOTO = `
import boto3, urllib.request
c = boto3.client('appmesh')
c.create_mesh(meshName='by-boto', tags=[{'key': 'k', 'value': 'ü'}])
print(c.describe_mesh(meshName='by-boto')['mesh']['meshName'])
try:
    c.describe_mesh(meshName="it's (not) there*")
except c.exceptions.NotFoundException as e:
    print(type(e).__name__)
url = c.generate_presigned_url('describe_mesh', Params={'meshName': 'by-boto'}, ExpiresIn=60)
print(urllib.request.urlopen(url).status)
`;

describeWith('boto3', hasCommand('python3'), 'boto3', () => {
  test('signs by headers, and presigns', async () => {
    const { stdout } = await run('python3', ['-c', BOTO], { env: awsEnv(KEYS.admin) });
    expect(stdout.trim().split('\n')).toEqual(['by-boto', 'NotFoundException', '200']);
  }, 60_000);
});
