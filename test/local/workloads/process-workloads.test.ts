import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/contracts/log.ts';
import { openProcessWorkloads, type ProcessWorkloads, type WorkloadStatus } from '../../../src/local/workloads/index.ts';

/** Serves its arguments and environment, crashes when asked to, and takes its leave when it is to end. */
const SERVICE = `
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const server = createServer((req, res) => {
  if (req.url === '/crash') process.exit(3);
  res.end(JSON.stringify({ args: process.argv.slice(2), version: process.env.VERSION, pid: process.pid }));
});
server.listen(0, '127.0.0.1', () => console.log('starting\\nready ' + server.address().port));
process.stdin.on('end', () => { writeFileSync('farewell', process.env.VERSION); process.exit(0); }).resume();
`;

const FILE = `
workloads:
  - { mesh: m, virtualNode: "api{{tag}}", tag: "*-dies", command: [node, -e, "console.error('no database'); process.exit(2)"] }
  - { mesh: m, virtualNode: "api{{tag}}", tag: "*-silent", command: [node, -e, "setInterval(() => {}, 1000); process.stdin.on('end', () => process.exit()).resume()"] }
  - { mesh: m, virtualNode: "api{{tag}}", command: [node, service.mjs, "--image=api:{{tag}}"], env: { VERSION: "{{tag}}" } }
  - { mesh: m, virtualNode: stable, command: [node, service.mjs], env: { VERSION: "{{tag}}" } }
`;

