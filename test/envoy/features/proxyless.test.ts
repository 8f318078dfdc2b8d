import * as appMesh from '@aws-sdk/client-app-mesh';
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { grpcBootstrap } from '../../../src/controlplane/bootstrap/index.ts';
import type { Propagation } from '../../../src/controlplane/xds/propagation.ts';
import { describeWith, hasPythonModule } from '../../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { MESH, register, SERVICE } from '../../support/walkthrough.ts';

jest.setTimeout(60_000);

type Metadata = NonNullable<appMesh.GrpcRouteMatch['metadata']>;
const METHODS = ['/test.Shop/Buy', '/test.Shop/Sell', '/test.Shop/Slow', '/test.Shop/Flaky', '/test.Other/Buy', '/plain.Http/Buy'];

interface Answers {
  readonly seen: string[];
  stop(): void;
}

/** A server that answers all methods with its name; Flaky is unavailable twice of three times, and Slow takes a second. */
function startServer(name: string, taken: (port: number) => Promise<void>): Promise<Answers> {
  const server = new Server();
  const seen: string[] = [];
  const identity = (bytes: Buffer): Buffer => bytes;
  for (const path of METHODS) {
    const call = (_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      seen.push(path);
      const times = seen.filter((other) => other === path).length;
      if (path.endsWith('Slow')) setTimeout(() => answer(null, Buffer.from(name)), 1_000);
      else if (path.endsWith('Flaky') && times % 3 !== 0) answer({ code: status.UNAVAILABLE });
      else answer(null, Buffer.from(name));
    };
    server.addService({ call: { path, requestStream: false, responseStream: false, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity } }, { call });
  }
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) reject(error);
      else taken(port).then(() => resolve({ seen, stop: () => server.forceShutdown() }), reject);
    });
  });
}

const to = (virtualNode: string) => ({ action: { weightedTargets: [{ virtualNode, weight: 1 }] } });
const second = (value: number) => ({ unit: 'ms' as const, value });

/** A route for each thing that a route can match or do, each to a node of its own; what none of them takes goes to `rest`. */
const METADATA: Readonly<Record<string, Metadata>> = {
  exact: [{ name: 'kind', match: { exact: 'Exactly' } }],
  prefix: [{ name: 'kind', match: { prefix: 'pre-' } }],
  suffix: [{ name: 'kind', match: { suffix: '-suf' } }],
  regex: [{ name: 'kind', match: { regex: '[0-9]{3}' } }],
  range: [{ name: 'amount', match: { range: { start: 10, end: 20 } } }],
  present: [{ name: 'present' }],
  inverted: [{ name: 'colour', invert: true, match: { exact: 'red' } }, { name: 'colour' }],
};
const ROUTES: readonly (readonly [string, appMesh.RouteSpec])[] = [
  ['method', { priority: 1, grpcRoute: { match: { serviceName: 'test.Shop', methodName: 'Sell' }, ...to('method') } }],
  ['timeout', { priority: 1, grpcRoute: { match: { serviceName: 'test.Shop', methodName: 'Slow' }, timeout: { perRequest: second(200) }, ...to('timeout') } }],
  ['retry', { priority: 1, grpcRoute: { match: { serviceName: 'test.Shop', methodName: 'Flaky' }, retryPolicy: { maxRetries: 2, perRetryTimeout: second(5_000), grpcRetryEvents: ['unavailable'] }, ...to('retry') } }],
  ['service', { priority: 1, grpcRoute: { match: { serviceName: 'test.Other' }, ...to('service') } }],
  ['path', { priority: 1, http2Route: { match: { path: { regex: '/plain[.].*' }, method: 'POST' }, ...to('path') } }],
  ['query', { priority: 0, http2Route: { match: { prefix: '/', queryParameters: [{ name: 'q' }] }, ...to('rest') } }],
  ...Object.entries(METADATA).map(([name, metadata], index) => [name, { priority: 10 + index, grpcRoute: { match: { metadata }, ...to(name) } }] as const),
  ['rest', { grpcRoute: { match: {}, ...to('rest') } }],
];
const NODES = [...new Set(ROUTES.flatMap(([name]) => (name === 'query' ? [] : [name])))];

