'use strict';
// One role per function and per state machine, from one table: who may do what to which resource.
// No statement names a wildcard resource, but for X-Ray, the delivery of logs, CloudWatch's metrics and the description of composite alarms, whose actions take no other.

const sub = (text) => ({ 'Fn::Sub': text });
const STAGE = '${sls:stage}';

const allow = (actions, ...resources) => ({ Effect: 'Allow', Action: actions, Resource: resources });

const TABLE = sub(`arn:aws:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/meshshift-${STAGE}`);
// One right each, as the test of policies finds what nobody uses. A put is an update that raises the version.
const getItems = allow(['dynamodb:GetItem'], TABLE);
const queryItems = allow(['dynamodb:Query'], TABLE);
const readTable = allow(['dynamodb:GetItem', 'dynamodb:Query'], TABLE);
const updateItems = allow(['dynamodb:UpdateItem'], TABLE);
const deleteItems = allow(['dynamodb:DeleteItem'], TABLE);
const checkItems = allow(['dynamodb:ConditionCheckItem'], TABLE);
const putEvents = allow(['events:PutEvents'], { 'Fn::GetAtt': ['EventBus', 'Arn'] });
const readSecret = (name) => allow(['secretsmanager:GetSecretValue'], { Ref: name });
const CANARY = sub(`arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:meshshift-${STAGE}-canary`);
const EXECUTIONS = sub(`arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:execution:meshshift-${STAGE}-canary:*`);
const startRollout = allow(['states:StartExecution'], CANARY);
const endTask = allow(['states:SendTaskSuccess'], CANARY);
const failTask = allow(['states:SendTaskFailure'], CANARY);
const endExecutions = [allow(['states:ListExecutions'], CANARY), allow(['states:StopExecution'], EXECUTIONS)];
const describeExecution = allow(['states:DescribeExecution'], EXECUTIONS);

// Hooks are the user's own functions, told by their names.
const HOOKS = 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:meshshift-hook-*';
const invokeHooks = allow(['lambda:InvokeFunction'], sub(HOOKS));

const SCHEDULES = sub(`arn:aws:scheduler:\${AWS::Region}:\${AWS::AccountId}:schedule/meshshift-${STAGE}/*`);
const keepSchedules = [
  allow(['scheduler:GetSchedule', 'scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'], SCHEDULES),
  // A schedule reaches its target by a role that whoever makes it hands on.
  { ...allow(['iam:PassRole'], { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] }), Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } } },
];
// A look each minute while a bake is open is such a schedule too.
const beginWatch = [allow(['scheduler:CreateSchedule'], SCHEDULES), keepSchedules[1]];
const endWatch = allow(['scheduler:DeleteSchedule'], SCHEDULES);
const WATCH = sub(`arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:meshshift-${STAGE}-watch`);
const SCHEDULE_FIRED = sub(`arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:meshshift-${STAGE}-scheduleFired`);
const readImages = allow(['ecr:DescribeImages'], sub('arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/*'));
// What a service runs; clusters and services are named by definitions, and describing a task definition takes no resource.
const readDeployments = [allow(['ecs:DescribeServices'], sub('arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:service/*')), { ...allow(['ecs:DescribeTaskDefinition']), Resource: '*' }];
// Lambda itself sends what a trigger fails with.
const deadLetters = allow(['sqs:SendMessage'], { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] });

// Topics are the user's own, told by their names.
const publish = allow(['sns:Publish'], sub('arn:aws:sns:${AWS::Region}:${AWS::AccountId}:meshshift-*'));

// Scoped to names, CloudWatch leaves composite alarms out.
const readAlarms = { ...allow(['cloudwatch:DescribeAlarms']), Resource: '*' };

// Metrics have no ARN.
const readMetrics = { ...allow(['cloudwatch:GetMetricData']), Resource: '*' };

// Mesh resources are the control plane's, which knows its callers by an access key of its own: no IAM action covers them.
const MESH = [readSecret('MeshKey')];
const TOKENS = [readSecret('TokenKey'), endTask];
// A step of a rollout; one that may end it, or the one before it, as well.
const STEP = [getItems, updateItems, ...MESH];
const ROLLOUT = [readTable, updateItems, deleteItems, putEvents, ...MESH];

