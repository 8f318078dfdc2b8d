import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { jest } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, type Finished } from './run-cli.ts';
import { startUp, until, type Up } from './start-up.ts';

const MESH = 'examples/pgmesh/mesh.yaml';
const WORKLOADS = ['--workloads', 'examples/pgmesh/workloads.yaml'];

interface Listed {
  readonly rollouts: { readonly id: string; readonly phase: string; readonly step: number; readonly image: { readonly tag: string } }[];
}

jest.setTimeout(60_000);

let folder: string;
let up: Up;
/** What reached a webhook; the first message is refused. */
const posted: string[] = [];
const slack = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => response.writeHead(posted.push(body) === 1 ? 503 : 200).end());
});
/** Stands in for Lambda: every function says yes. */
const asked: string[] = [];
const functions = createServer((request, response) => {
  asked.push(request.url ?? '');
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ outcome: 'pass', reason: 'it smokes well' })));
});
const cli = (...args: string[]): Promise<Finished> => runCli(args, { env: { AWS_ENDPOINT_URL: up.url } });
const json = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli(...args, '--json');
  if (code !== 0) throw new Error(`exit ${String(code)}: ${stderr}`);
  expect(stdout.trimEnd()).not.toContain('\n');
  return JSON.parse(stdout);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshshift-up-'));
  await writeFile(join(folder, 'certificates.yaml'), 'certificates: []');
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'webhooks.json'), JSON.stringify({ releases: `http://127.0.0.1:${(slack.address() as AddressInfo).port}/s3cret` }));
  await new Promise<void>((resolve) => functions.listen(0, '127.0.0.1', resolve));
  process.env['AWS_ENDPOINT_URL_LAMBDA'] = `http://127.0.0.1:${(functions.address() as AddressInfo).port}`;
  up = await startUp(folder, ...WORKLOADS, '--certificates', join(folder, 'certificates.yaml'), '--webhooks', join(folder, 'webhooks.json'), '--quotas', '{"virtualGatewaysPerMesh":3}');
});
afterAll(async () => {
  up.process.kill('SIGKILL');
  await up.ended;
  delete process.env['AWS_ENDPOINT_URL_LAMBDA'];
  for (const server of [slack, functions]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

describe('mesh', () => {
  test('apply provisions by the state machine and says what it made; again it changes nothing', async () => {
    const first = await cli('mesh', 'apply', '-f', MESH);
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^KIND +NAME +VERSION +CHANGE$/m);
    expect(first.stdout).toMatch(/^route +pgMesh\/svcNode1\/svcNode1 +1 +created$/m);
    expect(first.stdout).toContain('8 created, 0 updated, 0 unchanged');
    expect(await json('mesh', 'apply', '-f', MESH)).toMatchObject({ created: 0, updated: 0, unchanged: 8 });
  });

  test("the AWS CLI's own inputs, over an existing route, leave its weights alone", async () => {
    expect(await json('mesh', 'apply', '-f', 'examples/pgmesh/cli-input')).toMatchObject({ created: 0, updated: 0, unchanged: 8 });
  });

  test('describe shows every resource, with the weights of the route', async () => {
    const { stdout } = await cli('mesh', 'describe', 'pgMesh');
    expect(stdout).toMatch(/^route +svcNode1\/svcNode1 +1 +ACTIVE +http2Route to svcNode1 100$/m);
    expect(stdout).toMatch(/^virtualNode +svcNode2 +1 +ACTIVE +http2:80 svc2\.pgMesh\.local calls svc1\.pgMesh\.local$/m);
    expect(stdout).toMatch(/^virtualRouter +svcNode1 +1 +ACTIVE +http2:80$/m);
    const { meshes } = (await json('mesh', 'describe')) as { meshes: { mesh: { name: string }; resources: unknown[] }[] };
    expect(meshes.map(({ mesh, resources }) => [mesh.name, resources.length])).toEqual([['pgMesh', 7]]);
  });

  test('describe says which certificates are missing, where, and what to do', async () => {
    const arn = 'arn:aws:acm:eu-central-1:123456789012:certificate/gw';
    const file = join(folder, 'acm.yaml');
    const spec = { listeners: [{ portMapping: { port: 443, protocol: 'http' }, tls: { mode: 'STRICT', certificate: { acm: { certificateArn: arn } } } }] };
    const route = { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'shop' } } } } };
    const resources = [
      { create: 'CreateMesh', input: { meshName: 'acm' } },
      { create: 'CreateVirtualService', input: { meshName: 'acm', virtualServiceName: 'shop', spec: {} } },
      { create: 'CreateVirtualGateway', input: { meshName: 'acm', virtualGatewayName: 'gw', spec } },
      { create: 'CreateGatewayRoute', input: { meshName: 'acm', virtualGatewayName: 'gw', gatewayRouteName: 'all', spec: route } },
    ];
    await writeFile(file, JSON.stringify(resources));
    expect((await cli('mesh', 'apply', '-f', file)).code).toBe(0);
    const { stdout } = await cli('mesh', 'describe', 'acm');
    expect(stdout).toMatch(/^virtualGateway +gw +1 +ACTIVE +http:443$/m);
    expect(stdout).toMatch(/^gatewayRoute +gw\/all +1 +ACTIVE +httpRoute to shop$/m);
    expect(stdout).toContain(`certificate missing: virtualGateway gw: spec.listeners[0].tls.certificate.acm.certificateArn: ${arn}: the mapping ${join(folder, 'certificates.yaml')} does not name it: add`);
    expect(await json('mesh', 'describe', 'acm')).toMatchObject({ meshes: [{ certificates: [{ arn, kind: 'virtualGateway', name: 'gw', state: 'missing' }] }] });
  });

  test('there are no more of what has a quota than it says', async () => {
    const put = (path: string, body: object): Promise<Response> => fetch(`${up.url}/v20190125/meshes${path}`, { method: 'PUT', body: JSON.stringify(body) });
    expect((await put('', { meshName: 'limited' })).status).toBe(200);
    const statuses: number[] = [];
    const spec = { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] };
    for (const virtualGatewayName of ['a', 'b', 'c', 'd']) statuses.push((await put('/limited/virtualGateways', { virtualGatewayName, spec })).status);
    expect(statuses).toEqual([200, 200, 200, 400]);
    expect((await fetch(`${up.url}/v20190125/meshes/limited/virtualGateways/c`, { method: 'DELETE' })).status).toBe(200);
    expect((await put('/limited/virtualGateways', { virtualGatewayName: 'd', spec })).status).toBe(200);
  });

  test('a mesh that is not there is refused by its name', async () => {
    const { code, stderr } = await cli('mesh', 'describe', 'nowhere');
    expect(code).toBe(4);
    expect(stderr).toContain('NotFoundException');
    expect(stderr).toContain('nowhere');
  });

  describe('apply of what people have', () => {
    const template = `
Parameters: { Port: { Type: Number }, Protocol: { Type: String, Default: http } }
Resources:
  Mesh: { Type: AWS::AppMesh::Mesh, Properties: { MeshName: !Ref AWS::StackName } }
  Node:
    Type: AWS::AppMesh::VirtualNode
    Properties:
      MeshName: !GetAtt Mesh.MeshName
      Tags: [{ Key: team, Value: a }]
      Spec: { Listeners: [{ PortMapping: { Port: !Ref Port, Protocol: !Ref Protocol } }], ServiceDiscovery: { DNS: { Hostname: cart.local } } }
  Task: { Type: AWS::ECS::TaskDefinition }
`;
    const manifests = '{ apiVersion: appmesh.k8s.aws/v1beta2, kind: VirtualService, metadata: { name: cart, namespace: "${NS}" }, spec: { provider: { virtualNode: { virtualNodeARN: "arn:aws:appmesh:x:1:mesh/stack/virtualNode/stack-Node" } } } }\n';
    let applied: string[];

    beforeAll(async () => {
      const what = join(folder, 'have');
      await mkdir(what);
      await writeFile(join(what, 'stack.yaml'), template);
      await writeFile(join(what, 'service.yaml.template'), manifests);
      applied = ['mesh', 'apply', '-f', what, '--mesh', 'stack', '--param', 'Port=8080', '--param', 'NS=shop'];
    });

    test('what is not told is asked for, and nothing is made', async () => {
      const { code, stderr } = await cli(...applied.slice(0, -2));
      expect(code).toBe(1);
      expect(stderr).toContain('service.yaml.template:1: metadata.namespace: "${NS}": has the placeholder ${NS}: give it by --param NS=VALUE');
      expect((await cli('mesh', 'describe', 'stack')).code).toBe(4);
    });

    test('--dry-run says what would be done, and does nothing', async () => {
      const { code, stdout } = await cli(...applied, '--dry-run');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^KIND +NAME +VERSION +WOULD BE$/m);
      expect(stdout).toMatch(/^virtualService +stack\/cart\.shop +0 +created$/m);
      expect(stdout).toContain('would be: 3 created, 0 updated, 0 unchanged\nleft out: 1 AWS::ECS::TaskDefinition\n');
      expect((await cli('mesh', 'describe', 'stack')).code).toBe(4);
    });

    test('it is made; again it changes nothing, and a dry run says so', async () => {
      expect(await json(...applied)).toMatchObject({ created: 3, updated: 0, unchanged: 0, leftOut: { 'AWS::ECS::TaskDefinition': 1 } });
      expect(await json(...applied)).toMatchObject({ created: 0, updated: 0, unchanged: 3 });
      expect(await json(...applied, '--dry-run')).toMatchObject({ dryRun: true, created: 0, updated: 0, unchanged: 3 });
    });

    test('a dry run tells what differs, tags too', async () => {
      const changed = [...applied, '--param', 'Protocol=http2'];
      expect(await json(...changed, '--dry-run')).toMatchObject({ updated: 1, unchanged: 2, resources: expect.arrayContaining([{ create: 'CreateVirtualNode', name: 'stack/stack-Node', change: 'updated', version: 1 }]) as unknown });
      await writeFile(join(folder, 'have', 'stack.yaml'), template.replace('Value: a', 'Value: b'));
      expect(await json(...applied, '--dry-run')).toMatchObject({ updated: 1, unchanged: 2 });
      expect(await json(...applied)).toMatchObject({ updated: 1, unchanged: 2 });
      expect(await json(...applied, '--dry-run')).toMatchObject({ updated: 0, unchanged: 3 });
    });

    test('names of one input come from flags, as those of `aws appmesh`', async () => {
      const file = join(folder, 'spec.json');
      await writeFile(file, JSON.stringify({ spec: { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] } }));
      expect(await json('mesh', 'apply', '-f', file, '--mesh', 'stack', '--virtual-gateway-name', 'gw')).toMatchObject({ created: 1, resources: [{ name: 'stack/gw' }] });
    });

    test('a flag that is no assignment is refused', async () => {
      const { code, stderr } = await cli('mesh', 'apply', '-f', MESH, '--param', 'X');
      expect(code).toBe(2);
      expect(stderr).toContain('mesh apply: --param: X: must be NAME=VALUE');
    });

    test('more than one execution of the state machine holds is made by several', async () => {
      const file = join(folder, 'large.json');
      const nodes = Array.from({ length: 30 }, (_, index) => ({ create: 'CreateVirtualNode', input: { meshName: 'large', virtualNodeName: `n${index}`, spec: {}, tags: Array.from({ length: 50 }, (_tag, key) => ({ key: `k${key}`, value: 'v'.repeat(200) })) } }));
      await writeFile(file, JSON.stringify([{ create: 'CreateMesh', input: { meshName: 'large' } }, ...nodes]));
      expect((await stat(file)).size).toBeGreaterThan(256 * 1024);
      expect(await json('mesh', 'apply', '-f', file)).toMatchObject({ created: 31 });
      expect(await json('mesh', 'apply', '-f', file)).toMatchObject({ created: 0, unchanged: 31 });
    });
  });

  test('what refers to nothing is refused, and nothing of it is made', async () => {
    const file = join(folder, 'dangling.yaml');
    await writeFile(file, '[{ create: CreateMesh, input: { meshName: other } }, { create: CreateVirtualRouter, input: { meshName: other, virtualRouterName: r, spec: { listeners: [{ portMapping: { port: 80, protocol: http2 } }] } } }, { create: CreateRoute, input: { meshName: other, virtualRouterName: r, routeName: r, spec: { http2Route: { match: { prefix: / }, action: { weightedTargets: [{ virtualNode: gone, weight: 1 }] } } } } }]');
    const { code, stderr } = await cli('mesh', 'apply', '-f', file);
    expect(code).toBe(1);
    expect(stderr).toContain('CreateRoute other/r/r: input.spec.http2Route.action.weightedTargets[0].virtualNode: "gone": must name a resource of the file or of the mesh');
    expect((await cli('mesh', 'describe', 'other')).code).toBe(4);
  });
});

