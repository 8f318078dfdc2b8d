'use strict';
// One role per function and per state machine, from one table: who may do what to which resource.
// No statement names a wildcard resource, but for X-Ray, the delivery of logs and the description of composite alarms, whose actions take no other.

const sub = (text) => ({ 'Fn::Sub': text });
const STAGE = '${sls:stage}';

const allow = (actions, ...resources) => ({ Effect: 'Allow', Action: actions, Resource: resources });

const TABLE = { 'Fn::GetAtt': ['Table', 'Arn'] };
const readTable = allow(['dynamodb:GetItem', 'dynamodb:Query'], TABLE);
const writeTable = allow(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem'], TABLE);
const putEvents = allow(['events:PutEvents'], sub('arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default'));
const CANARY = sub(`arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:meshshift-${STAGE}-canary`);
const EXECUTIONS = sub(`arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:execution:meshshift-${STAGE}-canary:*`);
const startRollout = allow(['states:StartExecution'], CANARY);
const endTask = allow(['states:SendTaskSuccess', 'states:SendTaskFailure'], CANARY);
const describeExecution = allow(['states:DescribeExecution'], EXECUTIONS);

// Hooks are the user's own functions, told by their names.
const HOOKS = 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:meshshift-hook-*';
const invokeHooks = allow(['lambda:InvokeFunction'], sub(HOOKS));

// Scoped to names, CloudWatch leaves composite alarms out.
const readAlarms = { ...allow(['cloudwatch:DescribeAlarms']), Resource: '*' };

// Mesh resources are the control plane's, which knows its callers by access keys of its own: no IAM action covers them.
const ROLLOUT = [readTable, writeTable, putEvents];

/** What each function may do beyond writing its own log. */
const FUNCTIONS = {
  EnsureMesh: [],
  EnsureVirtualNode: [],
  EnsureVirtualRouter: [],
  EnsureRoute: [readTable],
  EnsureVirtualService: [],
  EnsureVirtualGateway: [],
  EnsureGatewayRoute: [],
  AwaitActive: [],
  Review: [],
  Delete: [],
  // Plan ends or buries a rollout that holds the lock it needs.
  Plan: [...ROLLOUT, endTask, describeExecution, readAlarms],
  Queue: [...ROLLOUT, endTask],
  EnsureCanary: ROLLOUT,
  // The hook before the first step is asked here, the others by Judge.
  ShiftTraffic: [...ROLLOUT, invokeHooks, readAlarms],
  Bake: [...ROLLOUT, endTask, readAlarms],
  Judge: [...ROLLOUT, invokeHooks],
  Promote: [...ROLLOUT, invokeHooks, readAlarms],
  // Whoever gives a route free wakes the next in its queue.
  RollBack: [...ROLLOUT, endTask],
  Finish: [...ROLLOUT, endTask],
  ImagePushed: [readTable, startRollout],
  AlarmRaised: [...ROLLOUT, endTask],
  ExecutionStopped: [...ROLLOUT, endTask],
  RolloutsApi: [...ROLLOUT, startRollout, endTask],
};

/** Which functions each state machine invokes. */
const STATE_MACHINES = {
  Provision: ['EnsureMesh', 'EnsureVirtualNode', 'EnsureVirtualRouter', 'EnsureRoute', 'EnsureVirtualService', 'EnsureVirtualGateway', 'EnsureGatewayRoute', 'AwaitActive', 'Review'],
  Canary: ['Plan', 'Queue', 'EnsureCanary', 'AwaitActive', 'ShiftTraffic', 'Bake', 'Judge', 'Promote', 'RollBack', 'Finish'],
};

const role = (service, statements) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    },
    Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});

const camel = (name) => name[0].toLowerCase() + name.slice(1);

const ownLog = (name) =>
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], sub(`arn:aws:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/meshshift-${STAGE}-${camel(name)}:*`));

// X-Ray and the delivery of vended logs have no resources to name.
const TRACE = { ...allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets']), Resource: '*' };
const DELIVER_LOGS = {
  ...allow(['logs:CreateLogDelivery', 'logs:GetLogDelivery', 'logs:UpdateLogDelivery', 'logs:DeleteLogDelivery', 'logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:DescribeResourcePolicies', 'logs:DescribeLogGroups']),
  Resource: '*',
};

const invoke = (names) => allow(['lambda:InvokeFunction'], ...names.map((name) => ({ 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] })));

const entries = [
  ...Object.entries(FUNCTIONS).map(([name, statements]) => [`${name}Role`, role('lambda.amazonaws.com', [ownLog(name), ...statements])]),
  ...Object.entries(STATE_MACHINES).map(([name, names]) => [`${name}StateMachineRole`, role('states.amazonaws.com', [invoke(names), TRACE, DELIVER_LOGS])]),
];

module.exports = { roles: { Resources: Object.fromEntries(entries) } };
