'use strict';
// What tells how the stack does: a dashboard, and alarms on what a person must look at. docs/operations.md says what to do then.

const sub = (text) => ({ 'Fn::Sub': text });
const PREFIX = 'meshshift-${sls:stage}';
const CANARY = '${CanaryStateMachine}';

// As many as an alarm may sum up.
const STEPS = ['plan', 'queue', 'ensureCanary', 'awaitActive', 'shiftTraffic', 'bake', 'judge', 'promote', 'rollBack', 'finish'];
// Whose errors are not a state machine's to try again.
const ENTRANCES = ['imagePushed', 'deploymentChanged', 'scheduleFired', 'alarmRaised', 'notify', 'executionStopped', 'watch', 'rolloutsApi', 'removal'];

const metric = (Namespace, MetricName, dimensions, stat = 'Sum') => ({
  Metric: { Namespace, MetricName, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) },
  Period: 300,
  Stat: stat,
});
/** The sum of a metric over several things. */
const sumOf = (metrics) => ({
  Metrics: [...metrics.map((each, index) => ({ Id: `m${index}`, MetricStat: each, ReturnData: false })), { Id: 'sum', Expression: 'SUM(METRICS())', Label: 'sum', ReturnData: true }],
});
const ofFunctions = (name, functions) => sumOf(functions.map((each) => metric('AWS/Lambda', name, { FunctionName: `${PREFIX}-${each}` })));
const one = (namespace, name, dimensions, stat = 'Sum') => {
  const { Metric, Period, Stat } = metric(namespace, name, dimensions, stat);
  return { ...Metric, Period, Statistic: Stat };
};

/** Each: what it says, and of what one in five minutes is one too many. */
const ALARMS = {
  RollBackFailed: ['A roll-back failed: a route may not be as it was', one(PREFIX, 'RollBackFailed', {})],
  DeadLetters: ['What a trigger failed to do is in the dead-letter queue', one('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: { 'Fn::GetAtt': ['DeadLetterQueue', 'QueueName'] } }, 'Maximum')],
  FunctionsThrottled: ['Lambda throttles the steps of rollouts: they wait', ofFunctions('Throttles', STEPS)],
  ExecutionsThrottled: ['Step Functions throttles rollouts: they wait', one('AWS/States', 'ExecutionThrottled', { StateMachineArn: { Ref: 'CanaryStateMachine' } })],
  TableThrottled: ['DynamoDB throttles the table', sumOf(['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => metric('AWS/DynamoDB', name, { TableName: PREFIX })))],
  TriggersFail: ['A trigger or the rollouts API fails', ofFunctions('Errors', ENTRANCES)],
};

const alarm = (name, [description, watched], actions) => [
  `${name}Alarm`,
  {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${PREFIX}-${name}`,
      AlarmDescription: `${description}; see docs/operations.md`,
      ...watched,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      EvaluationPeriods: 1,
      // Nothing is told where nothing happens.
      TreatMissingData: 'notBreaching',
      ...(actions.length === 0 ? {} : { AlarmActions: actions, OKActions: actions }),
    },
  },
];

const region = '${AWS::Region}';
const chart = (title, metrics, more = {}) => ({ type: 'metric', width: 8, height: 6, properties: { title, region, view: 'timeSeries', stat: 'Sum', period: 300, metrics, ...more } });
const searched = (name, stat) => [[{ expression: `SEARCH('{AWS/Lambda,FunctionName} MetricName="${name}" "${PREFIX}-"', '${stat}', 300)`, id: name.toLowerCase(), label: '' }]];
const ofRollouts = (name, more) => ['AWS/States', name, 'StateMachineArn', CANARY, ...(more === undefined ? [] : [more])];

const BODY = {
  widgets: [
    chart('Rollouts', ['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsAborted', 'ExecutionsTimedOut'].map((name) => ofRollouts(name))),
    chart('Roll-backs that failed', [[PREFIX, 'RollBackFailed']]),
    chart('Dead letters', [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', '${DeadLetterQueue.QueueName}', { stat: 'Maximum' }]]),
    chart('Errors by function', searched('Errors', 'Sum')),
    chart('Throttles by function', searched('Throttles', 'Sum')),
    chart('Time by function, p99', searched('Duration', 'p99')),
    chart('Table', ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits', 'ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => ['AWS/DynamoDB', name, 'TableName', PREFIX])),
    chart('Rollouts API', ['Count', '4xx', '5xx'].map((name) => ['AWS/ApiGateway', name, 'ApiId', '${HttpApi}'])),
    chart('Throttled by Step Functions', [ofRollouts('ExecutionThrottled')]),
  ],
};

const base = {
  // `giveUp` in src/rollout/steps/roll-back.ts says so.
  RollBackFailedFilter: {
    Type: 'AWS::Logs::MetricFilter',
    DependsOn: 'FinishLogGroup',
    Properties: {
      LogGroupName: `/aws/lambda/${PREFIX}-finish`,
      FilterPattern: '{ $.message = "roll-back failed" }',
      MetricTransformations: [{ MetricNamespace: PREFIX, MetricName: 'RollBackFailed', MetricValue: '1' }],
    },
  },
  Dashboard: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardName: PREFIX, DashboardBody: sub(JSON.stringify(BODY)) } },
};

const withAlarms = (actions) => ({ Resources: { ...base, ...Object.fromEntries(Object.entries(ALARMS).map(([name, watched]) => alarm(name, watched, actions))) } });

module.exports = { shown: withAlarms([]), told: withAlarms(['${param:alarmTopic}']), none: { Resources: {} } };
