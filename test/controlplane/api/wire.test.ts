import { Agent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as sdk from '@aws-sdk/client-app-mesh';
import constraints from '../../../src/controlplane/api/validation/constraints.json' with { type: 'json' };
import { readOperations } from '../../../src/controlplane/api/wire/operations.ts';
import { nodeSpec, prepare, routeSpec, seeded, sender, type Json } from './calls.ts';
import { makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
const logged: string[] = [];

beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file, { log: (level, message, fields) => logged.push(`${level} ${message} ${JSON.stringify(fields)}`) });
  await prepare(sender(server.client), 'm');
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends exactly these bytes and headers. An array is sent chunk by chunk, without a length. */
const call = (
  method: string,
  path: string,
  body: string | Buffer | readonly (string | Buffer)[] = '',
  options: RequestOptions = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = httpRequest(server.url, { method, path, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    if (Array.isArray(body)) for (const chunk of body) outgoing.write(chunk);
    outgoing.end(Array.isArray(body) ? undefined : body);
  });

const json = (value: unknown): string => JSON.stringify(value);
const mesh = (name: string): string => json({ meshName: name });
const BASE = '/v20190125';
const KIB = 1024;

test('the operations are the 38 of the model, and every constraint is of a member the SDK has', () => {
  expect(readOperations()).toHaveLength(38);
  const count = (trait: string): number =>
    Object.values(constraints.shapes as unknown as Record<string, Json>).filter((shape) => shape[trait] !== undefined).length;
  expect({
    length: count('length'),
    pattern: count('pattern'),
    enum: count('enum'),
    uniqueItems: count('uniqueItems'),
    range: count('range'),
  }).toEqual({ length: 34, pattern: 2, enum: 20, uniqueItems: 1, range: 26 });
  for (const [structure, members] of Object.entries(constraints.members)) {
    const schema = (sdk as unknown as Record<string, readonly unknown[]>)[`${structure}$`];
    for (const member of Object.keys(members)) expect([structure, schema?.[4]]).toEqual([structure, expect.arrayContaining([member])]);
  }
});

describe('an error', () => {
  test('has its type in a header, its message in the body, and an id of the request', async () => {
    const { status, headers, text } = await call('GET', `${BASE}/meshes/none`);
    expect(status).toBe(404);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-errortype': 'NotFoundException',
      'x-amzn-requestid': expect.stringMatching(/^[\da-f-]{36}$/) as string,
    });
    expect(JSON.parse(text)).toEqual({ message: 'Mesh with name none is not present for account 123456789012' });
  });

  test('differs in its id from the next', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await call('GET', `${BASE}/meshes`)).headers['x-amzn-requestid']));
    expect(new Set(ids).size).toBe(3);
  });
});

const deep = '['.repeat(50_000);

type Malformed = [
  name: string,
  status: number,
  type: string,
  method: string,
  path: string,
  body?: string | Buffer,
  headers?: Readonly<Record<string, string>>,
];

