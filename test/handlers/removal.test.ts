import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { eventually } from '../support/eventually.ts';
import { functions } from './functions.ts';
import { provision, pushOf, routeOf, routeSpec } from './pgmesh.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let cloudFormation: Server;
let answers: { Status: string; Reason?: string; PhysicalResourceId: string; RequestId: string }[];
beforeEach(async () => {
  world = await openWorld();
  answers = [];
  cloudFormation = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      answers.push(JSON.parse(body) as (typeof answers)[number]);
      response.end();
    });
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await world.stop();
  cloudFormation.closeAllConnections();
  await new Promise((resolve) => cloudFormation.close(resolve));
});

const context = (functionName: string) => ({ functionName, awsRequestId: 'test', getRemainingTimeInMillis: () => 900_000 });
const ask = (RequestType: string) =>
  functions['Removal']!(
    {
      RequestType,
      ResponseURL: `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}/answer?Signature=secret`,
      StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/meshshift-dev/1',
      RequestId: RequestType,
      ResourceType: 'AWS::CloudFormation::CustomResource',
      LogicalResourceId: 'Removal',
      ResourceProperties: {},
    },
    context('Removal'),
  );
const push = async (tag: string): Promise<string> => ((await functions['ImagePushed']!(pushOf(tag), context('ImagePushed'))) as { rollouts: { id: string }[] }).rollouts[0]!.id;
const arnOf = (id: string): string => `${world.arn('canary').replace('stateMachine', 'execution')}:${id}`;
const running = async () => (await world.stepFunctions.send(new ListExecutionsCommand({ stateMachineArn: world.arn('canary'), statusFilter: 'RUNNING' }))).executions!.map(({ name }) => name);
// Before it is planned there is none yet.
const baking = (id: string) => eventually(async () => ((await world.rollout(id)) as Partial<Rollout>).bake ?? undefined, 'a bake');

test.each(['Create', 'Update'])('%s changes nothing', async (type) => {
  await provision(world, { bake: '600s' });
  const id = await push('v2');
  await baking(id);
  await ask(type);
  expect(answers).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'meshshift-removal', RequestId: type }]);
  expect(await running()).toEqual([id]);
});

test('Delete ends every rollout, and waits until each route is as it was', async () => {
  await provision(world, { bake: '600s', concurrency: 'queue' });
  const first = await push('v2');
  await baking(first);
  const queued = await push('v3');
  await eventually(async () => ((await world.history(arnOf(queued))).some(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === 'Queue') ? true : undefined), 'the second to queue');
  await ask('Delete');
  expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
  expect(await running()).toEqual([]);
  expect(await routeOf(world)).toEqual(routeSpec);
  expect(await world.rollout(first)).toMatchObject({ phase: 'RolledBack' });
  expect((await world.rollout(first)).history).toContainEqual(expect.objectContaining({ kind: 'abort', who: 'CloudFormation', reason: 'the stack is removed' }));
});

test('Delete restores a route that a rollout left half-shifted, and fails, to be asked again, as long as it cannot', async () => {
  await provision(world, { bake: '600s' });
  const id = await push('v2');
  await baking(id);
  world.faults.set('ExecutionStopped', () => Promise.reject(new Error('the control plane is down')));
  await world.stepFunctions.send(new StopExecutionCommand({ executionArn: arnOf(id) }));
  await eventually(async () => ((await running()).length === 0 ? true : undefined), 'the execution to stop');
  expect(await routeOf(world)).not.toEqual(routeSpec);
  const endpoint = process.env['AWS_ENDPOINT_URL_APP_MESH'];
  process.env['AWS_ENDPOINT_URL_APP_MESH'] = '';
  await ask('Delete');
  process.env['AWS_ENDPOINT_URL_APP_MESH'] = endpoint;
  expect(answers[0]).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('the variable AWS_ENDPOINT_URL_APP_MESH is not set') as string });
  await ask('Delete');
  expect(answers[1]).toMatchObject({ Status: 'SUCCESS' });
  expect(await routeOf(world)).toEqual(routeSpec);
});

test('what is no request of CloudFormation is refused', async () => {
  await expect(functions['Removal']!({ RequestType: 'Drop' }, context('Removal'))).rejects.toMatchObject({ name: 'InvalidInput' });
});
