import { CreateScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/contracts/log.ts';
import { startRuntime, type Runtime } from '../../../src/local/runtime.ts';
import { describeWith, hasCommand } from '../../support/components.ts';
import { eventually } from '../../support/eventually.ts';

const HANDLERS = `
import { appendFileSync } from 'node:fs';
export const record = async (event) => appendFileSync(new URL('./calls.log', import.meta.url), JSON.stringify(event) + '\\n');
`;
const MACHINE = {
  QueryLanguage: 'JSONata',
  StartAt: 'Wait',
  States: { Wait: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Arguments: { FunctionName: '${RecordFunctionArn}', Payload: { token: '{% $states.context.Task.Token %}' } }, End: true } },
};
const serverless = (deployed: string): string => `
service: shop
provider: { name: aws, stage: dev, timeout: 10, memorySize: 128 }
functions: { record: { handler: handlers.record } }
resources:
  - Resources:
      Role: { Type: AWS::IAM::Role, Properties: { RoleName: role } }
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          StateMachineName: machine
          RoleArn: { "Fn::GetAtt": [Role, Arn] }
          DefinitionString: ${JSON.stringify(JSON.stringify(MACHINE))}
          DefinitionSubstitutions: { RecordFunctionArn: { "Fn::GetAtt": [RecordLambdaFunction, Arn] } }
      Fired:
        Type: AWS::Events::Rule
        Properties:
          Name: fired
          EventPattern: { source: [shop] }
          Targets: [{ Id: record, Arn: { "Fn::GetAtt": [RecordLambdaFunction, Arn] }, InputPath: $.detail }]
      Nights: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: nights } }
      Deployed:
        Type: AWS::Scheduler::Schedule
        Properties:
          Name: deployed
          GroupName: { Ref: Nights }
${deployed}
          FlexibleTimeWindow: { Mode: "OFF" }
          Target: { Arn: { "Fn::GetAtt": [RecordLambdaFunction, Arn] }, RoleArn: { "Fn::GetAtt": [Role, Arn] }, Input: '{"by":"<aws.scheduler.schedule-arn>"}' }
`;
const ONCE = '          ScheduleExpression: "at(2020-01-01T00:00:00)"';
const DEPLOYED_ARN = 'arn:aws:scheduler:us-east-1:000000000000:schedule/nights/deployed';
const MACHINE_ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:machine';
const ROLE = 'arn:aws:iam::000000000000:role/role';
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };

