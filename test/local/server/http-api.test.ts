import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../../src/contracts/log.ts';
import type { DeployedFunction } from '../../../src/local/deployment/types.ts';
import type { LambdaHost } from '../../../src/local/lambda/host.ts';
import type { InvocationResult } from '../../../src/local/lambda/sandbox.ts';
import { openHttpApi } from '../../../src/local/server/http-api.ts';

const deployed = { name: 'shop-list', routes: [{ method: 'GET', path: '/orders/{id}' }] } as unknown as DeployedFunction;

let server: Server | undefined;
let logged: unknown[];
beforeEach(() => {
  logged = [];
});
afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve));
});

/** An HTTP API whose one function answers so. */
async function serve(result: InvocationResult): Promise<string> {
  const lambda = { invoke: () => Promise.resolve(result) } as unknown as LambdaHost;
  const log: Log = (...line) => void logged.push(line);
  const api = openHttpApi([deployed], lambda, log);
  server = createServer({ keepAlive: false }, (request, response) => void api.handle(request, '', response));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/7`;
}

test('answers with what the function answered', async () => {
  const url = await serve({ payload: JSON.stringify({ statusCode: 201, headers: { 'x-own': 'yes' }, body: 'made' }) });
  const response = await fetch(url, { headers: { connection: 'close' } });
  expect([response.status, response.headers.get('x-own'), await response.text()]).toEqual([201, 'yes', 'made']);
  expect(logged).toEqual([]);
});

test('keeps what went wrong inside a function from who asks, and logs it', async () => {
  const url = await serve({ error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 5.00 seconds', trace: [] } });
  const response = await fetch(url, { headers: { connection: 'close' } });
  expect([response.status, await response.json()]).toEqual([500, { error: 'Sandbox.Timedout', message: 'Internal Server Error' }]);
  expect(logged).toEqual([['error', 'a function failed', { function: 'shop-list', error: 'Sandbox.Timedout: Task timed out after 5.00 seconds' }]]);
});
