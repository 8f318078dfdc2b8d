import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { functions } from './functions.ts';
import { provision, pushOf, resources, routeOf } from './pgmesh.ts';
import { OPERATOR, openWorld, type World } from './world.ts';

const KEY = { accessKeyId: 'FUNCTIONS', secretAccessKey: 'functions-secret-0123456789' };
const READER = { accessKeyId: 'READER', secretAccessKey: 'reader-secret-0123456789' };
const TOKEN = 'token-of-functions-0123456789';
const GRANTS = parseGrants(JSON.stringify({ keys: [OPERATOR, KEY, { ...READER, readOnly: true }], tokens: [{ name: 'functions', token: TOKEN }] }));

describe('a control plane that asks everybody for credentials', () => {
  let world: World;
  const before = { ...process.env };
  beforeEach(async () => {
    world = await openWorld({ access: { grants: GRANTS } });
  });
  afterEach(async () => {
    await world.stop();
    delete process.env['MESHSHIFT_MESH_KEY'];
    Object.assign(process.env, before);
  });

  const context = { functionName: 'ImagePushed', awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 };
  const push = async (tag: string): Promise<string> => ((await functions['ImagePushed']!(pushOf(tag), context)) as { rollouts: { id: string }[] }).rollouts[0]!.id;
  const ended = (id: string) => world.ended(`${world.arn('canary').replace('stateMachine', 'execution')}:${id}`);

  test.each<[string, Record<string, string>]>([
    ['an access key of its own', { MESHSHIFT_MESH_KEY: JSON.stringify(KEY) }],
    ['a token', { MESHSHIFT_MESH_KEY: JSON.stringify({ token: TOKEN }) }],
    ['the credentials that the SDK finds', { AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey }],
  ])('a mesh is provisioned, a good version promoted and a bad one rolled back by %s', async (_by, environment) => {
    Object.assign(process.env, environment);
    await provision(world, { steps: [50, 100], bake: '3s' });
    const good = await push('v2');
    expect(await ended(good)).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'Succeeded' } });
    expect((await world.rollout(good)).measurements.map(({ weight }) => weight)).toEqual([50, 100]);
    const promoted = JSON.stringify(await routeOf(world));
    world.errorRates.set('svcNode1v3', 0.5);
    expect(await ended(await push('v3'))).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
    expect(JSON.stringify(await routeOf(world))).toBe(promoted);
  });

  test.each<[string, string, RegExp]>([
    ['nobody it knows', JSON.stringify({ ...KEY, accessKeyId: 'NOBODY' }), /^UnrecognizedClientException .*not one of this control plane/],
    ['a wrong secret', JSON.stringify({ ...KEY, secretAccessKey: 'wrong-secret-0123456789' }), /^InvalidSignatureException .*the signature is not that of this request/],
    ['who may only read', JSON.stringify(READER), /^ForbiddenException .*READER is not allowed to PUT .*it may only read/],
  ])('by %s the provisioning fails with the control plane’s own reason', async (_who, key, reason) => {
    process.env['MESHSHIFT_MESH_KEY'] = key;
    const { status, error = '', cause = '' } = await world.ended(await world.start('provision', { resources }));
    expect(status).toBe('FAILED');
    expect(`${error} ${cause}`).toMatch(reason);
    expect(cause).not.toContain('secret-0123456789');
  });
});