let folder: string;
let runtime: Runtime;
let scheduler: SchedulerClient;
const open = async (deployed = ONCE): Promise<void> => {
  writeFileSync(join(folder, 'serverless.yml'), serverless(deployed));
  runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: join(folder, 'data'), deploymentFile: join(folder, 'serverless.yml'), log: silent });
  scheduler = new SchedulerClient({ endpoint: runtime.url, region: 'us-east-1', credentials });
};
const close = async (): Promise<void> => {
  scheduler.destroy();
  await runtime.close();
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-schedules-'));
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS);
  appendFileSync(join(folder, 'calls.log'), '');
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const calls = (): Record<string, string>[] =>
  readFileSync(join(folder, 'calls.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>);
const called = (member: string): Promise<string> => eventually(() => calls().find((call) => member in call)?.[member], `a call with ${member}`);
/** A schedule that is due at once. */
const now = (Name: string, Target: { Arn: string; Input?: string; EventBridgeParameters?: { Source: string; DetailType: string } }) =>
  scheduler.send(new CreateScheduleCommand({ Name, ScheduleExpression: 'at(2020-01-01T00:00:00)', ActionAfterCompletion: 'DELETE', FlexibleTimeWindow: { Mode: 'OFF' }, Target: { RoleArn: ROLE, ...Target } }));

test('schedules start a state machine, end its task by its token, and put an event that reaches a function', async () => {
  await open();
  expect(await called('by')).toBe(DEPLOYED_ARN);
  await now('start', { Arn: MACHINE_ARN, Input: '{}' });
  const TaskToken = await called('token');
  await now('end', { Arn: 'arn:aws:scheduler:::aws-sdk:sfn:sendTaskSuccess', Input: JSON.stringify({ TaskToken, Output: '{"ended":"<aws.scheduler.scheduled-time>"}' }) });
  const states = new SFNClient({ endpoint: runtime.url, region: 'us-east-1', credentials });
  const { executionArn } = await eventually(async () => (await states.send(new ListExecutionsCommand({ stateMachineArn: MACHINE_ARN, statusFilter: 'SUCCEEDED' }))).executions?.[0], 'the end of the execution');
  expect((await states.send(new DescribeExecutionCommand({ executionArn }))).output).toBe('{"ended":"2020-01-01T00:00:00Z"}');
  states.destroy();
  await now('event', { Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/default', EventBridgeParameters: { Source: 'shop', DetailType: 'Fired' }, Input: '{"heard":"yes"}' });
  expect(await called('heard')).toBe('yes');
  const left = () => scheduler.send(new ListSchedulesCommand({})).then(({ Schedules = [] }) => Schedules.map(({ Name }) => Name));
  await eventually(async () => (await left()).length === 1, 'the schedules with DELETE to go');
  expect(await left()).toEqual(['deployed']);
});

test('what serverless.yml declares is applied once, changed with it, and refused with its place', async () => {
  await open();
  await called('by');
  await close();
  await open();
  await now('other', { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:shop-dev-record', Input: '{"other":"1"}' });
  await called('other');
  expect(calls()).toHaveLength(2);
  await close();
  await open('          ScheduleExpression: rate(1 hour)\n          EndDate: "2999-01-01T00:00:00Z"');
  await eventually(() => calls().length === 3, 'the changed schedule to run');
  await close();
  await expect(open('          ScheduleExpression: hourly')).rejects.toThrow(/serverless\.yml: resources\.Deployed: .*'scheduleExpression'.*must be at/);
  await expect(open('          ScheduleExpression: rate(1 hour)\n          EndDate: soon')).rejects.toThrow(/resources\.Deployed\.Properties\.EndDate: "soon": must be a date/);
  await open();
});

describeWith('aws', hasCommand('aws'), 'the AWS CLI', () => {
  const aws = (...args: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env['PATH'], HOME: folder, AWS_ENDPOINT_URL: runtime.url, AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
      execFile('aws', ['scheduler', ...args, '--output', 'json'], { cwd: folder, env }, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr));
        else resolve(stdout === '' ? {} : JSON.parse(stdout));
      });
    });
  test('creates, lists, gets, updates and deletes schedules and groups', async () => {
    await open();
    const definition = ['--name', 'cli', '--group-name', 'g', '--flexible-time-window', 'Mode=OFF', '--target', JSON.stringify({ Arn: MACHINE_ARN, RoleArn: ROLE, Input: '{}' })];
    expect(await aws('create-schedule-group', '--name', 'g', '--tags', 'Key=a,Value=b')).toEqual({ ScheduleGroupArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/g' });
    expect(await aws('create-schedule', ...definition, '--schedule-expression', 'cron(0 9 ? * MON-FRI *)', '--schedule-expression-timezone', 'Europe/Berlin', '--start-date', '2099-01-01T00:00:00Z')).toEqual({
      ScheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/g/cli',
    });
    await aws('update-schedule', ...definition, '--schedule-expression', 'rate(5 minutes)', '--state', 'DISABLED');
    expect(await aws('get-schedule', '--name', 'cli', '--group-name', 'g')).toMatchObject({ ScheduleExpression: 'rate(5 minutes)', State: 'DISABLED', ScheduleExpressionTimezone: 'UTC' });
    expect(await aws('list-schedules', '--group-name', 'g')).toMatchObject({ Schedules: [{ Name: 'cli', State: 'DISABLED' }] });
    expect(await aws('list-tags-for-resource', '--resource-arn', 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/g')).toEqual({ Tags: [{ Key: 'a', Value: 'b' }] });
    await expect(aws('create-schedule', ...definition, '--schedule-expression', 'rate(5 minutes)')).rejects.toThrow(/ConflictException.*Schedule cli already exists/);
    await expect(aws('create-schedule', ...definition, '--schedule-expression', 'often')).rejects.toThrow(/ValidationException.*scheduleExpression/);
    await aws('delete-schedule', '--name', 'cli', '--group-name', 'g');
    await aws('delete-schedule-group', '--name', 'g');
    await expect(aws('get-schedule', '--name', 'cli', '--group-name', 'g')).rejects.toThrow(/ResourceNotFoundException/);
  }, 120_000);
});
