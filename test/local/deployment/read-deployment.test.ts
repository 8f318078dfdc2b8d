import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeploymentError } from '../../../src/local/deployment/errors.ts';
import { readDeployment } from '../../../src/local/deployment/read-deployment.ts';
import type { Deployment } from '../../../src/local/deployment/types.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshshift-deployment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const BASE: Readonly<Record<string, string>> = {
  'serverless.yml': `
service: shop
provider:
  stage: \${opt:stage, 'dev'}
  timeout: 20
  environment:
    TABLE: shop-\${sls:stage}
    ENDPOINT: \${param:endpoint, 'http://fallback'}
    MACHINE: { "Fn::Sub": "arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:\${self:service}" }
functions: \${file(infra/functions.yml)}
resources:
  - \${file(infra/resources.yml)}
`,
  'infra/functions.yml': `
buy:
  handler: dist/buy.handler
  environment: { BUS: { Ref: Bus } }
  events: [{ httpApi: { method: GET, path: /buy } }]
sell: { handler: dist/nested/sell.run, timeout: 3, memorySize: 256 }
`,
  'infra/definitions.cjs': `module.exports = { order: JSON.stringify({ StartAt: 'A', buy: '\${BuyArn}' }) };`,
  'infra/resources.yml': `
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: shop-bus } }
  OrderRole: { Type: AWS::IAM::Role, Properties: {} }
  Order:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: order
      RoleArn: { "Fn::GetAtt": [OrderRole, Arn] }
      DefinitionString: \${file(infra/definitions.cjs):order}
      DefinitionSubstitutions: { BuyArn: { "Fn::GetAtt": [BuyLambdaFunction, Arn] } }
  Pushed:
    Type: AWS::Events::Rule
    Properties:
      Name: pushed
      EventPattern: { source: [shop], detail: { machine: [{ Ref: Order }] } }
      Targets: [{ Id: one, Arn: { "Fn::GetAtt": [BuyLambdaFunction, Arn] } }, { Id: two, Arn: { Ref: Order } }]
`,
};

