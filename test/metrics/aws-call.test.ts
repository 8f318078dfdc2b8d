import { openAws } from '../../src/aws/call.ts';
import { loopback } from './loopback.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

/** Asks an AWS that throttles everything; answers how often it was asked, and what came of it. */
async function askThrottled(ask: (url: string) => Promise<unknown>): Promise<{ asked: number; error: unknown }> {
  let asked = 0;
  const server = await loopback((_, response) => {
    asked += 1;
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ __type: 'ThrottlingException', message: 'slow down' }));
  });
  try {
    const error = await ask(server.url).catch((thrown: unknown) => thrown);
    return { asked, error };
  } finally {
    await server.close();
  }
}

test('what is throttled is asked three times', async () => {
  const { asked, error } = await askThrottled((url) => openAws({ ...KEYS, AWS_ENDPOINT_URL: url }, () => Promise.resolve())('ecr', 'DescribeImages', {}));
  expect([asked, (error as Error).name]).toEqual([3, 'ThrottlingException']);
});

test('a wait before asking again ends when the call is given up, and the call with it', async () => {
  const giveUp = new AbortController();
  // As the default does, but for ever: only the signal ends it.
  const wait = (_: number, signal?: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('given up')));
      giveUp.abort();
    });
  const { asked, error } = await askThrottled((url) => openAws({ ...KEYS, AWS_ENDPOINT_URL: url }, wait)('ecr', 'DescribeImages', {}, giveUp.signal));
  expect([asked, (error as Error).name]).toEqual([1, 'ThrottlingException']);
});

test('a call that is given up while it is under way is not made again', async () => {
  const giveUp = new AbortController();
  const { asked, error } = await askThrottled((url) => {
    const call = openAws({ ...KEYS, AWS_ENDPOINT_URL: url })('ecr', 'DescribeImages', {}, giveUp.signal);
    giveUp.abort();
    return call;
  });
  expect(asked).toBeLessThanOrEqual(1);
  expect((error as Error).name).toBe('AbortError');
});
