import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { resolveIntrinsics } from '../../src/local/deployment/intrinsics.ts';
import { readDeployment, openScope } from '../../src/local/deployment/read-deployment.ts';
import { readResources } from '../../src/local/deployment/read-resources.ts';
import { isKnownType, type TemplateResource } from '../../src/local/deployment/resources.ts';
import { describeWith, hasCommand } from '../support/components.ts';
import { OTHER_WAYS, packageStack, ROOT, type PackagedStack, type Template } from './support/package-stack.ts';

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: unknown;
}

let stack: PackagedStack;
let template: Template;
beforeAll(async () => {
  stack = await packageStack();
  ({ template } = stack);
}, 120_000);
afterAll(() => stack.remove());

const ofType = (type: string) => stack.ofType(type);

describe('the packaged stack', () => {
  test('has a function for every handler, each with the bundle it names', () => {
    const handlers = readdirSync(join(ROOT, 'handlers'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('middleware'))
      .map((file) => `dist/handlers/${file.replace(/\.ts$/, '')}.handler`);
    const functions = ofType('AWS::Lambda::Function').map(([, { Properties }]) => String(Properties['Handler']));
    expect(functions.toSorted()).toEqual(handlers.toSorted());
    for (const handler of functions) expect(existsSync(join(ROOT, handler.replace(/\.handler$/, '.mjs')))).toBe(true);
    const packaged = Object.values(parseYaml(readFileSync(join(ROOT, 'infra/functions.yml'), 'utf8')) as Record<string, { handler: string; package: { patterns: string[] } }>);
    for (const { handler, package: { patterns } } of packaged) expect(patterns).toEqual([handler.replace(/\.handler$/, '{.mjs,/**}')]);
  });

  test.each(['provision', 'canary'])('deploys statemachines/%s.asl.json unchanged, with a function for each name it uses', (name) => {
    const source: unknown = JSON.parse(readFileSync(join(ROOT, `statemachines/${name}.asl.json`), 'utf8'));
    const [, machine] = ofType('AWS::StepFunctions::StateMachine').find(([, { Properties }]) => Properties['StateMachineName'] === `meshshift-dev-${name}`) ?? [];
    const { DefinitionString: text, DefinitionSubstitutions: substitutions } = machine?.Properties as { DefinitionString: string; DefinitionSubstitutions: Record<string, unknown> };
    expect(JSON.parse(text)).toEqual(source);
    const used = new Set([...text.matchAll(/\$\{([A-Za-z]+)\}/g)].map(([, substitution]) => substitution));
    expect([...used].toSorted()).toEqual(Object.keys(substitutions).toSorted());
  });

  test('answers no request of the rollouts API but of a caller who is known', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route');
    expect(routes.length).toBeGreaterThan(0);
    // A link brings its own proof (test/handlers/links.test.ts).
    const open = routes.filter(([, { Properties }]) => !['AWS_IAM', 'JWT'].includes(String(Properties['AuthorizationType'])));
    expect(open.map(([, { Properties }]) => Properties['RouteKey']).sort()).toEqual(['GET /meshshift/v1/link', 'POST /meshshift/v1/link']);
  });

  test('lets each state machine invoke the functions it uses and no other', () => {
    for (const [name, { Properties }] of ofType('AWS::StepFunctions::StateMachine')) {
      const used = Object.values(Properties['DefinitionSubstitutions'] as Record<string, unknown>).map((value) => JSON.stringify(value));
      const role = template.Resources[`${name}Role`]?.Properties['Policies'] as { PolicyDocument: { Statement: Statement[] } }[];
      const invoke = role[0]?.PolicyDocument.Statement.find(({ Action }) => Action.includes('lambda:InvokeFunction'));
      expect((invoke?.Resource as unknown[]).map((value) => JSON.stringify(value)).toSorted()).toEqual(used.toSorted());
    }
  });

  test('tries again what a rule or its function failed at, and keeps in a queue what keeps failing', () => {
    const queue = JSON.stringify({ 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] });
    const rules = ofType('AWS::Events::Rule');
    expect(rules.length).toBeGreaterThan(2);
    const retried = ofType('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => JSON.stringify(Properties['FunctionName']));
    for (const [, { Properties }] of rules) {
      for (const { Arn, RetryPolicy, DeadLetterConfig } of Properties['Targets'] as { Arn: { 'Fn::GetAtt': string[] }; RetryPolicy: { MaximumRetryAttempts: number }; DeadLetterConfig: { Arn: unknown } }[]) {
        expect(RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(0);
        expect(JSON.stringify(DeadLetterConfig.Arn)).toBe(queue);
        expect(retried).toContain(JSON.stringify({ Ref: Arn['Fn::GetAtt'][0] }));
      }
    }
    const [, policy] = ofType('AWS::SQS::QueuePolicy')[0]!;
    const sources = JSON.stringify(policy.Properties);
    for (const [name] of rules) expect(sources).toContain(JSON.stringify({ 'Fn::GetAtt': [name, 'Arn'] }));
  });

  test('takes image pushes of ECR and of the samples', () => {
    const rule = template.Resources['ImagePushedRule']?.Properties['EventPattern'];
    expect(rule).toMatchObject({ source: ['aws.ecr', 'meshshift.sample'], detail: { 'action-type': ['PUSH'], result: ['SUCCESS'] } });
  });
});

describe.each([
  ['ImagePushed', ['aws.ecr', 'meshshift.sample']],
  ['DeploymentChanged', ['aws.ecs', 'meshshift.sample']],
  ['AlarmRaised', ['aws.cloudwatch', 'meshshift.sample']],
  ['ExecutionStopped', ['aws.states']],
  ['Notify', ['meshshift']],
])('the rule of %s', (name, source) => {
  test('takes its sources, tries again, and leaves nothing in the void', () => {
    const { EventPattern, Targets } = template.Resources[`${name}Rule`]!.Properties as { EventPattern: object; Targets: { DeadLetterConfig: object; RetryPolicy: { MaximumRetryAttempts: number } }[] };
    expect(EventPattern).toMatchObject({ source });
    expect(Targets).toMatchObject([{ DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } } }]);
    expect(Targets[0]!.RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(1);
    const policy = JSON.stringify(template.Resources['DeadLetterQueuePolicy']!.Properties);
    expect(policy).toContain(JSON.stringify({ 'Fn::GetAtt': [`${name}Rule`, 'Arn'] }));
  });
});

