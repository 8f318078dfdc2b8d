import { signRequest } from '../../src/cli/sign-request.ts';

const ENV = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
const API = 'https://abc.execute-api.eu-central-1.amazonaws.com/meshshift/v1/rollouts?phase=Paused';
const request = { method: 'POST', url: API, headers: { 'content-type': 'application/json' }, body: '{}' };

describe('who asks the rollouts API is told', () => {
  const before = process.env;
  beforeAll(() => {
    process.env = { ...before, ...ENV };
  });
  afterAll(() => {
    process.env = before;
  });

  test('by AWS’s signature, for the region of its host', async () => {
    const headers = await signRequest(request, ENV);
    expect(headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-amz-content-sha256': '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' });
    expect((await signRequest({ ...request, url: 'https://rollouts.example.com/x' }, ENV))['authorization']).toContain('/us-east-1/execute-api/');
  });

  test('by a token where one is given', async () => {
    expect(await signRequest(request, { ...ENV, MESHSHIFT_API_TOKEN: 't-1' })).toEqual({ 'content-type': 'application/json', authorization: 'Bearer t-1' });
  });

  test('to nobody on this machine', async () => {
    expect(await signRequest({ ...request, url: 'http://127.0.0.1:4680/meshshift/v1/rollouts' }, { ...ENV, MESHSHIFT_API_TOKEN: 't-1' })).toEqual({ 'content-type': 'application/json' });
  });
});
