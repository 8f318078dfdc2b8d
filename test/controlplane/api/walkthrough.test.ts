import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeWith, hasCommand } from '../../support/components.ts';
import type { Json } from './calls.ts';
import { ACCOUNT, makeFolder, REGION, startMeshServer, type MeshServer } from './mesh-server.ts';

const run = promisify(execFile);
/** The files that the walkthrough's commands name. */
const INPUTS = fileURLToPath(new URL('../../../examples/pgmesh/cli-input', import.meta.url));

/** The walkthrough's commands as they are written there, in their order. */
const PROVISION = [
  'create-mesh --mesh-name pgMesh',
  'create-virtual-service --mesh-name pgMesh --virtual-service-name svc1.pgMesh.local --spec {}',
  'create-virtual-node --cli-input-json file://create-virtual-node-svc1.json',
  'create-virtual-router --cli-input-json file://create-virtual-router.json',
  'create-route --cli-input-json file://create-route.json',
];
const REVIEW = {
  mesh: 'describe-mesh --mesh-name pgMesh',
  virtualService: 'describe-virtual-service --mesh-name pgMesh --virtual-service-name svc1.pgMesh.local',
  virtualNode: 'describe-virtual-node --mesh-name pgMesh --virtual-node-name svcNode1',
  virtualRouter: 'describe-virtual-router --mesh-name pgMesh --virtual-router-name svcNode1',
  route: 'describe-route --mesh-name pgMesh --virtual-router-name svcNode1 --route-name svcNode1',
};
const EXTEND = [
  'create-virtual-node --cli-input-json file://create-virtual-node-svcnode1v2.json',
  'create-virtual-node --cli-input-json file://create-virtual-node-svc2.json',
  'update-virtual-service --cli-input-json file://update-virtual-service.json',
  'update-route --cli-input-json file://update-route.json',
  'create-virtual-service --cli-input-json file://create-virtual-svc2.json',
];

const input = (file: string): Json => JSON.parse(readFileSync(`${INPUTS}/${file}`, 'utf8')) as Json;

/** The documented shape of an answer: names, spec as given, metadata and status, and nothing else. */
const answerOf = (path: string, version: number, { clientToken: _, ...given }: Json): Json => ({
  ...given,
  metadata: {
    arn: `arn:aws:appmesh:${REGION}:${ACCOUNT}:${path}`,
    createdAt: expect.any(Number) as number,
    lastUpdatedAt: expect.any(Number) as number,
    meshOwner: ACCOUNT,
    resourceOwner: ACCOUNT,
    uid: expect.stringMatching(/^[\da-f-]{36}$/) as string,
    version,
  },
  status: { status: 'ACTIVE' },
});

const NODE1 = 'mesh/pgMesh/virtualNode/svcNode1';
const ROUTER = 'mesh/pgMesh/virtualRouter/svcNode1';
const SERVICE1 = 'mesh/pgMesh/virtualService/svc1.pgMesh.local';

describeWith('aws', hasCommand('aws'), 'the walkthrough by the AWS CLI', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let server: MeshServer;

  beforeAll(async () => {
    folder = await makeFolder();
    server = await startMeshServer(folder.file);
    writeFileSync(`${folder.file}-config`, '[default]\ncli_timestamp_format = wire\n');
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  /** Runs `aws appmesh …` in the folder of its files, knowing the server by nothing but the environment. */
  async function aws(command: string): Promise<Json> {
    const env = {
      PATH: process.env['PATH'],
      AWS_PAGER: '',
      AWS_CONFIG_FILE: `${folder.file}-config`, // none of the machine's own
      AWS_SHARED_CREDENTIALS_FILE: `${folder.file}-none`,
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION, // what version 1 reads
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const { stdout } = await run('aws', ['appmesh', ...command.split(' '), '--output', 'json'], { cwd: INPUTS, env });
    return JSON.parse(stdout) as Json;
  }
  const all = async (commands: readonly string[]): Promise<Json[]> => {
    const answers: Json[] = [];
    for (const command of commands) answers.push(await aws(command));
    return answers;
  };

  test('its commands run unchanged, and answer and describe the documented shapes', async () => {
    const created = await all(PROVISION);
    const expected = {
      mesh: answerOf('mesh/pgMesh', 1, { meshName: 'pgMesh', spec: {} }),
      virtualService: answerOf(SERVICE1, 1, { meshName: 'pgMesh', virtualServiceName: 'svc1.pgMesh.local', spec: {} }),
      virtualNode: answerOf(NODE1, 1, input('create-virtual-node-svc1.json')),
      virtualRouter: answerOf(ROUTER, 1, input('create-virtual-router.json')),
      route: answerOf(`${ROUTER}/route/svcNode1`, 1, input('create-route.json')),
    };
    expect(created).toEqual(Object.entries(expected).map(([member, answer]) => ({ [member]: answer })));
    expect(await all(Object.values(REVIEW))).toEqual(created);

    expect(await all(EXTEND)).toEqual([
      { virtualNode: answerOf('mesh/pgMesh/virtualNode/svcNode1v2', 1, input('create-virtual-node-svcnode1v2.json')) },
      { virtualNode: answerOf('mesh/pgMesh/virtualNode/svcNode2', 1, input('create-virtual-node-svc2.json')) },
      { virtualService: answerOf(SERVICE1, 2, input('update-virtual-service.json')) },
      { route: answerOf(`${ROUTER}/route/svcNode1`, 2, input('update-route.json')) },
      { virtualService: answerOf('mesh/pgMesh/virtualService/svc2.pgMesh.local', 1, input('create-virtual-svc2.json')) },
    ]);
    const { route } = (await aws(REVIEW.route)) as { route: { spec: { httpRoute?: Json; http2Route: { action: { weightedTargets: Json[] } } } } };
    expect(route.spec.httpRoute).toBeUndefined();
    expect(route.spec.http2Route.action.weightedTargets).toEqual([
      { virtualNode: 'svcNode1', weight: 75 },
      { virtualNode: 'svcNode1v2', weight: 25 },
    ]);
  }, 300_000);

  test('an error is told by its type and message, and a list is paged', async () => {
    await expect(aws('describe-mesh --mesh-name none')).rejects.toThrow(
      `An error occurred (NotFoundException) when calling the DescribeMesh operation: Mesh with name none is not present for account ${ACCOUNT}`,
    );
    const { virtualNodes } = (await aws('list-virtual-nodes --mesh-name pgMesh --page-size 1')) as { virtualNodes: Json[] };
    expect(virtualNodes.map(({ virtualNodeName }) => virtualNodeName)).toEqual(['svcNode1', 'svcNode1v2', 'svcNode2']);
  }, 120_000);
});