test('schedules may reach two functions, by a role that only Scheduler takes and only their keepers hand on', () => {
  const role = template.Resources['ScheduleRole']!.Properties as { AssumeRolePolicyDocument: { Statement: object[] }; Policies: { PolicyDocument: { Statement: Statement[] } }[] };
  expect(role.AssumeRolePolicyDocument.Statement).toEqual([{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }]);
  const invoked = role.Policies[0]!.PolicyDocument.Statement.find(({ Action }) => Action.includes('lambda:InvokeFunction'))!.Resource;
  const target = { 'Fn::Sub': 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:meshshift-dev-scheduleFired' };
  const watch = { 'Fn::Sub': 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:meshshift-dev-watch' };
  expect(invoked).toEqual([target, watch]);
  const passing = ofType('AWS::IAM::Role').filter(([, { Properties }]) => JSON.stringify(Properties).includes('iam:PassRole'));
  expect(passing.map(([name]) => name).sort()).toEqual(['BakeRole', 'RolloutsApiRole', 'ScheduleFiredRole']);
  for (const [, { Properties }] of ofType('AWS::Lambda::Function').filter(([name]) => /^(Bake|Watch)/.test(name))) expect(Properties['Environment']).toMatchObject({ Variables: { MESHSHIFT_WATCH_ARN: watch } });
  for (const [, { Properties }] of ofType('AWS::Lambda::Function').filter(([name]) => /^(RolloutsApi|ScheduleFired)/.test(name))) {
    expect(Properties['Environment']).toMatchObject({ Variables: { MESHSHIFT_SCHEDULE_TARGET_ARN: target, MESHSHIFT_SCHEDULE_ROLE_ARN: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] }, MESHSHIFT_SCHEDULE_GROUP: { Ref: 'ScheduleGroup' } } });
  }
});