interface Registration {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Takes registrations as the control plane does, and tells each. */
async function listenForRegistrations(): Promise<{ server: Server; events: EventEmitter; seen: Registration[] }> {
  const events = new EventEmitter();
  const seen: Registration[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (text: string) => (body += text));
    req.on('end', () => {
      seen.push({ method: req.method!, path: req.url!, body });
      res.end('{}');
      events.emit('registration', seen.at(-1));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, events, seen };
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('process workloads', () => {
  let folder: string;
  let plane: Awaited<ReturnType<typeof listenForRegistrations>>;
  let workloads: ProcessWorkloads;
  let front: Server;

  const open = async (): Promise<void> => {
    workloads = await openProcessWorkloads({ file: join(folder, 'workloads.yaml'), dataFolder: folder, controlPlaneUrl: urlOf(plane.server), log: silent, readyWithinMs: 10_000 });
    front = createServer((req, res) => void workloads.handle(req, res));
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
  };
  const shut = async (): Promise<void> => {
    await workloads.close();
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  };
  const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${urlOf(front)}/meshshift/local/workloads${path}`, { method, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const put = async (node: string, tag: string): Promise<{ status: number; body: WorkloadStatus }> => {
    const { status, body } = await send('PUT', `/m/${node}`, { tag });
    return { status, body: body as WorkloadStatus };
  };
  const list = async (): Promise<WorkloadStatus[]> => ((await send('GET', '')).body as { workloads: WorkloadStatus[] }).workloads;
  const ask = async (port: number | null): Promise<{ args: string[]; version: string; pid: number }> =>
    (await (await fetch(`http://127.0.0.1:${String(port)}/`)).json()) as { args: string[]; version: string; pid: number };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meshshift-workloads-'));
    await writeFile(join(folder, 'service.mjs'), SERVICE);
    await writeFile(join(folder, 'workloads.yaml'), FILE);
    plane = await listenForRegistrations();
    await open();
  });
  afterEach(async () => {
    await shut();
    plane.server.closeAllConnections();
    await new Promise((resolve) => plane.server.close(resolve));
    await rm(folder, { recursive: true });
  });

  test('a version is started with its tag, registered, and answered for when it serves', async () => {
    const { status, body } = await put('apiv1-2', 'v1.2');
    expect(status).toBe(200);
    expect(body).toMatchObject({ mesh: 'm', virtualNode: 'apiv1-2', tag: 'v1.2', state: 'serving', restarts: 0 });
    expect(await ask(body.port)).toEqual({ args: ['--image=api:v1.2'], version: 'v1.2', pid: body.pid });
    expect(plane.seen).toEqual([{ method: 'PUT', path: '/meshshift/v1/endpoints/m/apiv1-2', body: JSON.stringify([{ ip: '127.0.0.1', port: body.port }]) }]);
  });

  test('the same request twice, also at once, runs one process', async () => {
    const [first, second] = await Promise.all([put('apiv1', 'v1'), put('apiv1', 'v1')]);
    expect(second.body).toEqual(first.body);
    expect(plane.seen).toHaveLength(1);
  });

  test('another tag of the same node takes over and the one before ends', async () => {
    const before = await put('stable', 'v1');
    const after = await put('stable', 'v2');
    expect(await ask(after.body.port)).toMatchObject({ version: 'v2' });
    await expect(ask(before.body.port)).rejects.toThrow();
    expect(JSON.parse(plane.seen.at(-1)!.body)).toEqual([{ ip: '127.0.0.1', port: after.body.port }]);
  });

  test('one that crashes is started again and registered where it serves now', async () => {
    const { body } = await put('apiv1', 'v1');
    const registered = once(plane.events, 'registration');
    await expect(fetch(`http://127.0.0.1:${String(body.port)}/crash`)).rejects.toThrow();
    const [again] = (await registered) as [Registration];
    const [{ port }] = JSON.parse(again.body) as [{ port: number }];
    expect((await ask(port)).pid).not.toBe(body.pid);
    expect(again.path).toBe('/meshshift/v1/endpoints/m/apiv1');
    expect((await list())[0]).toMatchObject({ restarts: 1, port });
  });

  test('what ran when the runtime ended runs again when it starts', async () => {
    const { body } = await put('apiv1', 'v1');
    await shut();
    await expect(ask(body.port)).rejects.toThrow();
    const registered = once(plane.events, 'registration');
    await open();
    const [again] = (await registered) as [Registration];
    const [{ port }] = JSON.parse(again.body) as [{ port: number }];
    expect(await ask(port)).toMatchObject({ version: 'v1' });
  });

  test('a removed one is deregistered, ended in order and forgotten', async () => {
    const { body } = await put('apiv1', 'v1');
    expect((await send('DELETE', '/m/apiv1')).status).toBe(204);
    await expect(ask(body.port)).rejects.toThrow();
    expect(await readFile(join(folder, 'farewell'), 'utf8')).toBe('v1');
    expect(plane.seen.at(-1)).toEqual({ method: 'DELETE', path: '/meshshift/v1/endpoints/m/apiv1', body: '' });
    await shut();
    await open();
    expect(await list()).toEqual([]);
    expect((await send('DELETE', '/m/apiv1')).status).toBe(204);
  });

  test('one that ends before it serves is an error that says how, and is not kept', async () => {
    expect(await put('apiv1-dies', 'v1-dies')).toEqual({
      status: 502,
      body: { error: 'WorkloadFailed', message: expect.stringContaining('ended with exit code 2; it wrote: no database') as string },
    });
    expect(await list()).toEqual([]);
    expect(plane.seen).toEqual([]);
  });

  test('one that never says where it serves is ended when its time is over', async () => {
    await shut();
    workloads = await openProcessWorkloads({ file: join(folder, 'workloads.yaml'), dataFolder: folder, controlPlaneUrl: urlOf(plane.server), log: silent, readyWithinMs: 50 });
    front = createServer((req, res) => void workloads.handle(req, res)).listen(0, '127.0.0.1');
    await once(front, 'listening');
    expect(await put('apiv1-silent', 'v1-silent')).toMatchObject({ status: 502, body: { message: expect.stringContaining('within 50 ms') as string } });
  });

  const refused: [string, string, string, unknown, number, string][] = [
    ['a node without an entry', 'PUT', '/m/other', { tag: 'v1' }, 404, 'no entry fits virtual node other of mesh m with tag v1'],
    ['a node that the tag does not lead to', 'PUT', '/m/apiv2', { tag: 'v1' }, 404, 'no entry fits'],
    ['another mesh', 'PUT', '/n/apiv1', { tag: 'v1' }, 404, 'no entry fits'],
    ['a tag with a path in it', 'PUT', '/m/apiv1', { tag: '../v1' }, 400, 'tag: "../v1": must be an image tag'],
    ['a tag with an option in it', 'PUT', '/m/apiv1', { tag: '-v1' }, 400, 'must be an image tag'],
    ['a tag of which no name can be made', 'PUT', '/m/apiv1', { tag: '___' }, 400, 'must hold a letter or a digit'],
    ['a command in the body', 'PUT', '/m/apiv1', { tag: 'v1', command: ['sh'] }, 400, 'command: ["sh"]: is not a field here'],
    ['no tag', 'PUT', '/m/apiv1', {}, 400, 'tag: missing: must be an image tag'],
    ['no JSON', 'PUT', '/m/apiv1', 'v1', 400, 'must be JSON'],
  ];
  test.each(refused)('%s is refused', async (_, method, path, body, status, message) => {
    const answer = await send(method, path, body);
    expect(answer.status).toBe(status);
    expect((answer.body as { message: string }).message).toContain(message);
    expect(await list()).toEqual([]);
  });

  const broken: [string, string, string][] = [
    ['an unknown template', 'workloads: [{ mesh: m, virtualNode: n, command: [run, "{{name}}"] }]', 'workloads[0].command[1]: "{{name}}": may hold no template but {{tag}}'],
    ['a program that depends on the tag', 'workloads: [{ mesh: m, virtualNode: n, command: ["{{tag}}"] }]', 'must begin with a program that does not depend on the tag'],
    ['a shell line', 'workloads: [{ mesh: m, virtualNode: n, command: "npm start" }]', 'command: "npm start": must be a list: the program and its arguments'],
    ['a number as environment', 'workloads: [{ mesh: m, virtualNode: n, command: [run], env: { N: 1 } }]', 'env.N: 1: must be a string (quote numbers)'],
    ['an unknown field', 'workloads: [{ mesh: m, virtualNode: n, command: [run], shell: true }]', 'workloads[0].shell: true: is not a field here'],
    ['nothing', '', 'must be'],
  ];
  test.each(broken)('a workloads file with %s is refused', async (_, text, message) => {
    const file = join(folder, 'broken.yaml');
    await writeFile(file, text);
    await expect(openProcessWorkloads({ file, dataFolder: folder, controlPlaneUrl: urlOf(plane.server), log: silent })).rejects.toThrow(message);
  });
});