describe('rollouts', () => {
  const list = async () => ((await json('rollout', 'list')) as Listed).rollouts;

  test('a push starts one, once; it is shown, aborted, and watched to its end', async () => {
    expect((await cli('canary', 'apply', '-f', 'examples/pgmesh/canary.yaml')).stdout).toContain('canary svc1 applied');
    expect((await cli('rollout', 'list')).stdout).toBe('no rollouts\n');
    const push = ['event', 'put', '--repository', 'svc1', '--tag', 'v2', '--digest', 'sha256:22'];
    expect((await cli(...push)).stdout).toMatch(/^event \S+ put: ECR Image Action from meshshift\.sample$/m);
    await cli(...push);
    const [{ id }] = (await until(list, (rollouts) => rollouts.some(({ step }) => step === 0))) as [Listed['rollouts'][0]];
    expect(await json('rollout', 'start', 'svc1', '--tag', 'v2', '--digest', 'sha256:22')).toEqual({ id, started: false });
    expect(await list()).toHaveLength(1);

    const status = await cli('rollout', 'status', id);
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^STEP +INTENDED +OBSERVED +REQUESTS +ERRORS +VERDICT$/m);
    expect(status.stdout).toMatch(/^ 1\/4 +25 % +- +0 +0 /m);

    expect((await cli('rollout', 'list')).stdout).toMatch(new RegExp(`^${id} +svc1 +v2 +progressing +1/4 +25 % +20`, 'm'));
    const aborted = await cli('rollout', 'abort', id, '--reason', 'wrong build');
    expect({ code: aborted.code, stderr: aborted.stderr }).toEqual({ code: 0, stderr: '' });
    const watched = await cli('rollout', 'status', id, '--watch');
    expect(watched.code).toBe(1);
    expect(watched.stdout).toMatch(/svc1 v2: rolled back after [\d.]+ s/);
    expect((await cli('mesh', 'describe', 'pgMesh')).stdout).toMatch(/^route +svcNode1\/svcNode1 +\d+ +ACTIVE +http2Route to svcNode1 100$/m);
    const history = (await cli('rollout', 'status', id)).stdout;
    expect(history).toContain('wrong build');
  });

  test('a wish to go on tells what the weight waits for all the same, one to go back that nothing is left to do', async () => {
    await cli('canary', 'apply', '-f', 'examples/pgmesh/canary.yaml');
    await cli('freeze', 'set', '--reason', 'incident 7');
    const { id } = (await json('rollout', 'start', 'svc1', '--tag', 'v6')) as { id: string };
    const shown = async () => JSON.parse((await cli('rollout', 'status', id, '--json')).stdout || '{}') as { waiting?: { for: string } | null };
    await until(shown, ({ waiting }) => waiting?.for === 'freeze');
    for (const action of ['advance', 'promote']) {
      expect((await cli('rollout', action, id)).stdout).toMatch(/: asked for, and its weight rises when nothing holds it: frozen by .*: incident 7$/m);
    }
    expect((await cli('rollout', 'abort', id)).stdout).toContain(`rollout ${id}: it is aborted, and its traffic goes back to where it was\n`);
    await cli('freeze', 'lift');
    await cli('rollout', 'status', id, '--watch');
    for (const action of ['abort', 'undo']) expect((await cli('rollout', action, id)).stdout).toContain(`rollout ${id}: it is rolled back\n`);
  });

  test('those of a group are listed with what they wait for, planned with who is beside them, and aborted at once', async () => {
    const file = join(folder, 'group.yaml');
    await writeFile(file, `${await readFile('examples/pgmesh/canary.yaml', 'utf8')}\nlockstep: shop\n`);
    await cli('canary', 'apply', '-f', file);
    const { id } = (await json('rollout', 'start', 'svc1', '--tag', 'v2', '--attempt', '5')) as { id: string };
    await until(list, (rollouts) => rollouts.some((rollout) => rollout.id === id && rollout.step === 0));
    expect(((await json('rollout', 'list', '--group', 'shop')) as Listed).rollouts.map((rollout) => rollout.id)).toEqual([id]);
    expect(((await json('rollout', 'list', '--group', 'other')) as Listed).rollouts).toEqual([]);
    const source = (await readFile(file, 'utf8')).replace('name: svc1', 'name: svc2\nstable: svcNode1');
    await writeFile(file, source);
    expect((await cli('rollout', 'plan', '-f', file, '--tag', 'v3')).stdout).toContain(`in lockstep with the group shop: ${id} is at 25 %`);
    expect(await json('rollout', 'abort', '--group', 'shop')).toEqual({ group: 'shop', action: 'abort', rollouts: [{ id, accepted: true, reason: '' }] });
    expect((await cli('rollout', 'status', id, '--watch')).code).toBe(1);
    const refused = await cli('rollout', 'abort', '--group', 'shop');
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('no rollout of the group shop is under way') as string });
    await cli('canary', 'apply', '-f', 'examples/pgmesh/canary.yaml');
  });

  test('what is not there is refused', async () => {
    for (const args of [['rollout', 'status', 'nothing'], ['rollout', 'abort', 'nothing'], ['rollout', 'start', 'nothing', '--tag', 'v1']]) {
      const { code, stderr } = await cli(...args);
      expect(code).toBe(4);
      expect(stderr).toContain('nothing');
    }
  });

  test('a schedule starts a rollout of the newest image; it is kept by EventBridge Scheduler, and goes with the definition', async () => {
    const file = join(folder, 'scheduled.yaml');
    const example = await readFile('examples/pgmesh/canary.yaml', 'utf8');
    // A time that has passed is at once.
    await writeFile(file, `${example.replace('name: svc1', 'name: nightly')}\nschedule: { start: "at(2026-01-01T00:00:00)", timezone: Europe/Berlin }\n`);
    await cli('event', 'put', '--repository', 'svc1', '--tag', 'v2', '--digest', 'sha256:22');
    expect((await cli('canary', 'apply', '-f', file)).stdout).toBe('canary nightly applied: at(2026-01-01T00:00:00) (Europe/Berlin) starts a rollout of the newest image of svc1 with tag v*\n');
    const [{ id }] = (await until(async () => (await list()).filter((rollout) => rollout.id.startsWith('nightly-')), (rollouts) => rollouts.some(({ step }) => step === 0))) as [Listed['rollouts'][0]];
    await cli('rollout', 'abort', id);
    expect((await cli('canary', 'list')).stdout).toMatch(/^nightly +svc1:v\* +pgMesh\/svcNode1\/svcNode1 +at\(2026-01-01T00:00:00\) Europe\/Berlin$/m);
    const scheduler = new SchedulerClient({ endpoint: up.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    const names = async () => (await scheduler.send(new ListSchedulesCommand({ GroupName: 'meshshift-dev' }))).Schedules!.map(({ Name }) => Name);
    expect(await names()).toEqual(['start-nightly']);
    expect((await cli('canary', 'delete', 'nightly')).stdout).toBe('canary nightly deleted, with its schedules: no push starts a rollout by it any more\n');
    expect(await names()).toEqual([]);
    scheduler.destroy();
    await cli('rollout', 'status', id, '--watch');
  });

  test('hooks are asked of what stands in for Lambda', async () => {
    const file = join(folder, 'hooked.yaml');
    await writeFile(file, `${await readFile('examples/pgmesh/canary.yaml', 'utf8')}\nhooks: { before: meshshift-hook-smoke }\n`);
    await cli('canary', 'apply', '-f', file);
    const { id } = (await json('rollout', 'start', 'svc1', '--tag', 'v2', '--attempt', '6')) as { id: string };
    await until(list, (rollouts) => rollouts.some((rollout) => rollout.id === id && rollout.step === 0));
    expect(asked).toEqual(['/2015-03-31/functions/meshshift-hook-smoke/invocations']);
    await cli('rollout', 'abort', id);
    expect((await cli('rollout', 'status', id, '--watch')).code).toBe(1);
    await cli('canary', 'apply', '-f', 'examples/pgmesh/canary.yaml');
  });

  test('an alarm that goes off rolls back through the bus', async () => {
    const file = join(folder, 'canary.yaml');
    await writeFile(file, `${await readFile('examples/pgmesh/canary.yaml', 'utf8')}\nalarms: [svc1-5xx]\nnotifications: [{ slack: releases, on: [rolledBack], links: [retry] }]\n`);
    await cli('canary', 'apply', '-f', file);
    const { id } = (await json('rollout', 'start', 'svc1', '--tag', 'v2', '--attempt', '7')) as { id: string };
    await until(list, (rollouts) => rollouts.some((rollout) => rollout.id === id && rollout.step === 0));
    expect((await cli('event', 'put', '--alarm', 'svc1-5xx', '--reason', 'too many')).stdout).toMatch(/^event \S+ put: CloudWatch Alarm State Change from meshshift\.sample$/m);
    const { code, stdout } = await cli('rollout', 'status', id, '--watch');
    expect(code).toBe(1);
    expect(stdout).toContain('AlarmRaised: the alarm svc1-5xx went to ALARM: too many');
    // Refused at first, and sent again.
    await until(() => Promise.resolve(posted), (messages) => messages.length === 2);
    expect((JSON.parse(posted[1]!) as { text: string }).text).toBe('svc1 v2: rolled back: AlarmRaised: the alarm svc1-5xx went to ALARM: too many');
    const [, link = ''] = /<(\S+?)\|open this link>/.exec(posted[1]!) ?? [];
    expect(link).toContain(`${up.url}/meshshift/v1/link?token=`);
    const page = await fetch(link);
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, 'text/html; charset=utf-8', expect.stringContaining('<button>Try it once more</button>')]);
    await cli('canary', 'apply', '-f', 'examples/pgmesh/canary.yaml');
  });

  test('an event from a file is put as it is', async () => {
    const file = join(folder, 'event.yaml');
    await writeFile(file, 'source: my.shop\ndetail-type: Order Placed\ndetail: { id: 7 }\n');
    expect(await json('event', 'put', '-f', file)).toMatchObject({ source: 'my.shop', detailType: 'Order Placed' });
    await writeFile(file, 'source: my.shop\ndetail: 7\n');
    const { code, stderr } = await cli('event', 'put', '-f', file);
    expect(code).toBe(1);
    expect(stderr).toContain('detail-type: missing');
    expect(stderr).toContain('detail: 7: must be an object');
  });
});

