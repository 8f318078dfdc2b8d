import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod/mini';
import { handle } from '../../handlers/middleware/handle.ts';
import { openAws } from '../../src/aws/call.ts';
import { openInvoke } from '../../src/aws/invoke.ts';
import { openCloudWatchAlarms } from '../../src/metrics/alarms.ts';
import { confirmPropagation } from '../../src/mesh/propagation.ts';
import { openMeshClient } from '../../src/mesh/client.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';

/** How the server goes wrong: a status with AWS's name of the error, or no answer at all. */
const MODES = { throttled: [429, 'ThrottlingException'], broken: [500, 'InternalFailure'], unavailable: [503, 'ServiceUnavailable'], reset: undefined } as const;
type Mode = keyof typeof MODES;

let server: Server;
let url: string;
let mode: Mode;
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = MODES[mode];
    if (answer === undefined) request.socket.destroy();
    else response.writeHead(answer[0], { 'x-amzn-errortype': answer[1], 'content-type': 'application/json' }).end(JSON.stringify({ __type: answer[1], message: 'no' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** As the functions' clients, but for their retries, which only take time. */
const env = () => ({ ...process.env, AWS_ENDPOINT_URL: url });
const options = () => ({ endpoint: url, maxAttempts: 1 });
const route = { create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: 'r' } } as const;
const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  mesh: () => openMeshClient(url).describe(route),
  propagation: () => confirmPropagation(openMeshClient(url).get, { mesh: 'm', virtualRouter: 'r', route: 'r' }, 1, () => Promise.resolve()),
  telemetry: () => openMeshMetrics(openMeshClient(url)).read({ mesh: 'm', canary: 'a', stable: 'b', since: 0 }),
  store: () => new DynamoDBClient(options()).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } })),
  stepFunctions: () => new SFNClient(options()).send(new DescribeExecutionCommand({ executionArn: 'arn:aws:states:us-east-1:000000000000:execution:m:x' })),
  alarms: () => openCloudWatchAlarms(openAws(env())).read(['a']),
  hooks: () => openInvoke(env(), 1000)('meshshift-hook-a', '{}'),
  workloads: () => openProcessWorkloads(url).up({ mesh: 'm', virtualNode: 'n', hostname: null, rollout: 'r', definition: 'd', stable: 's', settings: { type: 'process' }, image: { repository: 'i', tag: 'v1' } }),
};

/** What the state machines' Retry knows. */
const RETRIED = ['TransientFault', 'NotPropagated'];

describe.each(Object.keys(MODES) as Mode[])('an outside that is %s', (given) => {
  test.each(Object.entries(CALLS))('is named as a fault that is tried again: %s', async (_, call) => {
    mode = given;
    const failure = await handle(z.object({}), call)({}, { functionName: 'x' }).then(
      () => undefined,
      (error: unknown) => (error as Error).name,
    );
    expect(RETRIED).toContain(failure);
  });
});