/** Each call, and who answers it. */
const buy = (metadata: Readonly<Record<string, string>>) => ({ method: '/test.Shop/Buy', metadata });
const CALLS: readonly (readonly [{ readonly method: string; readonly metadata?: Readonly<Record<string, string>> }, string])[] = [
  [{ method: '/test.Shop/Sell' }, 'method'],
  [{ method: '/test.Other/Buy' }, 'service'],
  [{ method: '/plain.Http/Buy' }, 'path'],
  [{ method: '/test.Shop/Slow' }, `status ${status.DEADLINE_EXCEEDED}`],
  [{ method: '/test.Shop/Flaky' }, 'retry'],
  [buy({ kind: 'Exactly' }), 'exact'],
  [buy({ kind: 'exactly' }), 'rest'],
  [buy({ kind: 'pre-x' }), 'prefix'],
  [buy({ kind: 'x-suf' }), 'suffix'],
  [buy({ kind: '123' }), 'regex'],
  [buy({ kind: '1234' }), 'rest'],
  [buy({ amount: '10' }), 'range'],
  [buy({ amount: '20' }), 'rest'],
  [buy({ amount: 'ten' }), 'rest'],
  [buy({ present: 'x' }), 'present'],
  [buy({ colour: 'blue' }), 'inverted'],
  [buy({ colour: 'red' }), 'rest'],
  [buy({}), 'rest'],
];

let plane: TestControlPlane;
const servers = new Map<string, Answers>();
const listeners = [{ portMapping: { port: 80, protocol: 'grpc' as const } }];

const node = (virtualNodeName: string, more: Partial<appMesh.Listener> = {}) => ({ meshName: MESH, virtualNodeName, spec: { listeners: [{ ...listeners[0], ...more } as appMesh.Listener], serviceDiscovery: { dns: { hostname: `${virtualNodeName}.local` } } } });

beforeAll(async () => {
  plane = await startTestControlPlane();
  const { client, url } = plane;
  await client.send(new appMesh.CreateMeshCommand({ meshName: MESH }));
  for (const name of NODES) {
    await client.send(new appMesh.CreateVirtualNodeCommand(node(name)));
    servers.set(name, await startServer(name, (port) => register(url, name, [port])));
  }
  await client.send(new appMesh.CreateVirtualRouterCommand({ meshName: MESH, virtualRouterName: 'r', spec: { listeners } }));
  for (const [routeName, spec] of ROUTES) await client.send(new appMesh.CreateRouteCommand({ meshName: MESH, virtualRouterName: 'r', routeName, spec }));
  await client.send(new appMesh.CreateVirtualServiceCommand({ meshName: MESH, virtualServiceName: SERVICE, spec: { provider: { virtualRouter: { virtualRouterName: 'r' } } } }));
  await client.send(new appMesh.CreateVirtualNodeCommand({ meshName: MESH, virtualNodeName: 'caller', spec: { backends: [{ virtualService: { virtualServiceName: SERVICE } }] } }));
});
afterAll(async () => {
  for (const server of servers.values()) server.stop();
  await plane.dispose();
});

/** What becomes of calls by a client program, a process of its own. */
async function askBy(command: string, script: string, calls: readonly unknown[]): Promise<string[]> {
  const bootstrap = grpcBootstrap({ nodeId: `mesh/${MESH}/virtualNode/caller`, xdsHost: '127.0.0.1', xdsPort: plane.xdsPort });
  const child = spawn(command, [fileURLToPath(new URL(`../../support/${script}`, import.meta.url)), `xds:///${SERVICE}`], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap), GRPC_VERBOSITY: 'NONE' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(JSON.stringify(calls));
  return JSON.parse(await text(child.stdout)) as string[];
}

describeWith('Python with grpcio', hasPythonModule('grpc'), 'proxyless gRPC', () => {
  test.each([['gRPC’s C core', 'python3', 'grpc-asker.py'], ['gRPC for JavaScript', process.execPath, 'grpc-asker.js']])('%s: every route matches, times out and retries as its spec says', async (_title, command, script) => {
    const before = servers.get('retry')?.seen.length ?? 0;
    expect(await askBy(command, script, CALLS.map(([call]) => call))).toEqual(CALLS.map(([, answer]) => answer));
    expect((servers.get('retry')?.seen.length ?? 0) - before).toBe(3);
  });

  test('a node that asks for TLS is refused in words, and nothing of it is published', async () => {
    const tls = { mode: 'STRICT' as const, certificate: { file: { certificateChain: '/c.pem', privateKey: '/k.pem' } } };
    await plane.client.send(new appMesh.UpdateVirtualNodeCommand(node('rest', { tls })));
    const asking = askBy(process.execPath, 'grpc-asker.js', [buy({})]);
    const told = async (): Promise<Propagation['proxies'][number] | undefined> => ((await (await fetch(`${plane.url}/meshshift/v1/propagation/${MESH}`)).json()) as Propagation).proxies[0];
    expect(await eventually(told, 'a client')).toMatchObject({ kind: 'grpc', state: 'rejected', error: expect.stringMatching(/rest.*TLS/) as string });
    await plane.client.send(new appMesh.UpdateVirtualNodeCommand(node('rest')));
    expect(await asking).toEqual(['rest']);
  });
});
