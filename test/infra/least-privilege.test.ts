import { OTHER_WAYS, packageStack, type PackagedStack } from './support/package-stack.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Actions that take no resource, so that AWS has no other way than `*`; everything else names what it is about. */
const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  'xray:PutTraceSegments': 'segments have no ARN',
  'xray:PutTelemetryRecords': 'as segments',
  'xray:GetSamplingRules': 'rules are asked for all at once',
  'xray:GetSamplingTargets': 'as rules',
  'logs:CreateLogDelivery': 'deliveries of vended logs have no ARN before they are made',
  'logs:GetLogDelivery': 'as above',
  'logs:UpdateLogDelivery': 'as above',
  'logs:DeleteLogDelivery': 'as above',
  'logs:ListLogDeliveries': 'as above',
  'logs:PutResourcePolicy': 'resource policies are of the account',
  'logs:DescribeResourcePolicies': 'as above',
  'logs:DescribeLogGroups': 'groups are listed, for the delivery of vended logs',
  'cloudwatch:GetMetricData': 'metrics have no ARN, and definitions name them',
  'cloudwatch:DescribeAlarms': 'scoped to names, CloudWatch leaves composite alarms out',
  'ecs:DescribeTaskDefinition': 'describing one takes no resource',
  'servicediscovery:ListServices': 'listing takes no resource',
  'servicediscovery:DiscoverInstances': 'finding instances takes no resource',
  'ecr:GetAuthorizationToken': 'the token is for every registry of the account',
  'ec2:CreateNetworkInterface': 'Lambda makes the interface: it has no ARN before, and its subnet and groups are the parameters’',
  'ec2:DescribeNetworkInterfaces': 'describing takes no resource',
  'ec2:DescribeSubnets': 'as above',
  'ec2:DeleteNetworkInterface': 'the interface’s id is Lambda’s',
  'ec2:AssignPrivateIpAddresses': 'as above',
  'ec2:UnassignPrivateIpAddresses': 'as above',
};

/** Parts of names that are not known when the stack is made. */
const OPEN_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^arn:aws:logs:.*:log-group:\/aws\/lambda\/[\w-]+:\*$/, 'log streams are named by Lambda'],
  [/^arn:aws:logs:.*:log-group:\/meshshift\/[\w-]+\/control-plane:\*$/, 'log streams are named by tasks'],
  [/^arn:aws:states:.*:execution:[\w-]+-canary:\*$/, 'executions are named by rollouts'],
  [/^arn:aws:scheduler:.*:schedule\/meshshift-[\w-]+\/\*$/, 'schedules are named by definitions'],
  [/^arn:aws:sns:.*:meshshift-\*$/, 'topics are the user’s own, told by their names'],
  [/^arn:aws:ecr:.*:repository\/\*$/, 'repositories are named by definitions'],
  [/^arn:aws:ecs:.*:service\/[\w-]+\/\*$/, 'services of the cluster that the deploy names are named by virtual nodes'],
  [/^arn:aws:servicediscovery:.*:service\/\*$/, 'registries are named by Cloud Map; only tagged ones may be deleted'],
  [/^arn:aws:ecs:.*:service\/\*$/, 'services are named by definitions'],
  [/^arn:aws:ecs:.*:task-definition\/\*:\*$/, 'families are the user’s own'],
  [/^arn:aws:lambda:.*:function:meshshift-hook-\*$/, 'hooks are the user’s own functions, told by their names'],
];

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? (value as readonly T[]) : [value as T]);

/** Every text in a value: a resource may be a text, a function of CloudFormation, or a list of these. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

const statementsOf = (stack: PackagedStack): { readonly of: string; readonly statement: Statement }[] => [
  ...stack.ofType('AWS::IAM::Role').flatMap(([of, { Properties }]) => ((Properties['Policies'] ?? []) as Policy[]).flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map((statement) => ({ of, statement })))),
  ...[...stack.ofType('AWS::IAM::ManagedPolicy'), ...stack.ofType('AWS::IAM::Policy')].flatMap(([of, { Properties }]) => (Properties as unknown as Policy).PolicyDocument.Statement.map((statement) => ({ of, statement }))),
];

describe.each([
  ['by default', {}],
  ['every other way', OTHER_WAYS],
])('the roles of the stack, %s', (_, params) => {
  let stack: PackagedStack;
  beforeAll(async () => {
    stack = await packageStack(params);
  }, 120_000);
  afterAll(() => stack.remove());

  const allowed = () => statementsOf(stack).filter(({ statement }) => statement.Effect === 'Allow');

  test('are one a function and a state machine, each used once', () => {
    const users = [...stack.ofType('AWS::Lambda::Function'), ...stack.ofType('AWS::StepFunctions::StateMachine')];
    const used = users.map(([, { Properties }]) => JSON.stringify(Properties['Role'] ?? Properties['RoleArn']));
    expect(new Set(used).size).toBe(users.length);
    expect(users.length).toBeGreaterThan(20);
  });

  test('name every action in full', () => {
    const actions = allowed().flatMap(({ of, statement }) => listOf(statement.Action).map((action) => `${of} ${action}`));
    expect(actions.length).toBeGreaterThan(50);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  test('name what every action is about, but where AWS has no other way', () => {
    const wild = allowed().filter(({ statement }) => listOf(statement.Resource).includes('*'));
    const unexplained = wild.flatMap(({ of, statement }) => listOf(statement.Action).filter((action) => WITHOUT_RESOURCE[action] === undefined).map((action) => `${of} ${action}`));
    expect(unexplained).toEqual([]);
  });

  test('leave open of a name only what nobody knows before', () => {
    const texts = allowed().flatMap(({ of, statement }) => textsOf(statement.Resource).filter((text) => text.includes('*') && text !== '*').map((text) => ({ of, text })));
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.filter(({ text }) => !OPEN_NAMES.some(([pattern]) => pattern.test(text)))).toEqual([]);
  });

  test('are given to nobody but the service that needs them', () => {
    const principals = stack.ofType('AWS::IAM::Role').map(([, { Properties }]) => JSON.stringify((Properties['AssumeRolePolicyDocument'] as { Statement: { Principal: unknown }[] }).Statement.map(({ Principal }) => Principal)));
    for (const principal of principals) expect(principal).toMatch(/^\[\{"Service":"(lambda|states|scheduler|ecs-tasks)\.amazonaws\.com"\}\]$/);
  });
});

test('every reason is still needed', async () => {
  const stacks = [await packageStack(), await packageStack(OTHER_WAYS)];
  const texts = stacks.flatMap((stack) => statementsOf(stack)).filter(({ statement }) => listOf(statement.Resource).includes('*'));
  const used = new Set(texts.flatMap(({ statement }) => listOf(statement.Action)));
  stacks.forEach((stack) => stack.remove());
  expect(Object.keys(WITHOUT_RESOURCE).filter((action) => !used.has(action))).toEqual([]);
}, 120_000);
