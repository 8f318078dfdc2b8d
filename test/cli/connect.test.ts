import type { SFNClient } from '@aws-sdk/client-sfn';
import { connect } from '../../src/cli/client.ts';
import { provision } from '../../src/cli/provision.ts';

const OWN = { AWS_ACCESS_KEY_ID: 'MESHADMIN', AWS_SECRET_ACCESS_KEY: 'a secret of sixteen' };

describe('who the command says it is', () => {
  const before = { ...process.env };
  beforeAll(() => Object.assign(process.env, OWN));
  afterAll(() => {
    process.env = before;
  });

  test.each([
    ['http://127.0.0.1:4680', 'local'],
    ['http://localhost:4680', 'local'],
    ['https://localhost:4680', 'MESHADMIN'],
    ['https://mesh.example.com:4680', 'MESHADMIN'],
    ['http://10.0.0.1:4680', 'MESHADMIN'],
  ])('at %s', async (endpoint, accessKeyId) => {
    const client = await connect(endpoint, process.env).appMesh();
    expect(await client.config.credentials()).toMatchObject({ accessKeyId });
  });
});

test('a control plane without Step Functions is told by what to do', async () => {
  const nothing = { send: () => Promise.reject(Object.assign(new Error('/ is nothing that this control plane serves'), { name: 'NotFoundException' })) };
  await expect(provision(nothing as unknown as SFNClient, [])).rejects.toMatchObject({ message: expect.stringContaining('no Step Functions at this endpoint') as string, hint: expect.stringContaining('`meshshift up`') as string });
});