describe('up', () => {
  interface Listing {
    readonly workloads: { readonly tag: string; readonly state: string; readonly pid: number }[];
  }
  const workloads = async (): Promise<Listing['workloads']> => ((await (await fetch(`${up.url}/meshshift/local/workloads`)).json()) as Listing).workloads;
  const isAlive = (pid: number): Promise<boolean> =>
    Promise.resolve().then(() => {
      process.kill(pid, 0);
      return true;
    }).catch(() => false);

  test('a port in use is told, with what to do', async () => {
    const { code, stdout, stderr } = await runCli(['up', '--port', new URL(up.url).port, '--xds-port', '0', '--data', join(folder, 'second')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`port ${new URL(up.url).port}: is in use`);
    expect(stderr).toContain('--port');
    const xds = await runCli(['up', '--port', '0', '--xds-port', new URL(up.url).port, '--data', join(folder, 'second')]);
    expect(xds).toMatchObject({ code: 1, stdout: '' });
    expect(xds.stderr).toContain(`port ${new URL(up.url).port}: is in use`);
  });

  test('a data folder in use is told', async () => {
    const { code, stderr } = await runCli(['up', '--port', '0', '--xds-port', '0', '--data', folder]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${folder}: another runtime uses this data folder`);
  });

  test('a workloads file that is not one is told, with every mistake', async () => {
    const file = join(folder, 'workloads.yaml');
    await writeFile(file, 'workloads: [{ mesh: m, virtualNode: n, command: start }]');
    const { code, stderr } = await runCli(['up', '--port', '0', '--xds-port', '0', '--data', join(folder, 'third'), '--workloads', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('workloads[0].command: "start": must be a list');
  });

  test('a mapping of certificates that is not one is told, with every mistake', async () => {
    const file = join(folder, 'mapping.yaml');
    await writeFile(file, 'certificates: [{ arn: gw, certificateChain: gw.pem }, { arn: "arn:aws:acm:r:1:certificate/x" }]');
    const { code, stderr } = await runCli(['up', '--port', '0', '--xds-port', '0', '--data', join(folder, 'fourth'), '--certificates', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('certificates[0].arn: "gw": must be an ARN');
    expect(stderr).toContain('certificates[1].certificateChain: missing: must be the path of a PEM file');
  });

  test('killed, its workloads end with it; started again, they run again; at SIGTERM it ends in order', async () => {
    await fetch(`${up.url}/meshshift/local/workloads/pgMesh/svcNode1`, { method: 'PUT', body: '{"tag":"v1"}' });
    const before = await until(workloads, (all) => all.some(({ tag, state }) => tag === 'v1' && state === 'serving'));
    up.process.kill('SIGKILL');
    expect(await up.ended).toBe('SIGKILL');
    for (const { pid } of before) await until(() => isAlive(pid), (alive) => !alive);

    up = await startUp(folder, ...WORKLOADS);
    const after = await until(workloads, (all) => all.length === before.length && all.every(({ state }) => state === 'serving'));
    up.process.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    for (const { pid } of after) expect(await isAlive(pid)).toBe(false);
  });
});