describe('the local reader of serverless.yml', () => {
  const place = { region: 'us-east-1', accountId: '000000000000' };
  const read = () => readDeployment({ file: join(ROOT, 'serverless.yml'), ...place });
  /** Of the packaged template, what the reader knows. */
  const packaged = () => {
    const resources = new Map(Object.entries(template.Resources).filter(([, { Type }]) => isKnownType(Type)) as [string, TemplateResource][]);
    return { resources, scope: openScope('template', resources, { file: 'template', ...place }) };
  };

  test('finds the state machines, buses, rules and schedules of the packaged template, and no other', () => {
    const { resources, scope } = packaged();
    const { stateMachines, buses, rules, scheduleGroups, schedules } = read();
    expect(stateMachines).toHaveLength(2);
    expect({ stateMachines, buses, rules, scheduleGroups, schedules }).toEqual(readResources(resources, scope));
  });

  test('gives each function the name, environment and limits of the packaged template', () => {
    const { scope } = packaged();
    const expected = ofType('AWS::Lambda::Function').map(([, { Properties }]) => {
      const { FunctionName, Environment, Timeout, MemorySize, Handler } = Properties as { FunctionName: string; Environment: { Variables: unknown }; Timeout: number; MemorySize: number; Handler: string };
      return { name: FunctionName, environment: resolveIntrinsics(Environment.Variables, scope, ''), timeoutSeconds: Timeout, memoryMiB: MemorySize, handler: Handler };
    });
    const actual = read().functions.map(({ name, environment, timeoutSeconds, memoryMiB, module, exportName }) => ({
      name,
      environment,
      timeoutSeconds,
      memoryMiB,
      handler: `${relative(ROOT, module).replace(/\.mjs$/, '')}.${exportName}`,
    }));
    const byName = (one: { name: string }, other: { name: string }): number => one.name.localeCompare(other.name);
    expect(actual.toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  test('serves the HTTP routes of the packaged template', () => {
    const keys = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => String(Properties['RouteKey']));
    const routes = read().functions.flatMap((deployed) => deployed.routes.map(({ method, path }) => `${method} ${path}`));
    expect(routes.toSorted()).toEqual(keys.toSorted());
  });
});

describeWith('cfn-lint', hasCommand('cfn-lint'), 'cfn-lint', () => {
  test.each([
    ['by default', {}],
    ['every other way', OTHER_WAYS],
  ])('finds nothing in the packaged template, %s', async (_, params) => {
    const packaged = await packageStack(params);
    const { status, stdout } = spawnSync('cfn-lint', ['--config-file', join(ROOT, '.cfnlintrc'), '--template', packaged.file], { encoding: 'utf8' });
    packaged.remove();
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 120_000);
});

describe('the alarms', () => {
  const alarms = () => ofType('AWS::CloudWatch::Alarm');

  test('watch over roll-backs that failed, dead letters, throttles and errors, and are quiet where nothing happens', () => {
    expect(alarms().map(([name]) => name).toSorted()).toEqual(['DeadLettersAlarm', 'ExecutionsThrottledAlarm', 'FunctionsThrottledAlarm', 'RollBackFailedAlarm', 'TableThrottledAlarm', 'TriggersFailAlarm']);
    for (const [, { Properties }] of alarms()) expect(Properties).toMatchObject({ TreatMissingData: 'notBreaching', Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
  });

  test('name functions that there are: each step of a rollout, and each entrance', () => {
    const functions = ofType('AWS::Lambda::Function').map(([, { Properties }]) => String(Properties['FunctionName']));
    const named = [...JSON.stringify(alarms()).matchAll(/"Name":"FunctionName","Value":"([^"]+)"/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !functions.includes(name))).toEqual([]);
    const provisioning = functions.filter((name) => /-(ensure(?!Canary)|review|delete)/.test(name));
    expect(functions.filter((name) => !named.includes(name) && !provisioning.includes(name))).toEqual([]);
  });

  test('are told of a roll-back that failed by the line that it logs', () => {
    const filter = template.Resources['RollBackFailedFilter']!.Properties;
    const [, message = ''] = /\$\.message = "([^"]+)"/.exec(String(filter['FilterPattern'])) ?? [];
    expect(readFileSync(join(ROOT, 'src/rollout/steps/roll-back.ts'), 'utf8')).toContain(`ports.log('error', '${message}'`);
    expect(filter['LogGroupName']).toBe('/aws/lambda/meshshift-dev-finish');
    expect(template.Resources['RollBackFailedAlarm']!.Properties).toMatchObject((filter['MetricTransformations'] as { MetricName: string; MetricNamespace: string }[]).map(({ MetricName, MetricNamespace }) => ({ MetricName, Namespace: MetricNamespace }))[0]!);
  });

  test('stand beside a dashboard, whose body is JSON', () => {
    const body = (template.Resources['Dashboard']!.Properties['DashboardBody'] as { 'Fn::Sub': string })['Fn::Sub'];
    expect((JSON.parse(body) as { widgets: object[] }).widgets.length).toBeGreaterThan(5);
    for (const [, id = ''] of body.matchAll(/\$\{(\w+)[.}]/g)) expect(template.Resources[id]).toBeDefined();
  });
});