function read(changes: Readonly<Record<string, string>> = {}, options: { stage?: string; params?: Record<string, string> } = {}): Deployment {
  for (const [name, content] of Object.entries({ ...BASE, ...changes })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return readDeployment({ file: join(folder, 'serverless.yml'), region: 'eu-central-1', accountId: '111122223333', ...options });
}

test('reads functions with exactly their environment, their routes and their limits', () => {
  const [buy, sell] = read().functions;
  expect(buy).toEqual({
    key: 'buy',
    name: 'shop-dev-buy',
    arn: 'arn:aws:lambda:eu-central-1:111122223333:function:shop-dev-buy',
    module: join(folder, 'dist/buy.mjs'),
    exportName: 'handler',
    environment: { TABLE: 'shop-dev', ENDPOINT: 'http://fallback', MACHINE: 'arn:aws:states:eu-central-1:111122223333:stateMachine:shop', BUS: 'shop-bus' },
    timeoutSeconds: 20,
    memoryMiB: 1024,
    routes: [{ method: 'GET', path: '/buy' }],
  });
  expect(sell).toMatchObject({ module: join(folder, 'dist/nested/sell.mjs'), exportName: 'run', timeoutSeconds: 3, memoryMiB: 256, routes: [] });
});

test('fills in the stage and the parameters given', () => {
  const [buy] = read({}, { stage: 'prod', params: { endpoint: 'http://given' } }).functions;
  expect(buy).toMatchObject({ name: 'shop-prod-buy', environment: { TABLE: 'shop-prod', ENDPOINT: 'http://given' } });
});

test.each([
  ['as serverless.yml gives it for every stage', {}, 'for-all'],
  ['as it gives it for this one', { stage: 'prod' }, 'for-prod'],
  ['as it is given from outside', { params: { endpoint: 'given' } }, 'given'],
])('takes a parameter %s', (_, options, value) => {
  const params = "params: { default: { endpoint: for-all }, prod: { endpoint: for-prod } }\n";
  expect(read({ 'serverless.yml': `${params}${BASE['serverless.yml'] ?? ''}` }, options).functions[0]?.environment['ENDPOINT']).toBe(value);
});

test('chooses a part of a file, and a file, by a parameter', () => {
  const serverless = (BASE['serverless.yml'] ?? '').replace("${param:endpoint, 'http://fallback'}", '${file(infra/ends.yml):${param:way}.at}').replace('infra/resources.yml', 'infra/${param:way}.yml');
  const files = { 'serverless.yml': serverless, 'infra/ends.yml': 'near: { at: http://near }', 'infra/near.yml': BASE['infra/resources.yml'] ?? '' };
  const { functions, buses } = read(files, { params: { way: 'near' } });
  expect(functions[0]?.environment['ENDPOINT']).toBe('http://near');
  expect(buses).toEqual([{ logicalId: 'Bus', name: 'shop-bus' }]);
  expect(() => read(files, { params: { way: 'far' } })).toThrow(/has no value and no fallback|cannot be read/);
});

test('reads state machines with their substitutions and rules with their targets', () => {
  const { stateMachines, rules } = read();
  const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:shop-dev-buy';
  const order = 'arn:aws:states:eu-central-1:111122223333:stateMachine:order';
  expect(stateMachines).toEqual([
    { logicalId: 'Order', name: 'order', arn: order, roleArn: 'arn:aws:iam::111122223333:role/OrderRole', definition: JSON.stringify({ StartAt: 'A', buy: arn }) },
  ]);
  expect(rules).toEqual([
    {
      logicalId: 'Pushed',
      name: 'pushed',
      eventBusName: 'default',
      state: 'ENABLED',
      eventPattern: { source: ['shop'], detail: { machine: [order] } },
      targets: [{ Id: 'one', Arn: arn }, { Id: 'two', Arn: order }],
    },
  ]);
});

test('reads schedules with their dates as seconds, and their groups', () => {
  const resources = `${BASE['infra/resources.yml'] ?? ''}  Nights: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: nights } }
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: { Ref: Nights }
      ScheduleExpression: cron(0 3 * * ? *)
      StartDate: "2026-01-01T00:00:00.5Z"
      FlexibleTimeWindow: { Mode: "OFF" }
      Target: { Arn: { Ref: Order }, RoleArn: { "Fn::GetAtt": [OrderRole, Arn] } }
`;
  const { schedules, scheduleGroups } = read({ 'infra/resources.yml': resources });
  expect(scheduleGroups).toEqual([{ logicalId: 'Nights', name: 'nights' }]);
  expect(schedules).toEqual([
    {
      logicalId: 'Nightly',
      input: {
        Name: 'Nightly',
        GroupName: 'nights',
        ScheduleExpression: 'cron(0 3 * * ? *)',
        StartDate: 1_767_225_600.5,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:order', RoleArn: 'arn:aws:iam::111122223333:role/OrderRole' },
      },
    },
  ]);
});

const replaced = (file: string, from: string, to: string): Record<string, string> => {
  const content = BASE[file] ?? '';
  expect(content).toContain(from);
  return { [file]: content.replace(from, to) };
};

test.each<[string, string, string, string, RegExp]>([
  ['another kind of variable', 'serverless.yml', 'shop-${sls:stage}', '${ssm:/table}', /provider\.environment\.TABLE: "\$\{ssm:\/table\}": must be one of file, self/],
  ['a variable without a value', 'serverless.yml', "${param:endpoint, 'http://fallback'}", '${param:endpoint}', /ENDPOINT: .*has no value and no fallback/],
  ['a variable of itself', 'serverless.yml', 'service: shop', 'service: ${self:service}', /must not refer to itself/],
  ['a file that is not there', 'serverless.yml', 'infra/functions.yml', 'infra/none.yml', /functions: .*none\.yml": cannot be read/],
  ['a file of another kind', 'serverless.yml', 'infra/functions.yml', 'infra/functions.toml', /must be a \.yml, \.yaml, \.json or \.cjs file/],
  ['another intrinsic function', 'infra/functions.yml', '{ Ref: Bus }', '{ "Fn::ImportValue": x }', /environment\.BUS\.Fn::ImportValue: "x": must be one of Ref/],
  ['a reference to nothing', 'infra/functions.yml', '{ Ref: Bus }', '{ Ref: Buss }', /environment\.BUS\.Ref: "Buss": must be the logical id/],
  ['an unknown attribute', 'infra/resources.yml', '[OrderRole, Arn]', '[OrderRole, Id]', /OrderRole\.Id.*is no attribute/],
  ['an unknown resource type', 'infra/resources.yml', 'AWS::Events::EventBus', 'AWS::SNS::Topic', /resources\.Bus\.Type: "AWS::SNS::Topic": is no resource type/],
  ['a missing substitution', 'infra/resources.yml', 'BuyArn:', 'Other:', /\$\{BuyArn\}.*must be named in DefinitionSubstitutions/],
  ['another kind of trigger', 'infra/functions.yml', 'httpApi:', 'schedule:', /functions\.buy\.events/],
  ['a handler without an export', 'infra/functions.yml', 'dist/buy.handler', 'dist/buy', /functions\.buy\.handler: must be path/],
])('refuses %s, naming file, path, value and rule', (_, file, from, to, message) => {
  const changes = replaced(file, from, to);
  const attempt = (): Deployment => read(changes);
  expect(attempt).toThrow(DeploymentError);
  expect(attempt).toThrow(message);
});
