import { spawnSync } from 'node:child_process';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { describeWith, hasPythonModule } from '../support/components.ts';
import { makeFolder, startMeshServer, type MeshServer } from '../controlplane/api/mesh-server.ts';
import { CLIENT, playByBoto3, playByCli, playByCommand, playByGo, playByJavaScript, type Played } from './players.ts';
import { STEPS } from './steps.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
beforeEach(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file, {}, { grants: parseGrants(JSON.stringify({ keys: [CLIENT] })) });
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

/** Times as whichever client shows them, and ids, which are new in each run. */
const VARIES = /^(createdAt|lastUpdatedAt|uid)$/;
const settle = (played: readonly Played[]): unknown =>
  JSON.parse(JSON.stringify(played, (key, value: unknown) => {
    if (key === 'requestId' || key === 'class') return undefined;
    if (!VARIES.test(key)) return value;
    const text = typeof value === 'number' ? new Date(value * 1000).toISOString() : String(value);
    return key === 'uid' ? text.replace(/^[\da-f-]{36}$/, 'UUID') : String(Math.abs(Date.parse(text) - Date.now()) < 3_600_000);
  }));
const withoutStatus = (played: readonly Played[]): Played[] => played.map(({ output, error }) => (error === undefined ? { output: output ?? {} } : { error: { type: error.type, message: error.message } }));

const ERRORS = ['ConflictException', 'NotFoundException', 'BadRequestException', 'ResourceInUseException', 'TooManyTagsException'];

/** What the JavaScript SDK is told on a server of its own, which asks for no signature: the others are told the same, and sign all they send. */
async function reference(): Promise<Played[]> {
  const own = await makeFolder();
  const other = await startMeshServer(own.file);
  try {
    return await playByJavaScript(other.client, STEPS);
  } finally {
    await other.close();
    await own.remove();
  }
}

test('the steps are all 38 operations, and each spec is described as it was given', async () => {
  expect(new Set(STEPS.map(({ operation }) => operation)).size).toBe(38);
  const played = await reference();
  expect(played.flatMap(({ error }) => error?.class ?? [])).toEqual(ERRORS);
  const shown = played.map(({ output = {} }) => (Object.values(output) as { readonly spec?: unknown }[])[0]?.spec);
  expect(shown).toEqual(STEPS.map(({ spec }) => spec));
});

describeWith('boto3', hasPythonModule('boto3'), 'boto3', () => {
  test('is told the same, with its own exceptions and the ids of requests', async () => {
    const played = await playByBoto3(server.url, STEPS);
    expect(settle(played)).toEqual(settle(await reference()));
    expect(played.flatMap(({ error }) => error?.class ?? [])).toEqual(ERRORS);
    expect(new Set(played.map(({ requestId }) => requestId)).size).toBe(STEPS.length);
  }, 60_000);
});

describeWith('go', spawnSync('go', ['version']).status === 0, 'the AWS SDK for Go v2', () => {
  test('is told the same, with its own errors and the ids of requests', async () => {
    const played = await playByGo(server.url, STEPS);
    expect(settle(played)).toEqual(settle(await reference()));
    expect(played.flatMap(({ error }) => error?.class ?? [])).toEqual(ERRORS);
    expect(new Set(played.map(({ requestId }) => requestId)).size).toBe(STEPS.length);
  }, 600_000);
});

describeWith('aws', hasPythonModule('awscli'), 'the AWS CLI', () => {
  test('is told the same', async () => {
    const command = process.env['MESHSHIFT_AWS_CLI'];
    const played = await (command === undefined ? playByCli(server.url, STEPS) : playByCommand(command, server.url, STEPS));
    expect(settle(played)).toEqual(settle(withoutStatus(await reference())));
  }, 600_000);
});
