import { silent, type Log } from '../../../src/contracts/log.ts';
import { openTargets, type TargetServices } from '../../../src/local/scheduler/index.ts';
import { toCall } from '../../../src/local/scheduler/targets.ts';
import { AwsError } from '../../../src/local/server/aws-json.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const universal = (action: string): string => `arn:aws:scheduler:::aws-sdk:${action}`;

/** Services that note what they are asked, and answer or fail as told. */
function recorder(failure?: Error): { calls: unknown[]; services: TargetServices } {
  const calls: unknown[] = [];
  const note = (...call: unknown[]): Promise<void> => {
    calls.push(call);
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const services: TargetServices = {
    invokeLater: (...call) => note('invoke', ...call),
    startExecution: (...call) => note('start', ...call),
    stepFunctions: (...call) => note('states', ...call),
    putEvents: async (input) => {
      await note('events', input);
      return { FailedEntryCount: 0 };
    },
  };
  return { calls, services };
}

test.each<[what: string, arn: string, input: string, expected: unknown]>([
  ['a function', FUNCTION, '{"attempt":"<aws.scheduler.attempt-number>"}', ['invoke', FUNCTION, '{"attempt":"2"}']],
  ['a state machine', MACHINE, '{"a":1}', ['start', MACHINE, '{"a":1}', 'run-1']],
  ['lambda:invoke', universal('lambda:invoke'), '{"FunctionName":"f","Payload":"{\\"a\\":1}"}', ['invoke', 'f', '{"a":1}']],
  ['sfn:startExecution', universal('sfn:startExecution'), JSON.stringify({ StateMachineArn: MACHINE, Input: '{"a":1}' }), ['start', MACHINE, '{"a":1}', 'run-1']],
  ['states:startExecution with a name', universal('states:startExecution'), JSON.stringify({ stateMachineArn: MACHINE, input: { a: 1 }, name: 'mine' }), ['start', MACHINE, '{"a":1}', 'mine']],
  ['sfn:sendTaskSuccess', universal('sfn:sendTaskSuccess'), '{"TaskToken":"t","Output":"{}"}', ['states', 'SendTaskSuccess', { taskToken: 't', output: '{}' }]],
  ['sfn:sendTaskFailure', universal('sfn:sendTaskFailure'), '{"TaskToken":"t","Error":"E"}', ['states', 'SendTaskFailure', { taskToken: 't', error: 'E' }]],
  ['eventbridge:putEvents', universal('eventbridge:putEvents'), '{"Entries":[{"Source":"shop"}]}', ['events', { Entries: [{ Source: 'shop' }] }]],
])('calls %s', async (_, arn, input, expected) => {
  const { calls, services } = recorder();
  await openTargets(services, silent)(arn, input, 'run-1', 2);
  expect(calls).toEqual([expected]);
});

test('an event bus is reached by an event', () => {
  const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
  const { arn, input } = toCall({ Arn: bus, RoleArn: '', EventBridgeParameters: { Source: 'shop', DetailType: 'Due' } }, '{"a":1}');
  expect([arn, JSON.parse(input)]).toEqual([universal('eventbridge:putEvents'), { Entries: [{ EventBusName: bus, Source: 'shop', DetailType: 'Due', Detail: '{"a":1}' }] }]);
});

test.each<[what: string, failure: Error, retried: boolean]>([
  ['a refusal', new AwsError('InvalidToken', 'token s3cret'), false],
  ['a throttle', new AwsError('ThrottlingException', 'slow down', { status: 429 }), true],
  ['an outage', new AwsError('InternalFailure', 'down', { status: 500 }), true],
  ['a broken connection', new Error('socket'), true],
])('%s: tried again %s', async (_, failure, retried) => {
  const logged: string[] = [];
  const log: Log = (...entry) => void logged.push(JSON.stringify(entry));
  const attempt = openTargets(recorder(failure).services, log)(universal('sfn:sendTaskSuccess'), '{"TaskToken":"s3cret","Output":"{}"}', 'run-1', 1);
  if (retried) await expect(attempt).rejects.toMatchObject({ name: 'TargetFailed' });
  else await attempt;
  expect(logged).toHaveLength(retried ? 0 : 1);
  expect(logged.join()).not.toContain('s3cret');
});