/** What each function may do beyond writing its own log and traces. */
const FUNCTIONS = {
  EnsureMesh: MESH,
  EnsureVirtualNode: MESH,
  EnsureVirtualRouter: MESH,
  EnsureRoute: [...MESH, getItems],
  EnsureVirtualService: MESH,
  EnsureVirtualGateway: MESH,
  EnsureGatewayRoute: MESH,
  AwaitActive: MESH,
  Review: MESH,
  Delete: [...MESH, getItems],
  // Plan ends or buries a rollout that holds the lock it needs.
  Plan: [...ROLLOUT, ...TOKENS, describeExecution, readAlarms, invokeHooks],
  Queue: [readTable, updateItems, deleteItems, checkItems, ...TOKENS],
  // Workloads of the type lambda are hooks too: whoever rolls back or ends a rollout takes one down.
  EnsureCanary: [...STEP, invokeHooks],
  // The hook before the first step is asked here, the others by Judge.
  // Whoever asks to rise wakes those of its group that waited for it.
  ShiftTraffic: [...STEP, queryItems, ...TOKENS, putEvents, invokeHooks, readAlarms],
  Bake: [...STEP, queryItems, ...TOKENS, failTask, readAlarms, readMetrics, ...beginWatch],
  Judge: [...STEP, deleteItems, putEvents, invokeHooks, readMetrics],
  Promote: [...STEP, queryItems, ...TOKENS, putEvents, invokeHooks, readAlarms],
  // Whoever gives a route free wakes the next in its queue.
  RollBack: [...ROLLOUT, ...TOKENS, invokeHooks],
  Finish: [...ROLLOUT, ...TOKENS, invokeHooks],
  // Every push is taken note of.
  ImagePushed: [queryItems, updateItems, startRollout, deadLetters],
  DeploymentChanged: [queryItems, startRollout, ...readDeployments, deadLetters],
  ScheduleFired: [readTable, ...TOKENS, startRollout, readImages, ...keepSchedules, deadLetters],
  AlarmRaised: [readTable, updateItems, ...TOKENS, failTask, deadLetters],
  Watch: [getItems, updateItems, ...TOKENS, failTask, readMetrics, endWatch],
  // Links in messages are signed with a key that is derived from the tokens'.
  Notify: [getItems, updateItems, readSecret('Webhooks'), readSecret('TokenKey'), publish, deadLetters],
  // What cannot be restored at once is left to an execution.
  ExecutionStopped: [...ROLLOUT, ...TOKENS, startRollout, invokeHooks, deadLetters],
  Removal: [...ROLLOUT, ...TOKENS, ...endExecutions, invokeHooks],
  RolloutsApi: [...ROLLOUT, ...TOKENS, startRollout, ...keepSchedules],
};

/** Which functions each state machine invokes. */
const STATE_MACHINES = {
  Provision: ['EnsureMesh', 'EnsureVirtualNode', 'EnsureVirtualRouter', 'EnsureRoute', 'EnsureVirtualService', 'EnsureVirtualGateway', 'EnsureGatewayRoute', 'AwaitActive', 'Review'],
  Canary: ['Plan', 'Queue', 'EnsureCanary', 'AwaitActive', 'ShiftTraffic', 'Bake', 'Judge', 'Promote', 'RollBack', 'Finish'],
};

/** Nobody else's service of the same name may take a role. */
const OF_THIS_ACCOUNT = { Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } };

const role = (service, statements, { more = {}, trust = {} } = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...trust }],
    },
    Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    ...more,
  },
});

/** What running in a VPC takes, where the functions do. */
const NETWORK = { ManagedPolicyArns: '${file(infra/network.yml):${param:network}.policies}' };

const camel = (name) => name[0].toLowerCase() + name.slice(1);

const ownLog = (name) =>
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], sub(`arn:aws:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/meshshift-${STAGE}-${camel(name)}:*`));

// X-Ray and the delivery of vended logs have no resources to name.
const writeTraces = { ...allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']), Resource: '*' };
const TRACE = { ...allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets']), Resource: '*' };
const DELIVER_LOGS = {
  ...allow(['logs:CreateLogDelivery', 'logs:GetLogDelivery', 'logs:UpdateLogDelivery', 'logs:DeleteLogDelivery', 'logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:DescribeResourcePolicies', 'logs:DescribeLogGroups']),
  Resource: '*',
};

const invoke = (names) => allow(['lambda:InvokeFunction'], ...names.map((name) => ({ 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] })));

const entries = [
  ...Object.entries(FUNCTIONS).map(([name, statements]) => [`${name}Role`, role('lambda.amazonaws.com', [ownLog(name), writeTraces, ...statements], { more: NETWORK })]),
  ['ScheduleRole', role('scheduler.amazonaws.com', [allow(['lambda:InvokeFunction'], SCHEDULE_FIRED, WATCH), deadLetters], { trust: OF_THIS_ACCOUNT })],
  ...Object.entries(STATE_MACHINES).map(([name, names]) => [`${name}StateMachineRole`, role('states.amazonaws.com', [invoke(names), TRACE, DELIVER_LOGS])]),
];

// The control plane: what its process does (the table, ends of bakes, instances of Cloud Map), and what starts it (image, secrets, log).
const CONTROL_PLANE_LOG = sub(`arn:aws:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/meshshift/${STAGE}/control-plane:*`);
const IMAGE = sub('arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/${param:controlPlaneImage}');
const controlPlaneEntries = [
  // Services of Cloud Map are named by virtual nodes, and finding their instances takes no resource.
  ['ControlPlaneTaskRole', role('ecs-tasks.amazonaws.com', [readTable, updateItems, deleteItems, checkItems, endTask, failTask, readMetrics, { ...allow(['servicediscovery:DiscoverInstances']), Resource: '*' }], { trust: OF_THIS_ACCOUNT })],
  [
    'ControlPlaneExecutionRole',
    role(
      'ecs-tasks.amazonaws.com',
      [
        // The token is for every registry of the account.
        { ...allow(['ecr:GetAuthorizationToken']), Resource: '*' },
        allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'], IMAGE),
        allow(['secretsmanager:GetSecretValue'], ...['TokenKey', 'MeshKey', 'ProxyKey', 'AccessKeys'].map((Ref) => ({ Ref }))),
        allow(['logs:CreateLogStream', 'logs:PutLogEvents'], CONTROL_PLANE_LOG),
      ],
      { trust: OF_THIS_ACCOUNT },
    ),
  ],
];

module.exports = { roles: { Resources: Object.fromEntries(entries) }, controlPlaneRoles: { Resources: Object.fromEntries(controlPlaneEntries) } };
