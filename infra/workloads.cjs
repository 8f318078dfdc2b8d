'use strict';
// What bringing versions up as services of ECS takes: nothing, unless the deploy names a cluster and the roles of its tasks.

const sub = (text) => ({ 'Fn::Sub': text });
const allow = (actions, ...resources) => ({ Effect: 'Allow', Action: actions, Resource: resources });

const SERVICES = sub('arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:service/${param:ecsCluster}/*');
// Families are the user's own.
const TASK_DEFINITIONS = sub('arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/*:*');
const ROLES = { 'Fn::Split': [',', '${param:ecsTaskRoles}'] };

// Without a namespace nobody's.
const NAMESPACE = sub('arn:aws:servicediscovery:${AWS::Region}:${AWS::AccountId}:namespace/${param:ecsNamespace}');
const REGISTRIES = sub('arn:aws:servicediscovery:${AWS::Region}:${AWS::AccountId}:service/*');
// Listing takes no resource.
const listRegistries = { ...allow(['servicediscovery:ListServices']), Resource: '*' };

const UP = [
  allow(['ecs:DescribeServices', 'ecs:CreateService', 'ecs:UpdateService', 'ecs:TagResource'], SERVICES),
  allow(['ecs:RegisterTaskDefinition', 'ecs:TagResource'], TASK_DEFINITIONS),
  // Describing one takes no resource.
  { ...allow(['ecs:DescribeTaskDefinition']), Resource: '*' },
  { ...allow(['iam:PassRole']), Resource: ROLES, Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } } },
  allow(['servicediscovery:GetNamespace', 'servicediscovery:CreateService'], NAMESPACE),
  allow(['servicediscovery:TagResource'], REGISTRIES),
  listRegistries,
];
const DOWN = [
  allow(['ecs:DescribeServices', 'ecs:DeleteService'], SERVICES),
  listRegistries,
  // Those that meshshift made.
  { ...allow(['servicediscovery:DeleteService'], REGISTRIES), Condition: { StringLike: { 'aws:ResourceTag/meshshift:virtual-node': '*' } } },
];

const policy = (name, statements, roles) => ({
  Type: 'AWS::IAM::Policy',
  Properties: { PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements }, Roles: roles.map((role) => ({ Ref: `${role}Role` })) },
});

module.exports = {
  none: { needs: 'none', resources: { Resources: {} } },
  ecs: {
    // What takes versions down must stay until the last rollout has ended.
    needs: { Ref: 'WorkloadsDownPolicy' },
    resources: {
      Resources: {
        WorkloadsUpPolicy: policy('workloads-up', UP, ['EnsureCanary']),
        WorkloadsDownPolicy: policy('workloads-down', DOWN, ['Plan', 'RollBack', 'Finish', 'ExecutionStopped', 'Removal']),
      },
    },
  },
};