const MALFORMED: readonly Malformed[] = [
  ['an unknown path', 404, 'UnknownOperationException', 'GET', '/'],
  ['an unknown version', 404, 'UnknownOperationException', 'GET', '/v20180101/meshes'],
  ['an unknown collection', 404, 'UnknownOperationException', 'GET', `${BASE}/meshes/m/nodes`],
  ['a trailing slash', 404, 'UnknownOperationException', 'GET', `${BASE}/meshes/`],
  ['an empty label', 404, 'UnknownOperationException', 'GET', `${BASE}/meshes//virtualNodes`],
  ['a method the path has not', 404, 'UnknownOperationException', 'POST', `${BASE}/meshes`],
  ['HEAD', 404, 'UnknownOperationException', 'HEAD', `${BASE}/meshes`],
  ['a broken escape', 400, 'BadRequestException', 'GET', `${BASE}/meshes/%zz`],
  ['an escape that is no UTF-8', 400, 'BadRequestException', 'GET', `${BASE}/meshes/%ff`],
  ['a path out of the tree', 404, 'NotFoundException', 'GET', `${BASE}/meshes/..%2f..%2fetc`],
  ['a limit that is no number', 400, 'BadRequestException', 'GET', `${BASE}/meshes?limit=ten`],
  ['a limit with a fraction', 400, 'BadRequestException', 'GET', `${BASE}/meshes?limit=1.5`],
  ['an empty limit', 400, 'BadRequestException', 'GET', `${BASE}/meshes?limit=`],
  ['a huge limit', 400, 'BadRequestException', 'GET', `${BASE}/meshes?limit=99999999999999999999`],
  ['tags of nothing', 400, 'BadRequestException', 'GET', `${BASE}/tags`],
  ['no body', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`],
  ['half a body', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, '{"meshName":'],
  ['no JSON', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, 'meshName=x'],
  ['JSON and more', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, '{} {}'],
  ['a list', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, '[]'],
  ['null', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, 'null'],
  ['a number', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, '1e999'],
  ['bytes that are no UTF-8', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, Buffer.from(json({ meshName: 'utf', tags: [{ key: 'k', value: '\xff' }] }), 'latin1')],
  ['lists without end', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, deep],
  ['a value nested deep', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, `{"meshName":${deep}${']'.repeat(deep.length)}}`],
  ['a prototype', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, '{"__proto__":{"meshName":"x"}}'],
  [
    'an inherited member',
    400,
    'BadRequestException',
    'PUT',
    `${BASE}/meshes/m/virtualNodes`,
    '{"virtualNodeName":"n","constructor":1,"spec":"toString"}',
  ],
  ['gzip that is none', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, mesh('x'), { 'content-encoding': 'gzip' }],
  ['half of a gzip', 400, 'BadRequestException', 'PUT', `${BASE}/meshes`, gzipSync(mesh('x')).subarray(0, 15), { 'content-encoding': 'gzip' }],
  ['an unknown encoding', 415, 'UnsupportedMediaTypeException', 'PUT', `${BASE}/meshes`, mesh('x'), { 'content-encoding': 'br' }],
  ['a body too large', 413, 'RequestEntityTooLargeException', 'PUT', `${BASE}/meshes`, json({ meshName: 'x', pad: 'p'.repeat(257 * KIB) })],
  ['a body much too large', 413, 'RequestEntityTooLargeException', 'PUT', `${BASE}/meshes`, Buffer.alloc(4 * KIB * KIB, 'x')],
  [
    'a body that unpacks too large',
    413,
    'RequestEntityTooLargeException',
    'PUT',
    `${BASE}/meshes`,
    gzipSync(json({ meshName: 'x', pad: 'p'.repeat(64 * KIB * KIB) })),
    { 'content-encoding': 'gzip' },
  ],
];

test.each(MALFORMED.map(([name, status, type, ...request]) => ({ name, status, type, request })))(
  '$name is answered $status $type',
  async ({ status, type, request: [method, path, body, headers] }) => {
    const answer = await call(method, path, body, { headers: { ...headers } });
    expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([status, type]);
    if (method !== 'HEAD') expect(JSON.parse(answer.text)).toEqual({ message: expect.any(String) as string });
  },
);

describe('a body', () => {
  test('may be packed with gzip', async () => {
    const body = gzipSync(mesh('packed'));
    expect((await call('PUT', `${BASE}/meshes`, body, { headers: { 'content-encoding': 'GZIP', 'content-length': body.length } })).status).toBe(200);
    expect((await call('GET', `${BASE}/meshes/packed`)).status).toBe(200);
  });

  test('may come in chunks, split within a character', async () => {
    const bytes = Buffer.from(json({ meshName: 'chunked', tags: [{ key: 'città', value: 'é' }] }));
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    const { status, text } = await call('PUT', `${BASE}/meshes`, chunks);
    expect(status).toBe(200);
    const { arn } = (JSON.parse(text) as { metadata: { arn: string } }).metadata;
    expect(JSON.parse((await call('GET', `${BASE}/tags?resourceArn=${encodeURIComponent(arn)}`)).text)).toEqual({
      tags: [{ key: 'città', value: 'é' }],
    });
  });

  test('of a GET or DELETE does not matter', async () => {
    expect((await call('GET', `${BASE}/meshes/m`, 'not json', { headers: { 'content-length': 8 } })).status).toBe(200);
    expect((await call('DELETE', `${BASE}/meshes/packed`, '{"meshName":', { headers: { 'content-length': 12 } })).status).toBe(200);
  });

  test('that ends early is answered by nobody, and the server goes on', async () => {
    const { port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`PUT ${BASE}/meshes HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"meshName":`, () => socket.destroy()),
      );
      socket.on('close', () => resolve());
    });
    expect((await call('GET', `${BASE}/meshes/m`)).status).toBe(200);
    expect(logged.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

test('labels are decoded, once', async () => {
  const name = 'svc%2B:80@a';
  const created = await call('PUT', `${BASE}/meshes/m/virtualServices`, json({ virtualServiceName: name, spec: {} }));
  expect(created.status).toBe(200);
  const { status, text } = await call('GET', `${BASE}/meshes/m/virtualServices/${encodeURIComponent(name)}`);
  expect([status, (JSON.parse(text) as Json)['virtualServiceName']]).toEqual([200, name]);
});

test('one connection serves many requests, refused ones as well', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort));
  for (const [method, path, body] of [
    ['GET', '/meshes', ''],
    ['PUT', '/meshes', 'x'],
    ['GET', '/none', ''],
    ['DELETE', '/meshes/none', ''],
    ['GET', '/meshes/m', ''],
  ] as const)
    await call(method, `${BASE}${path}`, body, { agent });
  agent.destroy();
  expect(ports.size).toBe(1);
});

test('owns what is under its version, and nothing else', () => {
  expect(['/v20190125/meshes', '/v20190125/none', '/v20190125/tags?resourceArn=a'].every((path) => server.api.owns('GET', path))).toBe(true);
  expect(['/', '/v20190125', '/meshshift/v1/rollouts', '/x/v20190125/meshes'].some((path) => server.api.owns('GET', path))).toBe(false);
});

describe('whatever is sent, the answer is no 5xx', () => {
  const REQUESTS = 3000;

  const values: readonly unknown[] = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e21,
    65536,
    '',
    'x',
    'http2',
    'blue',
    '\u0000',
    '\ud800',
    '%00',
    [],
    {},
    [null],
    [[]],
    [{}],
    { toString: 1 },
    { length: -1 },
  ];

  /** A request near a right one: one to three random edits of a spec, a path, a query or the bytes. */
  function mutate(value: unknown, random: () => number): unknown {
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    if (typeof value !== 'object' || value === null || random() < 0.15) return pick(values);
    if (Array.isArray(value))
      return random() < 0.3 ? [...(value as unknown[]), pick(values)] : value.map((item: unknown) => (random() < 0.5 ? mutate(item, random) : item));
    const entries = Object.entries(value);
    const chosen = pick(entries.length === 0 ? [['x', 0] as const] : entries)[0];
    return Object.fromEntries(
      entries.flatMap(([key, item]) =>
        key !== chosen ? [[key, item]] : random() < 0.2 ? [] : [[random() < 0.1 ? `${key}x` : key, mutate(item, random)]],
      ),
    );
  }

  test.each([20_190_125, 20_260_930])('seed %i', async (seed) => {
    const random = seeded(seed);
    const operations = readOperations();
    const bodies: Json[] = [
      { spec: nodeSpec('n') },
      { spec: routeSpec(['blue', 1], ['green', 2]) },
      { meshName: 'f', tags: [{ key: 'a', value: 'b' }] },
      { tagKeys: ['a'] },
      { spec: { provider: { virtualNode: { virtualNodeName: 'blue' } } } },
    ];
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const statuses = new Map<number, number>();
    const send = async (): Promise<void> => {
      const operation = pick(operations);
      const names = ['m', 'blue', 'router', 'service.local', 'gateway', 'r', '%', '%00', 'é', '..', 'a%2fb'];
      const path = operation.segments
        .map((segment) => (segment.startsWith('{') ? pick(names) : random() < 0.02 ? pick(['', 'x', '..']) : segment))
        .join('/');
      const query =
        random() < 0.4
          ? `?${pick(['limit', 'nextToken', 'meshOwner', 'resourceArn', '%'])}=${pick(['1', '-1', 'x', '%', 'bnVsbA', 'W10', encodeURIComponent('arn:aws:appmesh:eu-central-1:123456789012:mesh/m')])}`
          : '';
      const named = {
        ...pick(bodies),
        [pick(['meshName', 'virtualNodeName', 'routeName', 'virtualServiceName', 'gatewayRouteName', 'clientToken'])]: pick([
          'n1',
          'n2',
          '',
          'a b',
          5,
        ]),
      };
      const text = json(mutate(named, random) ?? null);
      const cut = random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
      const body = random() < 0.05 ? gzipSync(cut) : Buffer.from(cut);
      const headers = {
        ...(random() < 0.05 ? { 'content-encoding': 'gzip' } : {}),
        ...(random() < 0.05 ? { 'x-meshshift-if-version': pick(['1', 'x', '']) } : {}),
      };
      const url = encodeURI(`/${path}${query}`).replaceAll('%25', '%');
      const { status, text: answer } = await call(random() < 0.05 ? pick(['POST', 'DELETE', 'GET', 'PUT']) : operation.method, url, body, {
        agent,
        headers,
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500) throw new Error(`${operation.method} ${url} ${text}: ${status} ${answer}`);
    };
    for (let sent = 0; sent < REQUESTS; sent += 4) await Promise.all([send(), send(), send(), send()]);
    agent.destroy();
    expect(logged.filter((line) => line.startsWith('error'))).toEqual([]);
    expect([...statuses.keys()].sort()).toEqual(expect.arrayContaining([200, 400, 404, 409]));
    expect((await call('GET', `${BASE}/meshes/m`)).status).toBe(200);
  });
});
